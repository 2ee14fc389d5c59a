package idpserver

import (
	"strings"
	"testing"
)

func FuzzSafeNext(f *testing.F) {
	for _, s := range []string{"/account", "//x", "/\\x", "/a/../b", "/%2F%2Fx", "/a?b=c", "/:x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := safeNext(s); got != "" && (got != s || got[0] != '/' || len(got) > 1 && (got[1] == '/' || got[1] == '\\')) {
			t.Errorf("safeNext(%q) = %q", s, got)
		}
	})
}

func TestNamesAreOneVisibleLine(t *testing.T) {
	for in, want := range map[string]bool{
		"Ada": true, "  Ada Lovelace ": true, "Нина": true, "أحمد": true, strings.Repeat("ä", 100): true,
		strings.Repeat("ä", 101): false, "": false, "   ": false, "A\nB": false, "A\x00": false,
		"A\u202eB": false, "A\u2066B": false, "A\u2028B": false, "A\u0085B": false,
	} {
		if _, ok := readText(in, maxName); ok != want {
			t.Errorf("readText(%q) = %v", in, ok)
		}
	}
}
