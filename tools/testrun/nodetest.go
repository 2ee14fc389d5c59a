package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// nodeEvent is one line of reporter.mjs.
type nodeEvent struct {
	Type    string // "pass", "fail", "message", or "file" at the end of each
	Name    string
	File    string
	Kind    string // "suite" or "test"
	Skip    bool
	Todo    bool
	Ms      float64
	Error   string
	Message string
}

// nodeTest runs Node's test runner over the files that the patterns match.
// parallel is how many files run at a time.
func nodeTest(ctx context.Context, t *tally, c command, parallel int, patterns ...string) {
	var files []string
	for _, p := range patterns {
		found, err := filepath.Glob(p)
		if err != nil {
			t.fail(p, err.Error())
			return
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.fail(strings.Join(patterns, " "), "no test file matches")
		return
	}
	reporter, err := filepath.Abs("tools/testrun/reporter.mjs")
	if err != nil {
		t.fail("node --test", err.Error())
		return
	}
	if _, err := os.Stat(reporter); err != nil {
		t.fail("node --test", err.Error())
		return
	}
	c.args = append([]string{"node", "--test", "--test-reporter=" + reporter, "--test-concurrency=" + strconv.Itoa(parallel)}, files...)
	before := t.failed
	errs, err := c.stream(ctx, func(in io.Reader) { readNode(in, t) })
	if err != nil && t.failed == before {
		t.fail(c.String(), fmt.Sprintf("%s%v", errs, err))
	}
}

func readNode(in io.Reader, t *tally) {
	lines := bufio.NewReaderSize(in, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e nodeEvent
			if json.Unmarshal(line, &e) == nil {
				nodeCount(e, t)
			} else {
				t.progress("%s", strings.TrimRight(string(line), "\n"))
			}
		}
		if err != nil {
			return
		}
	}
}

func nodeCount(e nodeEvent, t *tally) {
	name := e.Name
	if e.File != "" {
		name = filepath.Base(e.File) + ": " + name
	}
	switch {
	case e.Type == "message":
		for line := range strings.Lines(e.Message) {
			if value, ok := strings.CutPrefix(line, "result: "); ok {
				t.result("%s", strings.TrimSpace(value))
			}
		}
		t.progress("%s", strings.TrimRight(e.Message, "\n"))
	case e.Type == "file":
		t.progress("all of %-86s %6.1f s", filepath.Base(e.File), e.Ms/1000)
	case e.Type == "pass" && (e.Skip || e.Todo):
		t.fail(name, "This test skipped itself. A test that cannot run counts as failed.")
	case e.Type == "pass" && e.Kind == "test":
		t.pass(1)
		t.progress("ok %-90s %6.1f s", name, e.Ms/1000)
	case e.Type == "fail":
		t.fail(name, e.Error)
	}
}
