package idpserver_test

import (
	"net/url"
	"strings"
	"testing"
)

func FuzzAuthorize(f *testing.F) {
	v, _ := codeRequest(f)
	f.Add(v.Encode())
	f.Add("client_id=shop&redirect_uri=" + url.QueryEscape(shopRedirect))
	f.Add("client_id=shop&client_id=wiki&redirect_uri=%00")
	p := newIdP(f)
	p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	f.Fuzz(func(t *testing.T, query string) {
		if _, err := url.ParseRequestURI("/authorize?" + query); err != nil || strings.ContainsAny(query, " #") || len(query) > 1<<16 {
			return
		}
		for _, c := range []byte(query) {
			if c < ' ' || c > '~' {
				return
			}
		}
		res := b.get("/authorize?" + query)
		to := res.Header.Get("Location")
		registered := false
		for _, c := range clients {
			for _, u := range c.RedirectURIs {
				registered = registered || strings.HasPrefix(to, u+"?") || strings.HasPrefix(to, u+"&")
			}
		}
		if to != "" && !registered && !strings.HasPrefix(to, "/signin?") {
			t.Fatalf("an open redirector: %q leads to %q", query, to)
		}
		if res.StatusCode >= 500 {
			t.Fatalf("status %d", res.StatusCode)
		}
	})
}
