package rpserver_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// Two junk requests a second kept a provider's token endpoint busy, and people were
// told that the provider had refused them. They are told what is so, after one more
// try where the provider names a time that is soon.
func TestABusyProviderIsSaidToBeBusy(t *testing.T) {
	mux := http.NewServeMux()
	provider := httptest.NewServer(mux)
	defer provider.Close()
	after, asked := "", 0
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"issuer":"`+provider.URL+`","authorization_endpoint":"`+provider.URL+`/a","token_endpoint":"`+provider.URL+`/t"}`)
	})
	mux.HandleFunc("/t", func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Retry-After", after)
		w.WriteHeader(http.StatusTooManyRequests)
	})
	f := &flow{t: t, issuer: provider.URL}
	f.site = newSite(t, func(cfg *rpserver.Config) {
		cfg.Providers = []rpserver.Provider{{ConfigURL: provider.URL + "/c", Issuer: provider.URL, ClientID: clientID, Name: "p"}}
	})
	for _, c := range []struct {
		after, told string
		asked       int
	}{{"0", "5", 2}, {"3600", "3600", 1}} {
		after, asked = c.after, 0
		b := f.browser(t)
		_, to, _ := f.follow(b, "/signin/start")
		u, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		a := b.do(b.request(http.MethodGet, "/signin/callback/p?code=x&state="+url.QueryEscape(u.Query().Get("state")), "", ""))
		if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `data-code="provider_busy"`) ||
			!strings.Contains(a.body, "provider is busy") || a.header.Get("Retry-After") != c.told || asked != c.asked {
			t.Errorf("asked %d times: %d %v %s", asked, a.status, a.header, a.body)
		}
	}
}
