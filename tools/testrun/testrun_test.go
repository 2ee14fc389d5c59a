package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestGoReport(t *testing.T) {
	for _, c := range []struct {
		name           string
		events         string
		passed, failed int
		shows          string
	}{
		{"leaves are counted, parents are not", `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA/x"}
{"Action":"run","Package":"p","Test":"TestA-b"}
{"Action":"pass","Package":"p","Test":"TestA-b"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`, 2, 0, ""},
		{"a failure is shown with what it printed", `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`, 0, 1, "got 1, want 2"},
		{"a failing subtest counts once", `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"fail","Package":"p","Test":"TestA/x"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`, 0, 1, "TestA/x"},
		{"a skip is a failure", `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`, 0, 1, "skipped itself"},
		{"a test that never ended is a failure", `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"panic: boom\n"}
{"Action":"fail","Package":"p"}`, 0, 1, "panic: boom"},
		{"a build failure is a failure", `
{"Action":"build-output","ImportPath":"p [p.test]","Output":"undefined: x\n"}
{"Action":"build-fail","ImportPath":"p [p.test]"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`, 0, 1, "undefined: x"},
		{"a package without tests is neither", `{"Action":"skip","Package":"p"}`, 0, 0, ""},
		{"a package that stops reporting is a failure", `{"Action":"run","Package":"p","Test":"TestA"}`, 0, 1, "did not end"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			tally := &tally{out: &out}
			r := newGoReport(tally)
			r.read(strings.NewReader(c.events))
			r.finish()
			if tally.passed != c.passed || tally.failed != c.failed || !strings.Contains(out.String(), c.shows) {
				t.Errorf("%d passed, %d failed, want %d, %d; %q in:\n%s", tally.passed, tally.failed, c.passed, c.failed, c.shows, &out)
			}
		})
	}
}

// TestNodeReport runs Node's own test runner over a small file.
func TestNodeReport(t *testing.T) {
	reporter, err := filepath.Abs("reporter.mjs")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "a.test.mjs")
	err = os.WriteFile(file, []byte(`
import test from 'node:test';
test('good', () => {});
test('bad', () => { throw new Error('boom here'); });
test('left out', { skip: true }, () => {});
test('parent', async (t) => { await t.test('child one', () => {}); await t.test('child two', () => { throw new Error('second boom'); }); });
`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	tally := &tally{out: &out}
	cmd := exec.Command("node", "--test", "--test-reporter="+reporter, file)
	cmd.Env = withoutNodeTest(os.Environ())
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	readNode(pipe, tally)
	io.Copy(io.Discard, pipe)
	if cmd.Wait() == nil {
		t.Error("node ended well in spite of failing tests")
	}
	if tally.passed != 2 || tally.failed != 3 {
		t.Errorf("%d passed, %d failed, want 2 and 3:\n%s", tally.passed, tally.failed, &out)
	}
	for _, s := range []string{"boom here", "second boom", "left out"} {
		if !strings.Contains(out.String(), s) {
			t.Errorf("the report lacks %q:\n%s", s, &out)
		}
	}
}

func withoutNodeTest(env []string) []string {
	var kept []string
	for _, v := range env {
		if !strings.HasPrefix(v, "NODE_") {
			kept = append(kept, v)
		}
	}
	return kept
}

func TestRunParts(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(context.Context, *tally)
		good bool
		last string
	}{
		{"all pass", func(_ context.Context, t *tally) { t.pass(3) }, true, "3 passed, 0 failed"},
		{"one fails", func(_ context.Context, t *tally) { t.pass(3); t.fail("x", "why") }, false, "3 passed, 1 failed"},
		{"no test ran", func(context.Context, *tally) {}, false, "0 passed, 1 failed"},
		{"nothing but a note", func(_ context.Context, t *tally) { t.mayBeEmpty = true; t.note("not run") }, false, "0 passed, 0 failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			ended := 0
			good := runParts(context.Background(), &out, []part{{name: "p", run: c.run}}, func(line) { ended++ })
			if ended != 1 {
				t.Errorf("told of %d parts", ended)
			}
			lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
			if good != c.good || lines[len(lines)-1] != c.last {
				t.Errorf("good %v, last line %q; want %v, %q", good, lines[len(lines)-1], c.good, c.last)
			}
		})
	}
}

