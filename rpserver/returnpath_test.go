package rpserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// A state is a part of two URLs: it stays short, whatever it goes on to.
func TestALongPathWaitsInACookie(t *testing.T) {
	f := newFlow(t)
	path := func(n int, c string) string { return "/search?q=" + strings.Repeat(c, n-len("/search?q=")) }
	start := func(b *browser, to string) url.Values {
		t.Helper()
		q := f.begin(b, "/signin/start?return="+url.QueryEscape(to))
		if n := len(q.Get("state")); n > 512 {
			t.Errorf("a state of %d characters", n)
		}
		return q
	}
	arrives := func(b *browser, request url.Values, want string) {
		t.Helper()
		status, to, body := f.follow(b, f.consent(request, "continue"))
		if status != http.StatusSeeOther || to != want {
			t.Errorf("%d, at %.40q, want %.40q %s", status, to, want, body)
		}
	}
	for n, cookie := range map[int]bool{11: false, 301: false, 302: true, 1024: true} {
		b := f.browser(t)
		request := start(b, path(n, "a"))
		if got := b.cookie("rp-return") != ""; got != cookie {
			t.Errorf("%d bytes: a cookie: %v", n, got)
		}
		arrives(b, request, path(n, "a"))
		if b.cookie("rp-return") != "" {
			t.Errorf("%d bytes: the cookie stayed", n)
		}
	}

	b := f.browser(t)
	first, second := start(b, path(400, "a")), start(b, path(400, "b"))
	arrives(b, first, "/") // the second one took the cookie, and keeps it
	arrives(b, second, path(400, "b"))

	// Who can change the cookie cannot choose where the sign-in ends.
	for _, planted := range []string{"", "x", "L2V2aWw", "Ly9ldmlsLmV4YW1wbGU", "a%"} {
		b := f.browser(t)
		request := start(b, path(400, "a"))
		u, err := url.Parse(f.URL)
		if err != nil {
			t.Fatal(err)
		}
		b.client.Jar.SetCookies(u, []*http.Cookie{{Name: f.named("rp-return"), Value: planted, Path: "/"}})
		arrives(b, request, "/")
	}
	f.noSecrets(t, strings.Repeat("a", 300), strings.Repeat("b", 300))
}
