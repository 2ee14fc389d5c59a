// Command testrun runs the project's tests in parts and counts what they said.
//
// It reads the machine-readable reports of go test and of Node's test runner,
// prints what failed in full, and ends with the line "N passed, N failed". A
// part that ran no test has failed; so has a test that skipped itself: what
// cannot run must say so, not look green.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A part is one group of tests with a name that can be asked for alone.
type part struct {
	name    string
	about   string
	sets    string // the sets that hold it, separated by spaces
	timeout time.Duration
	beside  bool // it runs while the parts after it wait for servers and browsers
	run     func(ctx context.Context, t *tally)
}

func main() {
	set := flag.String("set", "test", "which set of parts: check, test, long, bench, generate, worker")
	only := flag.String("part", "", "names of parts, separated by commas; \"list\" prints them")
	flag.Parse()

	if err := toRoot(); err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(2)
	}
	chosen, err := choose(parts, *set, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(2)
	}
	if *only == "list" {
		for _, p := range chosen {
			fmt.Printf("%-12s %s\n", p.name, p.about)
		}
		return
	}
	// wrangler, which tests start again and again, is parsed once.
	if cache, err := filepath.Abs(".tools/node-cache"); err == nil && os.Getenv("NODE_COMPILE_CACHE") == "" {
		os.Setenv("NODE_COMPILE_CACHE", cache)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ended := func(line) {}
	if *set == "long" {
		// The commit is read before hours pass, and each part is written down as it ends.
		report := newLongReport(ctx, longResults)
		ended = func(l line) {
			if err := report.write(l); err != nil {
				l.t.fail(report.file, err.Error())
			}
		}
	}
	good := runParts(ctx, os.Stdout, chosen, ended)
	if !good {
		os.Exit(1)
	}
}

// choose picks the parts of a set, or those named.
func choose(all []part, set, only string) ([]part, error) {
	var in []part
	for _, p := range all {
		if containsWord(p.sets, set) {
			in = append(in, p)
		}
	}
	if len(in) == 0 {
		return nil, fmt.Errorf("no set is called %q", set)
	}
	if only == "" || only == "list" {
		return in, nil
	}
	var picked []part
	for _, name := range strings.Split(only, ",") {
		found := false
		for _, p := range in {
			if p.name == name {
				picked, found = append(picked, p), true
			}
		}
		if !found {
			return nil, fmt.Errorf("set %s has no part %q; PART=list prints their names", set, name)
		}
	}
	return picked, nil
}

func containsWord(words, word string) bool {
	for _, w := range strings.Fields(words) {
		if w == word {
			return true
		}
	}
	return false
}

// toRoot changes to the module's root, found from the working directory upwards.
func toRoot() error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	for {
		mod, err := os.ReadFile(dir + "/go.mod")
		if err == nil && strings.HasPrefix(string(mod), "module github.com/bonafides-dev/bonafides\n") {
			return os.Chdir(dir)
		}
		up := dir[:max(strings.LastIndexByte(dir, '/'), 0)]
		if up == "" {
			return fmt.Errorf("run this inside the project")
		}
		dir = up
	}
}
