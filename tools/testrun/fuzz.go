package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// fuzzTargets lists every fuzz target of the module, by package, and counts them.
// It reads the tests' text: go test -list would link a program of every package.
func fuzzTargets(ctx context.Context, t *tally) (found map[string][]string, count int) {
	found = map[string][]string{}
	const files = `{{$p := .}}{{range .TestGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}`
	out, errs, err := command{args: []string{"go", "list", "-f", files, "./..."}}.output(ctx)
	if err != nil {
		t.fail("listing the fuzz targets", errs+err.Error())
		return found, 0
	}
	for line := range strings.Lines(out) {
		pkg, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		if file == "" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.fail("listing the fuzz targets", err.Error())
		}
		for _, m := range fuzzTarget.FindAllSubmatch(text, -1) {
			found[pkg] = append(found[pkg], string(m[1]))
			count++
		}
	}
	return found, count
}

var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)

var executions = regexp.MustCompile(`execs: ([0-9]+)`)

// isReader tells the packages that read what anybody may have sent.
func isReader(pkg string) bool {
	return strings.HasPrefix(pkg, "github.com/bonafides-dev/bonafides/protocol/")
}

// A fuzzShare says how long a target is fuzzed: for a number of executions, or in
// slices of wall time, one at least, until it has had its CPU time. What it has
// had before counts.
type fuzzShare struct {
	execs      int
	slice, cpu time.Duration
	had        fuzzed
	seeds      int // inputs of the corpus that are kept with the package's tests
}

// bounds are the fuzzer's flags. An input that reached something new is made
// smaller in as many executions as are counted, not for a minute.
func (s fuzzShare) bounds() []string {
	if s.execs > 0 {
		return []string{fmt.Sprintf("-test.fuzztime=%dx", s.execs), "-test.fuzzminimizetime=100x"}
	}
	return []string{"-test.fuzztime=" + s.slice.String()}
}

// fuzzed is what a target has had so far, of its package as it stands in source.
type fuzzed struct {
	execs  int
	cpu    time.Duration
	source string // hash of the package's code and of what it imports of ours
}

// String is a line of the report; earlierFuzzing reads it again.
func (f fuzzed) String() string {
	return fmt.Sprintf("%d executions in %.2f minutes of CPU time, source %s", f.execs, f.cpu.Minutes(), f.source)
}

var fuzzedLine = regexp.MustCompile(`(?m)^- (\S+ Fuzz\S+): (\d+) executions in ([0-9.]+) minutes of CPU time, source (\w+)$`)

// earlierFuzzing reads what the report says of earlier runs, by label: hours of
// fuzzing need not be one stretch.
func earlierFuzzing(report string) map[string]fuzzed {
	found := map[string]fuzzed{}
	for _, m := range fuzzedLine.FindAllStringSubmatch(report, -1) {
		execs, _ := strconv.Atoi(m[2])
		minutes, _ := strconv.ParseFloat(m[3], 64)
		found[m[1]] = fuzzed{execs, time.Duration(minutes * float64(time.Minute)), m[4]}
	}
	return found
}

// sourceOf hashes the package's code and all of ours that it imports.
func sourceOf(ctx context.Context, pkg string) (string, error) {
	const files = `{{if .Module}}{{if .Module.Main}}{{range .GoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}`
	out, errs, err := command{args: []string{"go", "list", "-deps", "-f", files, pkg}}.output(ctx)
	if err != nil {
		return "", fmt.Errorf("go list -deps %s: %w\n%s", pkg, err, errs)
	}
	h := sha256.New()
	for _, file := range strings.Fields(out) {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", filepath.Base(file), len(text), text)
	}
	return fmt.Sprintf("%.6x", h.Sum(nil)), nil
}

