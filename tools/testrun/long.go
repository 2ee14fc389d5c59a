package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// A longReport is docs/long-results.md: what make long found, and of which
// commit on which machine.
type longReport struct {
	commit, machine string
	began           time.Time
}

func newLongReport(ctx context.Context) *longReport {
	r := &longReport{began: time.Now().UTC(), machine: fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())}
	out, _, err := command{args: []string{"git", "rev-parse", "HEAD"}}.output(ctx)
	r.commit = strings.TrimSpace(out)
	if err != nil {
		r.commit = "unknown"
	}
	if out, _, err := (command{args: []string{"git", "status", "--porcelain", "--untracked-files=no"}}).output(ctx); err == nil && strings.TrimSpace(out) != "" {
		r.commit += ", with changes that were not committed"
	}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for _, l := range strings.Split(string(info), "\n") {
			if name, value, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(name) == "model name" {
				r.machine += ", " + strings.TrimSpace(value)
				break
			}
		}
	}
	return r
}

func (r *longReport) write(file string, lines []line) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Results of make long\n\nWritten by `make long`; do not edit.\n\n")
	fmt.Fprintf(&b, "- commit: %s\n- begun: %s\n- machine: %s\n\n", r.commit, r.began.Format("2006-01-02 15:04 MST"), r.machine)
	b.WriteString("| part | passed | failed | minutes |\n|---|---:|---:|---:|\n")
	for _, l := range lines {
		fmt.Fprintf(&b, "| %s | %d | %d | %.1f |\n", l.p.name, l.t.passed, l.t.failed, l.took.Minutes())
	}
	for _, l := range lines {
		fmt.Fprintf(&b, "\n## %s\n\n", l.p.name)
		for _, v := range l.t.results {
			fmt.Fprintf(&b, "- %s\n", v)
		}
		for _, f := range l.t.failures {
			fmt.Fprintf(&b, "- failed: %s\n", f.name)
		}
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
