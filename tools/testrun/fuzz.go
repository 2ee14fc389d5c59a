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

// fuzzAll runs every target for an equal share of the budget, at least least
// and at most most. The corpus that it finds stays in .tools/fuzz.
func fuzzAll(ctx context.Context, t *tally, budget, least, most time.Duration) {
	targets := fuzzTargets(ctx, t)
	count := 0
	var packages []string
	for p, names := range targets {
		count += len(names)
		packages = append(packages, p)
	}
	if count == 0 {
		return
	}
	sort.Strings(packages)
	share := min(max(budget/time.Duration(count), least), most).Round(100 * time.Millisecond)
	t.progress("%d targets, %s each", count, share)

	work, err := os.MkdirTemp("", "bonafides-fuzz-")
	if err != nil {
		t.fail("fuzz", err.Error())
		return
	}
	defer os.RemoveAll(work)
	cache, _ := filepath.Abs(".tools/fuzz")
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
			run := command{dir: strings.TrimSpace(dir), args: []string{bin, "-test.run=^$", "-test.fuzz=^" + name + "$",
				"-test.fuzztime=" + share.String(), "-test.fuzzcachedir=" + filepath.Join(cache, pkg)}}
			out, errs, err := run.output(ctx)
			if err != nil && strings.Contains(out+errs, "context deadline exceeded") && !strings.Contains(out+errs, "Failing input") {
				// The fuzzer sometimes calls its own end a failure: ask once more.
				out, errs, err = run.output(ctx)
			}
			label := strings.TrimPrefix(pkg, "github.com/bonafides-dev/bonafides/") + " " + name
			runs := executions.FindAllStringSubmatch(out+errs, -1)
			switch {
			case err != nil:
				t.fail(label, out+errs+err.Error())
			case len(runs) == 0 || runs[len(runs)-1][1] == "0":
				t.fail(label, out+errs+"the target was never executed")
			default:
				t.pass(1)
				t.result("%s: %s executions in %s", label, runs[len(runs)-1][1], share)
				t.progress("%-60s %9s executions", label, runs[len(runs)-1][1])
			}
		}
	}
}