// fuzzAll runs every target for its share. The corpus that it finds stays in
// .tools/fuzz. Where the context ends before all is done, what was done is a
// result, and the part has failed.
func fuzzAll(ctx context.Context, t *tally, targets map[string][]string, share func(pkg, label, source string) fuzzShare) {
	var packages []string
	for p := range targets {
		packages = append(packages, p)
	}
	sort.Slice(packages, func(i, j int) bool { // the readers first
		if a, b := isReader(packages[i]), isReader(packages[j]); a != b {
			return a
		}
		return packages[i] < packages[j]
	})
	work, err := os.MkdirTemp("", "bonafides-fuzz-")
	if err != nil {
		t.fail("fuzz", err.Error())
		return
	}
	defer os.RemoveAll(work)
	cache, _ := filepath.Abs(".tools/fuzz")
	var all time.Duration
	left := 0
	for i, pkg := range packages {
		// Interrupted or not: what was done before is said again.
		source, err := sourceOf(context.WithoutCancel(ctx), pkg)
		if err != nil {
			t.fail(pkg, err.Error())
			continue
		}
		// One instrumented binary for all targets of the package.
		bin := filepath.Join(work, fmt.Sprint("p", i))
		dir, broken := "", ""
		if ctx.Err() == nil {
			dir, broken = buildFuzz(ctx, pkg, bin)
		}
		for _, name := range targets[pkg] {
			label := strings.TrimPrefix(pkg, "github.com/bonafides-dev/bonafides/") + " " + name
			f := fuzzer{fuzzShare: share(pkg, label, source)}
			f.had.source = source
			f.run = command{dir: dir, cpu: &f.had.cpu, args: append([]string{bin, "-test.run=^$", "-test.fuzz=^" + name + "$",
				"-test.timeout=0", "-test.fuzzcachedir=" + filepath.Join(cache, pkg)}, f.bounds()...)}
			said, err := broken, error(nil)
			if broken == "" {
				said, err = f.fuzz(ctx)
			}
			all += f.had.cpu
			if f.had.execs > 0 {
				t.result("%s: %s", label, f.had)
			}
			switch {
			case ctx.Err() != nil:
				left++
			case err != nil:
				t.fail(label, said+err.Error())
			case f.had.execs == 0:
				t.fail(label, said+"the target was never executed")
			default:
				t.pass(1)
				t.progress("%-60s %9d executions", label, f.had.execs)
				if err := keepSeeds(filepath.Join(cache, pkg, name), filepath.Join(dir, "testdata", "fuzz", name), f.seeds); err != nil {
					t.fail(label, err.Error())
				}
			}
		}
	}
	t.result("all targets: %.2f hours of CPU time", all.Hours())
	if left > 0 {
		t.fail("fuzz", fmt.Sprintf("interrupted, %d targets left; the next run goes on from here", left))
	}
}

// longestSeed bounds the inputs that are kept, in bytes.
const longestSeed = 4 << 10

// keepSeeds copies inputs from the corpus that was found to the folder that go
// test reads, until n stand there: each of them reached code that no other had
// reached. They are taken evenly from the shortest to the longest.
func keepSeeds(corpus, folder string, n int) error {
	there, _ := filepath.Glob(filepath.Join(folder, "*"))
	found, _ := filepath.Glob(filepath.Join(corpus, "*"))
	if n -= len(there); n <= 0 || len(found) == 0 {
		return nil
	}
	texts := map[string][]byte{}
	var names []string
	for _, path := range found {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if len(text) <= longestSeed {
			texts[path], names = text, append(names, path)
		}
	}
	sort.Slice(names, func(i, j int) bool {
		if a, b := len(texts[names[i]]), len(texts[names[j]]); a != b {
			return a < b
		}
		return names[i] < names[j]
	})
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	n = min(n, len(names))
	for i := range n {
		from := names[i*len(names)/n]
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(from)), texts[from], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// counted is what go test -fuzz gives the compiler, for our packages alone: the
// fuzzer looks for new ways through our code, is not slowed down by counting those
// through others', and no database is compiled once more.
const counted = "-gcflags=github.com/bonafides-dev/bonafides/...=-d=libfuzzer"

// buildFuzz returns the package's folder, or what is wrong.
func buildFuzz(ctx context.Context, pkg, bin string) (dir, broken string) {
	build := command{args: []string{"go", "test", "-c", counted, "-o", bin, pkg}}
	if out, errs, err := build.output(ctx); err != nil {
		return "", out + errs + err.Error() + "\n"
	}
	dir, errs, err := command{args: []string{"go", "list", "-f", "{{.Dir}}", pkg}}.output(ctx)
	if err != nil {
		return "", errs + err.Error() + "\n"
	}
	return strings.TrimSpace(dir), ""
}

// A fuzzer is one target at work.
type fuzzer struct {
	fuzzShare
	run command
}

// fuzz returns what the last slice printed.
func (f *fuzzer) fuzz(ctx context.Context) (said string, err error) {
	for ctx.Err() == nil && (f.had.execs == 0 || f.had.cpu < f.cpu) {
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
		if f.had.execs += n; n == 0 {
			return said, nil
		}
	}
	return said, nil
}
