package rpserver_test

import (
	"strings"
	"testing"
)

func TestTheModuleIsServedForOurPagesAndRevalidated(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser(t)
	a := b.do(b.request("GET", "/signin.js", "", ""))
	tag := a.header.Get("ETag")
	if a.status != 200 || tag == "" || a.header.Get("Cache-Control") != "no-cache" ||
		a.header.Get("X-Content-Type-Options") != "nosniff" ||
		a.header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
		t.Errorf("%d %v", a.status, a.header)
	}
	for _, want := range []string{"export async function signIn", "export async function signOut", "import.meta.url"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the module has no %q", want)
		}
	}
	r := b.request("GET", "/signin.js", "", "")
	r.Header.Set("If-None-Match", tag)
	if again := b.do(r); again.status != 304 || again.body != "" {
		t.Errorf("unchanged: %d", again.status)
	}
	if head := b.do(b.request("HEAD", "/signin.js", "", "")); head.status != 200 || head.body != "" {
		t.Errorf("HEAD: %d", head.status)
	}
}
