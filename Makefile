# make setup      install what the tests need (Debian, as root; elsewhere it says what is missing)
# make check      the fast tests: about two minutes. Needs Go alone; the scripts' tests run where Node is
# make test       all tests
# make long       what takes hours: soaks, long fuzzing, full-size runs; writes docs/long-results.md
# make bench      the measurements
# make generate   write the generated files anew
# make dist       build the browser's and the Worker's files anew; prints sizes, hashes and script tags
# make worker     build the Worker and try its deployment without an account
#
# PART=name[,name] runs only these parts of check, test or long; PART=list prints their names.

export PATH := $(CURDIR)/.tools/node/bin:$(CURDIR)/.tools/bin:$(PATH)
export WRANGLER_SEND_METRICS := false
export WRANGLER_SEND_ERROR_REPORTS := false
export DO_NOT_TRACK := 1
export XDG_CONFIG_HOME := $(CURDIR)/.tools/config
PART ?=

.PHONY: test setup check long bench generate worker dist

test: setup
	@testrun -set test -part '$(PART)'

setup:
	@bash tools/setup.sh

check:
	@bash tools/setup.sh check
	@testrun -set check -part '$(PART)'

long: setup
	@testrun -set long -part '$(PART)'

bench: setup
	@testrun -set bench -part '$(PART)'

generate: setup
	@testrun -set generate

worker: setup
	@testrun -set worker

dist: setup
	@node wasm/build.mjs
	@node worker/build.mjs
