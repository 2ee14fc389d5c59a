package web

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestALineOfALogIsBounded(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "/account": "/account", strings.Repeat("a", 128): strings.Repeat("a", 128),
		strings.Repeat("a", 129):             strings.Repeat("a", 128) + "...",
		strings.Repeat("a", 127) + "\u00e9x": strings.Repeat("a", 127) + "...",
	} {
		if got := ForLog(in); got != want || !utf8.ValidString(got) {
			t.Errorf("ForLog of %d bytes = %q", len(in), got)
		}
	}
}
