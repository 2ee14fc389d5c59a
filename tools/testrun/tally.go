package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
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

// gist is the first line of what a failed test said: who sees only the end of a
// long output should not have to guess.
func (f failure) gist() string {
	line, _, _ := strings.Cut(strings.TrimSpace(f.output), "\n")
	if len(line) > 200 {
		line = strings.ToValidUTF8(line[:200], "") + " ..."
	}
	if line != "" {
		line = ": " + line
	}
	return line
}

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

// runParts runs the parts in their order, calls ended after each, prints the
// summary and reports whether all passed. Those that only compute run one after
// the other beside the rest, and what they print comes when each has ended. The
// summary's last line is "N passed, N failed".
func runParts(ctx context.Context, out io.Writer, chosen []part, ended func(line)) (good bool) {
	started := time.Now()
	out = &shared{out: out}
	lines := make([]line, len(chosen))
	var last, one sync.Mutex // one call of ended, one part that computes
	runOne := func(i int, out io.Writer) {
		p := chosen[i]
		fmt.Fprintf(out, "=== %s: %s\n", p.name, p.about)
		t := &tally{out: out}
		begin := time.Now()
		runPart(ctx, p, t)
		took := time.Since(begin)
		fmt.Fprintf(out, "=== %s: %d passed, %d failed in %s\n\n", p.name, t.passed, t.failed, minutes(took))
		lines[i] = line{p, t, took}
		last.Lock()
		defer last.Unlock()
		ended(lines[i])
	}
	var wait sync.WaitGroup
	var computing []int
	for i, p := range chosen {
		if p.beside && slices.ContainsFunc(chosen[i+1:], func(p part) bool { return !p.beside }) {
			computing = append(computing, i)
			continue
		}
		if len(computing) > 0 {
			now := computing
			computing = nil
			wait.Go(func() {
				one.Lock()
				defer one.Unlock()
				for _, i := range now {
					fmt.Fprintf(out, "=== %s: begins beside the others\n", chosen[i].name)
					var all bytes.Buffer
					runOne(i, &all)
					out.Write(all.Bytes())
				}
			})
		}
		runOne(i, out)
	}
	wait.Wait()

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
			fmt.Fprintf(out, "FAILED %s: %s%s\n", l.p.name, f.name, f.gist())
		}
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", passed, failed)
	return failed == 0 && passed > 0
}

// shared is written to by several; what one writes at a time stays together.
type shared struct {
	mu  sync.Mutex
	out io.Writer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

// hangs is when a part that says no other time is taken to hang. It is far more
// than any part needs on a machine that has much else to do, since how busy that
// is must not decide what a part says.
const hangs = 4 * time.Hour

func runPart(ctx context.Context, p part, t *tally) {
	if ctx.Err() != nil {
		t.fail(p.name, "not run: interrupted")
		return
	}
	limit := p.timeout
	if limit == 0 {
		limit = hangs
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