func TestPartsThatComputeRunBesideThoseThatWait(t *testing.T) {
	computed := make(chan bool)
	say := func(words string) func(context.Context, *tally) {
		return func(_ context.Context, t *tally) { t.pass(1); t.progress("%s", words) }
	}
	var out bytes.Buffer
	good := runParts(t.Context(), &out, []part{
		{name: "first", run: say("1")},
		{name: "one", beside: true, run: say("2")},
		{name: "two", beside: true, run: func(_ context.Context, t *tally) { t.progress("a"); <-computed; t.progress("b"); t.fail("x", "why") }},
		{name: "waits", run: func(_ context.Context, t *tally) { t.pass(1); computed <- true }},
		{name: "last", run: say("3")},
	}, func(line) {})
	if text := out.String(); good || !strings.HasSuffix(text, "FAILED two: x: why\n4 passed, 1 failed\n") || !strings.Contains(text, "    a\n    b\n--- FAIL x\nwhy\n=== two: 0 passed, 1 failed") ||
		!regexp.MustCompile(`(?s)\nfirst .*\none .*\ntwo .*\nwaits .*\nlast `).MatchString(text) {
		t.Errorf("good %v\n%s", good, text)
	}
	// Alone they have nobody to be beside.
	if !runParts(t.Context(), &out, []part{{name: "one", beside: true, run: say("2")}}, func(line) {}) {
		t.Error("a part alone failed")
	}
}

func TestChoose(t *testing.T) {
	all := []part{{name: "a", sets: "check test"}, {name: "b", sets: "test"}}
	if got, err := choose(all, "test", "b,a"); err != nil || len(got) != 2 || got[0].name != "b" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := choose(all, "check", "b"); err == nil {
		t.Error("b is not in check")
	}
	if _, err := choose(all, "nosuch", ""); err == nil {
		t.Error("an unknown set was accepted")
	}
}

// Parts that run on their own replace their own section and keep the others.
func TestReportOfLongParts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.md")
	write := func(commit, name string, tl *tally) {
		t.Helper()
		r := &longReport{file: file, commit: commit, machine: "two cores", began: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)}
		if err := r.write(line{part{name: name, about: "about " + name}, tl, 90 * time.Minute}); err != nil {
			t.Fatal(err)
		}
	}
	bad := &tally{passed: 2, failed: 1, failures: []failure{{"bad", "why"}}}
	bad.result("FuzzX: 12 executions")
	write("abc123", "long-fuzz", bad)
	write("abc123", "long-tests", &tally{passed: 7})
	write("def456", "long-fuzz", &tally{passed: 3})
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for s, times := range map[string]int{
		"# Results of make long\n": 1, "\n## long-fuzz\n": 1, "\n## long-tests\n": 1, "about long-fuzz.": 1,
		"3 passed, 0 failed in 90.0 min": 1, "7 passed, 0 failed": 1, "commit: def456": 1, "commit: abc123": 1,
		"two cores": 2, "FuzzX": 0, "failed: bad": 0,
	} {
		if n := strings.Count(string(got), s); n != times {
			t.Errorf("%q stands %d times in the report, not %d:\n%s", s, n, times, got)
		}
	}
	write("abc123", "long-fuzz", bad)
	got, _ = os.ReadFile(file)
	if !strings.Contains(string(got), "- FuzzX: 12 executions") || !strings.Contains(string(got), "- failed: bad: why\n") {
		t.Errorf("results or failures are missing:\n%s", got)
	}
}

// A report says whether what ran was the commit; that the report itself has
// changed, because other parts ran before, is nothing.
func TestReportNamesTheCommit(t *testing.T) {
	t.Chdir(t.TempDir())
	git := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@localhost"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	write := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git("init", "-q")
	write("report.md", "old")
	write("code.go", "old")
	git("add", "-A")
	git("commit", "-q", "-m", "all")
	commit := git("rev-parse", "HEAD")
	write("report.md", "new")
	if got := newLongReport(t.Context(), "report.md").commit; got != commit {
		t.Errorf("commit %q, want %q", got, commit)
	}
	write("code.go", "new")
	if got := newLongReport(t.Context(), "report.md").commit; got != commit+", with changes that were not committed" {
		t.Errorf("commit %q", got)
	}
}
