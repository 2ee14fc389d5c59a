package rpserver_test

import (
	"io"
	"net/http"
	"net/http/httptest"
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
		{"too long", good + strings.Repeat(" ", 70<<10), 200, false},
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
			if told := strings.Contains(s.log.String(), "discovery of the provider failed"); told == c.ok {
				t.Errorf("the log: %s", s.log.String())
			}
		})
	}
	if keySets != 1 {
		t.Errorf("%d key sets were fetched, want the one of the good document", keySets)
	}
}
