package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// fuzzTargets lists every fuzz target of the module, by package.
func fuzzTargets(ctx context.Context, t *tally) map[string][]string {
	found := map[string][]string{}
	c := command{args: []string{"go", "test", "-list", "^Fuzz", "-json", "./..."}}
	errs, err := c.stream(ctx, func(in io.Reader) {
		dec := json.NewDecoder(in)
		for {
			var e goEvent
			if dec.Decode(&e) != nil {
				return
			}
			name := strings.TrimSpace(e.Output)
			if e.Action == "output" && strings.HasPrefix(name, "Fuzz") && !strings.ContainsAny(name, " \t") {
				found[e.Package] = append(found[e.Package], name)
			}
		}
	})
	if err != nil {
		t.fail("listing the fuzz targets", errs+err.Error())
	}
	return found
}

var executions = regexp.MustCompile(`execs: ([0-9]+)`)

// A fuzzShare says how long a target is fuzzed: in slices of wall time, one at
// least, until it has had its CPU time.
type fuzzShare struct{ slice, cpu time.Duration }

// fuzzAll runs every target for the share that its package gets once all targets
// are known. The corpus that it finds stays in .tools/fuzz.
func fuzzAll(ctx context.Context, t *tally, shares func(targets map[string][]string) func(pkg string) fuzzShare) {
	targets := fuzzTargets(ctx, t)
	var packages []string
	for p := range targets {
		packages = append(packages, p)
	}
	if len(packages) == 0 {
		return
	}
	sort.Strings(packages)
	share := shares(targets)

	work, err := os.MkdirTemp("", "bonafides-fuzz-")
	if err != nil {
		t.fail("fuzz", err.Error())
		return
	}
	defer os.RemoveAll(work)
	cache, _ := filepath.Abs(".tools/fuzz")
	var all time.Duration
	for i, pkg := range packages {
		// One instrumented binary for all targets of the package.
		bin := filepath.Join(work, fmt.Sprint("p", i))
		build := command{args: []string{"go", "test", "-c", "-fuzz=.", "-o", bin, pkg}}
		if out, errs, err := build.output(ctx); err != nil {
			t.fail(pkg, out+errs+err.Error())
			continue
		}
		dir, _, err := command{args: []string{"go", "list", "-f", "{{.Dir}}", pkg}}.output(ctx)
		if err != nil {
			t.fail(pkg, err.Error())
			continue
		}
		for _, name := range targets[pkg] {
			f := fuzzer{share: share(pkg)}
			f.run = command{dir: strings.TrimSpace(dir), cpu: &f.cpu, args: []string{bin, "-test.run=^$", "-test.fuzz=^" + name + "$",
				"-test.fuzztime=" + f.share.slice.String(), "-test.fuzzcachedir=" + filepath.Join(cache, pkg)}}
			label := strings.TrimPrefix(pkg, "github.com/bonafides-dev/bonafides/") + " " + name
			said, err := f.fuzz(ctx)
			all += f.cpu
			switch {
			case err != nil:
				t.fail(label, said+err.Error())
			case f.execs == 0:
				t.fail(label, said+"the target was never executed")
			default:
				t.pass(1)
				t.result("%s: %d executions in %.1f minutes of CPU time", label, f.execs, f.cpu.Minutes())
				t.progress("%-60s %9d executions", label, f.execs)
			}
		}
	}
	t.result("all targets: %.2f hours of CPU time", all.Hours())
}

// A fuzzer is one target at work.
type fuzzer struct {
	share fuzzShare
	run   command
	cpu   time.Duration // used so far
	execs int
}

// fuzz returns what the last slice printed.
func (f *fuzzer) fuzz(ctx context.Context) (said string, err error) {
	for f.execs == 0 || f.cpu < f.share.cpu {
		out, errs, err := f.run.output(ctx)
		if err != nil && strings.Contains(out+errs, "context deadline exceeded") && !strings.Contains(out+errs, "Failing input") {
			// The fuzzer sometimes calls its own end a failure: ask once more.
			out, errs, err = f.run.output(ctx)
		}
		said = out + errs
		runs := executions.FindAllStringSubmatch(said, -1)
		if err != nil || len(runs) == 0 {
			return said, err
		}
		n, _ := strconv.Atoi(runs[len(runs)-1][1])
		if f.execs += n; n == 0 {
			return said, nil
		}
	}
	return said, nil
}
