package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// A tally counts the tests of one part and keeps what failed.
type tally struct {
	passed, failed int
	failures       []failure
	notes          []string // said at the end as well, so that they are not overlooked
	results        []string // measured values, kept by make long
	mayBeEmpty     bool     // set by a part that says in a note why it ran nothing
	out            io.Writer
}

type failure struct{ name, output string }

func (t *tally) pass(n int) { t.passed += n }

// fail counts one failed test and prints its output at once, in full.
func (t *tally) fail(name, output string) {
	t.failed++
	t.failures = append(t.failures, failure{name, output})
	fmt.Fprintf(t.out, "--- FAIL %s\n", name)
	if output = strings.TrimRight(output, "\n"); output != "" {
		fmt.Fprintln(t.out, output)
	}
}

// note says something that is neither a pass nor a failure.
func (t *tally) note(format string, args ...any) {
	n := fmt.Sprintf(format, args...)
	t.notes = append(t.notes, n)
	fmt.Fprintln(t.out, "    !! "+n)
}

func (t *tally) progress(format string, args ...any) {
	fmt.Fprintf(t.out, "    "+format+"\n", args...)
}

// result keeps a measured value for the report of make long.
func (t *tally) result(format string, args ...any) {
	t.results = append(t.results, fmt.Sprintf(format, args...))
}

// A line is one part after it ran.
type line struct {
	p    part
	t    *tally
	took time.Duration
}

// runParts runs the parts one after the other, calls ended after each, prints the
// summary and reports whether all passed. The summary's last line is "N passed, N
// failed".
func runParts(ctx context.Context, out io.Writer, chosen []part, ended func(line)) (good bool) {
	started := time.Now()
	var lines []line
	for _, p := range chosen {
		fmt.Fprintf(out, "=== %s: %s\n", p.name, p.about)
		t := &tally{out: out}
		begin := time.Now()
		runPart(ctx, p, t)
		took := time.Since(begin)
		fmt.Fprintf(out, "=== %s: %d passed, %d failed in %s\n\n", p.name, t.passed, t.failed, minutes(took))
		lines = append(lines, line{p, t, took})
		ended(lines[len(lines)-1])
	}

	passed, failed := 0, 0
	fmt.Fprintf(out, "%-12s %8s %8s %10s\n", "part", "passed", "failed", "minutes")
	for _, l := range lines {
		fmt.Fprintf(out, "%-12s %8d %8d %10.1f\n", l.p.name, l.t.passed, l.t.failed, l.took.Minutes())
		passed += l.t.passed
		failed += l.t.failed
	}
	fmt.Fprintf(out, "%-12s %8s %8s %10.1f\n", "all", "", "", time.Since(started).Minutes())
	for _, l := range lines {
		for _, n := range l.t.notes {
			fmt.Fprintf(out, "!! %s: %s\n", l.p.name, n)
		}
	}
	for _, l := range lines {
		for _, f := range l.t.failures {
			fmt.Fprintf(out, "FAILED %s: %s\n", l.p.name, f.name)
		}
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", passed, failed)
	return failed == 0 && passed > 0
}

func runPart(ctx context.Context, p part, t *tally) {
	if ctx.Err() != nil {
		t.fail(p.name, "not run: interrupted")
		return
	}
	limit := p.timeout
	if limit == 0 {
		limit = 15 * time.Minute
	}
	partCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	p.run(partCtx, t)
	if partCtx.Err() == context.DeadlineExceeded {
		t.fail(p.name, fmt.Sprintf("stopped: the part took longer than %s", limit))
	}
	if t.passed+t.failed == 0 && !t.mayBeEmpty {
		t.fail(p.name, "ran no test")
	}
}

func minutes(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f min", d.Minutes())
}
