package web

import (
	"net/url"
	"strings"
	"testing"
)

func TestPathsOfThisSite(t *testing.T) {
	for s, want := range map[string]bool{
		"/": true, "/account": true, "/a/b/": true, "/a?b=c&d=%2F%2Fevil.example": true, "/a#part": true, "/a?x#y": true, "/%C3%A4": true, "/a:b": true,
		"": false, "a": false, "?a": false, "#a": false, "//evil.example": false, "/\\evil.example": false, "\\/evil.example": false,
		"/a//b": false, "/a/../b": false, "/..": false, "/./a": false, "/a/.": false, "/%2e%2e/b": false, "/%2F/evil.example": false, "/%5Cevil.example": false,
		"https://evil.example/": false, "javascript:x": false, "/a b": false, "/a\tb": false, "/a\nb": false, "/a\x00": false, "/\x7f": false, "/ä": false, "/%zz": false,
		"/" + strings.Repeat("a", 99): true, "/" + strings.Repeat("a", 100): false,
	} {
		if got := IsPath(s, 100); got != want {
			t.Errorf("IsPath(%q) = %v", s, got)
		}
	}
}

func FuzzIsPath(f *testing.F) {
	for _, s := range []string{"/account", "//x", "/\\x", "/a/../b", "/%2F%2Fx", "/a?b=c", "/:x", "/a#b"} {
		f.Add(s)
	}
	here, err := url.Parse("https://here.example/signin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !IsPath(s, 4096) {
			return
		}
		to, err := here.Parse(s)
		if err != nil || to.Host != here.Host || to.Scheme != here.Scheme || to.User != nil {
			t.Errorf("%q leads to %v, %v", s, to, err)
		}
		if got := to.RequestURI(); !strings.HasPrefix(s, got) {
			t.Errorf("%q is cleaned to %q", s, got)
		}
	})
}
