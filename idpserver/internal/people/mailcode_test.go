package people

import (
	"testing"
)

func TestCodesForgiveHowTheyAreTyped(t *testing.T) {
	for in, want := range map[string]string{
		"ABCD-2345": "ABCD2345", "abcd2345": "ABCD2345", " abcd 2345 ": "ABCD2345", "a-b-c-d-2-3-4-5": "ABCD2345",
		"ABCD-234": "", "ABCD-23456": "", "ABCD-2340": "", "ABCD-234é": "", "": "",
	} {
		if got, ok := readCode(in); got != want || ok != (want != "") {
			t.Errorf("readCode(%q) = %q, %v", in, got, ok)
		}
	}
	seen := map[string]bool{}
	for range 100 {
		c := newCode()
		if got, ok := readCode(c); !ok || got != c || seen[c] {
			t.Fatalf("newCode() = %q", c)
		}
		seen[c] = true
	}
}
