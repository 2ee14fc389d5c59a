package rpserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// A provider without FedCM is asked by redirect alone, and does not stand in the
// way of one that has it.
func TestAProviderWithoutFedCM(t *testing.T) {
	var plain rpserver.Provider
	s := newSite(t, func(c *rpserver.Config) {
		other := newIdP(t)
		plain = rpserver.Provider{Issuer: other.URL, ClientID: "plain-client", Name: "plain"}
		c.Providers = []rpserver.Provider{plain, c.Providers[0]}
	})
	if got := strings.Join(s.rp.ConnectSrc(), " "); got != s.idp.URL {
		t.Errorf("connect-src: %q", got)
	}
	b := s.browser(t)
	a := b.do(b.request("POST", "/signin/nonce", "", ""))
	if want := `{"name":"plain","clientId":"plain-client","start":"signin/start?provider=plain"}`; !strings.Contains(a.body, want) {
		t.Errorf("the page is told %s", a.body)
	}
	// A browser that knows one provider at a time does not say which it was.
	for _, extra := range []string{"", `,"config_url":""`, `,"config_url":null`} {
		if a := b.do(b.request("POST", "/signin/fedcm", "application/json", `{"token":"`+b.token(b.nonce())+`"`+extra+`}`)); a.status != 200 {
			t.Errorf("%q: %d %s", extra, a.status, a.body)
		}
	}
	// An issuer's name is no config file.
	body := url.Values{"token": {b.token(b.nonce())}, "config_url": {plain.Issuer}}.Encode()
	if a := b.do(b.request("POST", "/signin/fedcm", "application/x-www-form-urlencoded", body)); a.code != "provider_unknown" {
		t.Errorf("%d %s", a.status, a.body)
	}

	alone := newSite(t, func(c *rpserver.Config) { c.Providers[0].ConfigURL = "" })
	if got := alone.rp.ConnectSrc(); len(got) != 0 {
		t.Errorf("connect-src: %q", got)
	}
	b = alone.browser(t)
	token := b.token(b.nonce())
	for _, body := range []string{`{"token":"` + token + `"}`, `{"token":"` + token + `","config_url":"` + alone.idp.URL + `/fedcm.json"}`} {
		if a := b.do(b.request("POST", "/signin/fedcm", "application/json", body)); a.status != http.StatusBadRequest || a.code != "provider_without_fedcm" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if who := b.whoami(); who != "nobody" {
		t.Errorf("signed in: %s", who)
	}
}

// The hosted domain "*" takes any organisation, and no account of one's own.
func TestAnyHostedDomain(t *testing.T) {
	s := newSite(t, func(c *rpserver.Config) { c.Providers[0].HostedDomain = "*" })
	for hd, code := range map[string]string{"": "hd_mismatch", "a.example": "", "b.example": ""} {
		b := s.browser(t)
		c := s.idp.claims(b.nonce(), s.clock.Now())
		if hd != "" {
			c = c.with(claims{"hd": hd})
		}
		if a := b.send(sign(t, testKeys().es256, c)); a.code != code {
			t.Errorf("%q: %d %s", hd, a.status, a.body)
		}
	}
}
