package rpserver_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/rpserver"
)

const asBrowsersDo = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

// A stranger who opens a page gets one, a script gets what it can read, and both
// get 403.
func TestAStrangerIsAskedToSignIn(t *testing.T) {
	s := newSite(t, func(c *rpserver.Config) {
		c.Prefix = "/auth"
		second, third := c.Providers[0], newIdP(t).provider()
		second.ConfigURL, second.Name = "", "second"
		c.Providers = append(c.Providers, second, third)
	})
	closed := s.rp.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "orders") }))
	mux := http.NewServeMux()
	mux.Handle("/auth/", http.StripPrefix("/auth", s.rp))
	mux.Handle("/members/", http.StripPrefix("/members", closed))
	s.Config.Handler = mux
	b := s.browser(t)
	ask := func(method, path, accept string) answer {
		r := b.request(method, path, "", "")
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		return b.do(r)
	}
	for accept, page := range map[string]bool{
		asBrowsersDo: true, "text/html": true, "application/json, TEXT/HTML;q=0.5": true, "text/html;level=1": true,
		"": false, "*/*": false, "application/json": false, "text/html;q=0": false, "text/html; q=0.000, */*": false, "text/*": false, "text/htmlx": false, ";": false,
	} {
		a := ask("GET", "/members/orders", accept)
		if page != strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || page == (a.code == "sign_in_required") || a.status != 403 ||
			!slices.Equal(a.header.Values("Vary"), []string{"Cookie", "Accept"}) || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%q: %d %v %s", accept, a.status, a.header, a.body)
		}
	}
	links := func(a answer) (out []url.Values) {
		t.Helper()
		for _, m := range regexp.MustCompile(`href="([^"]*)">Sign in with`).FindAllStringSubmatch(a.body, -1) {
			u, err := url.Parse(html.UnescapeString(m[1]))
			if err != nil || u.Path != "/auth/signin/start" || u.Host != "" {
				t.Errorf("%q %v", m[1], err)
				continue
			}
			out = append(out, u.Query())
		}
		return out
	}
	for _, c := range []struct{ method, path, back string }{
		{"GET", "/members/orders?a=%22%3E&b", "/members/orders?a=%22%3E&b"},
		{"POST", "/members/orders", "/"},
		{"GET", "/members/" + strings.Repeat("x", 2000), "/"},
	} {
		got := links(ask(c.method, c.path, asBrowsersDo))
		if len(got) != 3 || got[1].Get("provider") != "second" || got[0].Get("return") != c.back {
			t.Errorf("%s %s: %v", c.method, c.path, got)
		}
	}
	page := ask("GET", "/members/orders", asBrowsersDo)
	if strings.Contains(page.body, "<script") || !strings.Contains(page.header.Get("Content-Security-Policy"), "default-src 'none'") || page.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v %s", page.header, page.body)
	}
	if !strings.Contains(page.body, "(second)") || strings.Count(page.body, " (") != 2 {
		t.Errorf("which of two at one host is it? %s", page.body)
	}
}

func TestAnApplicationDrawsItsOwnSignInPage(t *testing.T) {
	s := newSite(t, func(c *rpserver.Config) {
		c.SignInPage = func(w http.ResponseWriter, r *http.Request, ways []rpserver.Way) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, r.URL.Path+" "+ways[0].Provider+" "+ways[0].Host+" "+ways[0].Href)
		}
	})
	s.Config.Handler = s.rp.RequireUser(http.NotFoundHandler())
	b := s.browser(t)
	r := b.request("GET", "/orders", "", "")
	r.Header.Set("Accept", asBrowsersDo)
	host := strings.TrimPrefix(s.idp.URL, "http://")
	name := strings.NewReplacer(".", "-", ":", "-").Replace(host)
	want := "/orders " + name + " " + host + " /signin/start?provider=" + name + "&return=%2Forders"
	if a := b.do(r); a.status != http.StatusUnauthorized || a.body != want {
		t.Errorf("%d %q, want %q", a.status, a.body, want)
	}
}
