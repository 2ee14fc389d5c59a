package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

const longResults = "docs/long-results.md"

// A longReport is docs/long-results.md: what each part of make long found when
// it last ran, and of which commit on which machine. Parts can run on their own,
// so that each has its own commit; those that do not run keep what they said.
type longReport struct {
	file            string
	commit, machine string
	began           time.Time
}

func newLongReport(ctx context.Context, file string) *longReport {
	r := &longReport{file: file, began: time.Now().UTC(), machine: fmt.Sprintf("%s/%s, %d cores, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())}
	out, _, err := command{args: []string{"git", "rev-parse", "HEAD"}}.output(ctx)
	r.commit = strings.TrimSpace(out)
	if err != nil {
		r.commit = "unknown"
	}
	// The report itself is what the parts before this one changed.
	if out, _, err := (command{args: []string{"git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!" + file}}).output(ctx); err == nil && strings.TrimSpace(out) != "" {
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

const longHead = "# Results of make long\n\nWritten by `make long`; do not edit.\n"

// write puts the section of a part that ran into the file, in the place of the
// one that it had.
func (r *longReport) write(l line) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n%s.\n\n", l.p.name, l.p.about)
	fmt.Fprintf(&b, "- %d passed, %d failed in %s\n", l.t.passed, l.t.failed, minutes(l.took))
	fmt.Fprintf(&b, "- commit: %s\n- begun: %s\n- machine: %s\n", r.commit, r.began.Format("2006-01-02 15:04 MST"), r.machine)
	for _, v := range l.t.results {
		fmt.Fprintf(&b, "- %s\n", v)
	}
	for _, f := range l.t.failures {
		fmt.Fprintf(&b, "- failed: %s", f.name)
		if f.output != "" && len(f.output) <= 80 && !strings.Contains(f.output, "\n") {
			fmt.Fprintf(&b, ": %s", f.output)
		}
		b.WriteString("\n")
	}

	text, err := os.ReadFile(r.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the last report: %w", err)
	}
	sections := strings.Split(string(text), "\n## ")[1:]
	at := slices.IndexFunc(sections, func(s string) bool { return strings.HasPrefix(s, l.p.name+"\n") })
	if at < 0 {
		at, sections = len(sections), append(sections, "")
	}
	sections[at] = b.String()
	all := longHead
	for _, s := range sections {
		all += "\n## " + strings.TrimRight(s, "\n") + "\n"
	}
	if err := os.WriteFile(r.file, []byte(all), 0o644); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
