package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
)

// goEvent is one line of `go test -json`; see `go doc test2json`.
type goEvent struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

// goReport gathers the events of one run of go test.
type goReport struct {
	t      *tally
	tests  map[string]map[string]string // package -> test -> last action
	output map[string]*strings.Builder  // "package test" -> what it printed
	builds map[string]*strings.Builder  // import path -> compiler's output
	done   map[string]bool              // packages that reported an end
}

func newGoReport(t *tally) *goReport {
	return &goReport{
		t:      t,
		tests:  map[string]map[string]string{},
		output: map[string]*strings.Builder{},
		builds: map[string]*strings.Builder{},
		done:   map[string]bool{},
	}
}

// goTest runs `go test -json` with the arguments given and counts its tests.
// A test with subtests counts as its subtests.
func goTest(ctx context.Context, t *tally, c command, args ...string) {
	// go test ends a package after ten minutes, busy machine or not: a part's own
	// limit is there against what hangs. Whoever names another one comes later.
	c.args = append([]string{"go", "test", "-json", "-timeout=0"}, args...)
	r := newGoReport(t)
	before := t.failed
	errs, err := c.stream(ctx, r.read)
	r.finish()
	if err != nil && t.failed == before {
		t.fail(c.String(), fmt.Sprintf("%s%v", errs, err))
	} else if err != nil && strings.TrimSpace(errs) != "" {
		t.progress("go test said: %s", strings.TrimSpace(errs))
	}
}

func (r *goReport) read(in io.Reader) {
	lines := bufio.NewReaderSize(in, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e goEvent
			if json.Unmarshal(line, &e) == nil {
				r.event(e)
			} else {
				r.t.progress("%s", strings.TrimRight(string(line), "\n"))
			}
		}
		if err != nil {
			return
		}
	}
}

func collect(m map[string]*strings.Builder, key, text string) {
	b := m[key]
	if b == nil {
		b = new(strings.Builder)
		m[key] = b
	}
	b.WriteString(text)
}

func (r *goReport) event(e goEvent) {
	switch e.Action {
	case "build-output":
		collect(r.builds, e.ImportPath, e.Output)
	case "output":
		if _, value, ok := strings.Cut(e.Output, "result: "); ok {
			r.t.result("%s: %s", e.Test, strings.TrimSpace(value))
		}
		collect(r.output, e.Package+" "+e.Test, e.Output)
	case "run", "pass", "fail", "skip":
		if e.Test == "" {
			r.packageEnd(e)
			return
		}
		if r.tests[e.Package] == nil {
			r.tests[e.Package] = map[string]string{}
		}
		r.tests[e.Package][e.Test] = e.Action
	}
}

// packageEnd counts the package's tests. A skip of a whole package is one
// without test files.
func (r *goReport) packageEnd(e goEvent) {
	r.done[e.Package] = true
	tests := r.tests[e.Package]
	names := make([]string, 0, len(tests))
	for name := range tests {
		names = append(names, name)
	}
	sort.Strings(names)
	failedBefore, passed := r.t.failed, 0
	for i, name := range names {
		// Names are sorted, but "A/b" need not follow "A" at once: "A-c" sorts before it.
		parent := false
		for _, other := range names[i+1:] {
			if !strings.HasPrefix(other, name) {
				break
			}
			parent = parent || strings.HasPrefix(other, name+"/")
		}
		text := ""
		if b := r.output[e.Package+" "+name]; b != nil {
			text = b.String()
		}
		switch action := tests[name]; {
		case action == "pass" && !parent:
			passed++
		case action == "pass":
		case action == "fail" && parent && r.childFailed(tests, name):
			// The child that failed is counted; what the parent printed may say why.
			r.t.progress("%s %s printed:\n%s", e.Package, name, text)
		case action == "skip":
			r.t.fail(e.Package+" "+name, text+"This test skipped itself. A test that cannot run counts as failed.")
		case action == "run":
			r.t.fail(e.Package+" "+name, text+"This test did not end.")
		default:
			r.t.fail(e.Package+" "+name, text)
		}
	}
	r.t.pass(passed)
	if e.Action == "fail" && r.t.failed == failedBefore {
		text := ""
		if b := r.builds[e.FailedBuild]; b != nil && e.FailedBuild != "" {
			text = b.String()
		}
		if b := r.output[e.Package+" "]; b != nil {
			text += b.String()
		}
		r.t.fail(e.Package, text)
	}
	if len(names) > 0 {
		r.t.progress("%-60s %5d passed %6.1f s", strings.TrimPrefix(e.Package, "github.com/bonafides-dev/bonafides/"), passed, e.Elapsed)
	}
}

func (r *goReport) childFailed(tests map[string]string, name string) bool {
	for other, action := range tests {
		if strings.HasPrefix(other, name+"/") && action != "pass" {
			return true
		}
	}
	return false
}

// finish counts packages that began and never ended.
func (r *goReport) finish() {
	for pkg := range r.tests {
		if !r.done[pkg] {
			r.t.fail(pkg, "the package's tests did not end")
		}
	}
}
