package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// No target of make test is fuzzed for a time, which a busy machine would make
// shorter or the whole part longer.
func TestShortFuzzingIsBoundByExecutions(t *testing.T) {
	for _, c := range []struct {
		last fuzzed
		want string
	}{
		{fuzzed{}, "-test.fuzztime=4000x"},
		{fuzzed{execs: 600_000, cpu: 10 * time.Minute}, "-test.fuzztime=1500x"},
		{fuzzed{execs: 600, cpu: 10 * time.Minute}, "-test.fuzztime=1000x"},
		{fuzzed{execs: 60_000_000, cpu: 10 * time.Minute}, "-test.fuzztime=50000x"},
	} {
		if got := (fuzzShare{execs: smokeExecutions(c.last)}).bounds(); got[0] != c.want {
			t.Errorf("%v: %q", c.last, got)
		}
	}
	if got := (fuzzShare{slice: 30 * time.Second}).bounds(); len(got) != 1 || got[0] != "-test.fuzztime=30s" {
		t.Errorf("%q", got)
	}
}

// What a part says must not depend on how busy the machine is: what it is stopped
// by is there against what hangs.
func TestNoPartOfATestRunHasAShortLimit(t *testing.T) {
	for _, p := range parts {
		if (containsWord(p.sets, "check") || containsWord(p.sets, "test")) && p.timeout != 0 && p.timeout < hangs {
			t.Errorf("%s ends after %s", p.name, p.timeout)
		}
	}
}

// What a run of fuzzing has had is read from the report again.
func TestFuzzingGoesOn(t *testing.T) {
	had := fuzzed{1234, 90 * time.Second, "0a1b2c3d4e5f"}
	tl := &tally{}
	tl.result("%s: %s", "protocol/jws FuzzVerify", had)
	tl.result("all targets: 0.03 hours of CPU time")
	file := filepath.Join(t.TempDir(), "r.md")
	r := &longReport{file: file}
	if err := r.write(line{part{name: "long-fuzz"}, tl, time.Minute}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := earlierFuzzing(string(text)); len(got) != 1 || got["protocol/jws FuzzVerify"] != had {
		t.Errorf("got %v", got)
	}
}

func TestSeedsAreKept(t *testing.T) {
	corpus, folder := t.TempDir(), filepath.Join(t.TempDir(), "testdata", "fuzz", "FuzzX")
	for i := range 100 {
		if err := os.WriteFile(filepath.Join(corpus, fmt.Sprintf("%03d", i)), make([]byte, i*60), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time there is nothing to do
		if err := keepSeeds(corpus, folder, 10); err != nil {
			t.Fatal(err)
		}
		kept, _ := filepath.Glob(filepath.Join(folder, "*"))
		if len(kept) != 10 || filepath.Base(kept[0]) != "000" || filepath.Base(kept[9]) > "068" {
			t.Errorf("kept %v", kept)
		}
	}
	if err := keepSeeds(corpus, filepath.Join(folder, "none"), 0); err != nil {
		t.Error(err)
	}
}
