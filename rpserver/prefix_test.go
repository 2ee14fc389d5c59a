package rpserver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// A stranger opens a page of a site that is mounted below a prefix, whose provider
// has no FedCM, and is back at that page signed in. The redirect used to end in a
// 404 where the prefix was said to one side alone.
func TestTheRedirectComesBackBelowAPrefix(t *testing.T) {
	f := newFlow(t, func(c *rpserver.Config) {
		c.Prefix = "/members/auth"
		c.Providers[0].ConfigURL = ""
	})
	mux := http.NewServeMux()
	mux.Handle("/members/auth/", http.StripPrefix("/members/auth", f.rp))
	mux.Handle("/orders", f.rp.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, _ := f.rp.User(r)
		_, _ = io.WriteString(w, "the orders of "+u.Name+" for "+r.URL.RawQuery)
	})))
	f.Config.Handler = mux
	b := f.browser(t)
	open := func() answer {
		r := b.request(http.MethodGet, "/orders?year=2026&open", "", "")
		r.Header.Set("Accept", asBrowsersDo)
		return b.do(r)
	}
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	page := open()
	to := page.header.Get("Location")
	if page.status != http.StatusSeeOther || !strings.HasPrefix(to, "/members/auth/signin/start?") {
		t.Fatalf("%d %q %s", page.status, to, page.body)
	}
	request := f.begin(b, to)
	if got := request.Get("redirect_uri"); got != f.URL+"/members/auth/signin/callback/lanternkey" {
		t.Errorf("redirect URI %q", got)
	}
	status, to, body := f.follow(b, f.consent(request, "continue"))
	if status != http.StatusSeeOther || to != "/orders?year=2026&open" {
		t.Fatalf("callback: %d %q %s", status, to, body)
	}
	if page = open(); page.body != "the orders of Grace Hopper for year=2026&open" {
		t.Errorf("%d %s", page.status, page.body)
	}
	if _, _, body := f.follow(b, "/signin/start"); !strings.Contains(body, "404") {
		t.Errorf("the root answers too: %s", body)
	}
}

// The prefix is said twice, to the handler and to the mux; whoever forgets the second
// is told.
func TestAForgottenStripPrefixSaysSo(t *testing.T) {
	s := newSite(t, func(c *rpserver.Config) { c.Prefix = "/account" })
	b := s.browser(t)
	if a := b.do(b.request(http.MethodGet, "/account/signin/start", "", "")); a.status != http.StatusNotFound || !strings.Contains(a.detail, "http.StripPrefix") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := b.do(b.request(http.MethodGet, "/accounts", "", "")); a.status != http.StatusNotFound || strings.Contains(a.detail, "http.StripPrefix") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
