package rpserver_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// A discovery document that is not the provider's own must not bring keys.
func TestKeysComeFromTheProvidersOwnDiscoveryAlone(t *testing.T) {
	var document string
	var keySets int
	status := http.StatusOK
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		if status == http.StatusFound {
			http.Redirect(w, r, "/elsewhere", status)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, document)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		keySets++
		if r.URL.Path == "/elsewhere" {
			_, _ = io.WriteString(w, document)
			return
		}
		b, err := jose.PublicSet(testKeys().es256)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(b)
	})
	provider := httptest.NewServer(mux)
	defer provider.Close()
	good := `{"issuer":"` + provider.URL + `","jwks_uri":"` + provider.URL + `/keys"}`
	for _, c := range []struct {
		name, document string
		status         int
		ok             bool
	}{
		{"its own", good, 200, true},
		{"of another issuer", `{"issuer":"https://evil.example","jwks_uri":"` + provider.URL + `/keys"}`, 200, false},
		{"of the issuer with a slash", strings.Replace(good, `","jwks`, `/","jwks`, 1), 200, false},
		{"without issuer", `{"jwks_uri":"` + provider.URL + `/keys"}`, 200, false},
		{"without keys", `{"issuer":"` + provider.URL + `"}`, 200, false},
		{"with two issuers", strings.Replace(good, "{", `{"issuer":"https://evil.example",`, 1), 200, false},
		{"with keys by http from elsewhere", `{"issuer":"` + provider.URL + `","jwks_uri":"http://evil.example/keys"}`, 200, false},
		{"with keys in a file", `{"issuer":"` + provider.URL + `","jwks_uri":"file:///etc/keys"}`, 200, false},
		{"too long", good + strings.Repeat(" ", 256<<10), 200, false},
		{"not found", good, 404, false},
		{"behind a redirect", good, 302, false},
		{"not JSON", "<html>", 200, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			document, status = c.document, c.status
			s := newSite(t, func(conf *rpserver.Config) {
				conf.Providers[0].Issuer = provider.URL
			})
			b := s.browser(t)
			token := sign(t, testKeys().es256, s.idp.claims(b.nonce(), s.clock.Now()).with(claims{"iss": provider.URL}))
			a := b.send(token)
			if c.ok && a.status != 200 || !c.ok && (a.status != 503 || a.code != "keys_unavailable") {
				t.Errorf("%d %s", a.status, a.body)
			}
			if after := a.header.Get("Retry-After"); !c.ok && after != "1" {
				t.Errorf("Retry-After %q: a provider that failed once is asked again after a second", after)
			}
			if told := strings.Contains(s.log.String(), "documents could not be had"); told == c.ok {
				t.Errorf("the log: %s", s.log.String())
			}
		})
	}
	if keySets != 1 {
		t.Errorf("%d key sets were fetched, want the one of the good document", keySets)
	}
}

// Keys at an address that the site names need no discovery, and may be on this
// machine, or at a private address that is named too.
func TestKeysWhereTheSiteSaysTheyAre(t *testing.T) {
	const issuer = "https://idp.example"
	keys := newIdP(t)
	mapped := "https://[::ffff:7f00:1]:" + keys.URL[strings.LastIndex(keys.URL, ":")+1:] // 127.0.0.1, but not by its name
	private := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	for name, c := range map[string]struct {
		at      string
		private []netip.Prefix
		status  int
		why     string
	}{
		"on this machine":                          {keys.URL, nil, 200, ""},
		"at an address within":                     {mapped, nil, 503, "not a public address"},
		"at one that is named (and speaks no TLS)": {mapped, private, 503, "HTTP response to HTTPS client"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(conf *rpserver.Config) {
				conf.Providers[0].Issuer, conf.Providers[0].JWKSURL = issuer, c.at+"/jwks.json"
				conf.PrivateAddresses = c.private
			})
			b := s.browser(t)
			a := b.send(sign(t, testKeys().es256, s.idp.claims(b.nonce(), s.clock.Now()).with(claims{"iss": issuer})))
			if a.status != c.status || !strings.Contains(s.log.String(), c.why) {
				t.Errorf("%d %s; the log: %s", a.status, a.body, s.log)
			}
		})
	}
}
