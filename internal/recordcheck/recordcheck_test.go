package recordcheck

import (
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/refusal"
)

// The package must stay small enough for a module without network or clock.
func TestImportsStayPure(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "recordcheck.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	const own = "github.com/bonafides-dev/bonafides/"
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if !slices.Contains([]string{"slices", "strings", own + "internal/refusal", own + "protocol/jws", own + "protocol/origin", own + "protocol/pst"}, path) {
			t.Errorf("it imports %s", path)
		}
	}
}

func TestOriginOf(t *testing.T) {
	for url, want := range map[string]string{
		"https://news.example/a?b#c":     "https://news.example",
		"HTTPS://News.Example":           "https://news.example",
		"https://news.example:443/":      "https://news.example",
		"http://news.example:80?x":       "http://news.example",
		"http://news.example:443/":       "http://news.example:443",
		"https://[2001:DB8::1]:8443/a":   "https://[2001:db8::1]:8443",
		"https://news.example@evil.test": "", "https://a:b@evil.test/": "", `https://news.example\@evil.test/`: "",
		"https://": "", "https:///a": "", "news.example": "", "": "", "ftp://news.example/": "", "https://news.example:0443/": "",
		"https://n%65ws.example/": "", "https://news.example:/": "", "javascript://news.example/": "", "https://né.example/": "",
	} {
		got, ok := originOf(url)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, %v; want %q", url, got, ok, want)
		}
	}
}

func TestRefusalsAreSentences(t *testing.T) {
	for _, r := range []*refusal.Refusal{NoRecord, HeaderDuplicate, HeaderTooLarge, IssuerUnknown, KeysUnavailable, OriginUnknown, OriginMismatch} {
		if r.Code == "" || !strings.HasSuffix(r.Detail, ".") {
			t.Errorf("%+v", r)
		}
	}
}
