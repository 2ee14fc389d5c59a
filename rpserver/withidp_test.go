package rpserver_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/idpmem"
)

// The kit's own provider and relying party, over HTTP, with what a browser's
// FedCM sends between them: from the sign-in at the provider to the session, for
// both algorithms that the provider signs with.
func TestWithTheKitsOwnProvider(t *testing.T) {
	for _, alg := range []jws.Algorithm{jws.RS256, jws.ES256} {
		t.Run(string(alg), func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			issuer := "http://" + l.Addr().String()
			s := newSite(t, func(c *rpserver.Config) {
				c.Providers = []rpserver.Provider{{
					ConfigURL: issuer + "/fedcm/config.json", Issuer: issuer, ClientID: clientID,
					Algorithms: []jws.Algorithm{alg},
				}}
			})
			provider := newProviderServer(t, l, issuer, s, alg)
			ctx := context.Background()
			const email, password = "grace@example.test", "a long enough password"
			account, err := provider.CreateAccount(ctx, idpserver.NewAccount{
				Email: email, Name: "Grace Hopper", GivenName: "Grace", Password: password, EmailVerified: true,
			})
			if err != nil {
				t.Fatal(err)
			}

			cookies := map[string]*http.Cookie{}
			send := func(path string, form url.Values, header map[string]string) (int, string) {
				t.Helper()
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, issuer+path, strings.NewReader(form.Encode()))
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				for k, v := range header {
					r.Header.Set(k, v)
				}
				for _, c := range cookies {
					r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
				}
				res, err := http.DefaultTransport.RoundTrip(r) // redirects are not followed
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				for _, c := range res.Cookies() {
					cookies[c.Name] = c
				}
				b, err := io.ReadAll(res.Body)
				if err != nil {
					t.Fatal(err)
				}
				return res.StatusCode, string(b)
			}
			if status, b := send("/signin", url.Values{"email": {email}, "password": {password}},
				map[string]string{"Origin": issuer, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "document"}); status != http.StatusSeeOther {
				t.Fatalf("sign-in at the provider: %d %s", status, b)
			}
			assert := func(nonce string) string {
				t.Helper()
				status, b := send("/fedcm/assertion", url.Values{
					"client_id": {clientID}, "account_id": {account.ID}, "params": {`{"nonce":"` + nonce + `"}`},
					"fields": {"name,email,picture"}, "disclosure_shown_for": {"name,email,picture"},
					"disclosure_text_shown": {"true"}, "is_auto_selected": {"false"}, "mode": {"active"},
				}, map[string]string{"Origin": s.URL, "Sec-Fetch-Dest": "webidentity"})
				var answer struct{ Token string }
				if err := json.Unmarshal([]byte(b), &answer); err != nil || answer.Token == "" {
					t.Fatalf("assertion: %d %s", status, b)
				}
				return answer.Token
			}

			b := s.browser(t)
			post := func(token string) answer {
				return b.do(b.request("POST", "/signin/fedcm", "application/x-www-form-urlencoded", url.Values{"token": {token}}.Encode()))
			}
			token := assert(b.nonce())
			a := post(token)
			if a.status != 200 || !a.New || a.User.Name != "Grace Hopper" || a.User.Email != email {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if who := b.whoami(); who == "nobody" || who == "" {
				t.Errorf("signed in: %q", who)
			}
			if a := post(token); a.status != 403 || a.code != "nonce_reused" {
				t.Errorf("the token again: %d %s", a.status, a.body)
			}
			if a := b.do(b.request("POST", "/signout", "", "")); a.status != 200 || b.whoami() != "nobody" {
				t.Errorf("sign-out: %d %s", a.status, a.body)
			}
			stranger := s.browser(t)
			stranger.nonce()
			stolen := assert(b.nonce())
			if a := stranger.do(stranger.request("POST", "/signin/fedcm", "application/json", `{"token":"`+stolen+`"}`)); a.code != "nonce_other_browser" {
				t.Errorf("a fresh token in another browser: %d %s", a.status, a.body)
			}
			if a := post(stolen); a.status != 200 || a.New {
				t.Errorf("the same token in its own browser: %d %s", a.status, a.body)
			}
		})
	}
}

func providerKey(t *testing.T, k *jose.PrivateKey) idpserver.Key {
	t.Helper()
	public, err := k.PublicJWK()
	if err != nil {
		t.Fatal(err)
	}
	return idpserver.Key{Signer: k.Signer(), PublicJWK: public}
}

func newProviderServer(t *testing.T, l net.Listener, issuer string, s *site, alg jws.Algorithm) *idpserver.Server {
	t.Helper()
	clients, err := directory.StaticClients(directory.Client{
		ID: clientID, Name: "Shop", Origins: []string{s.URL}, IDTokenSignedResponseAlg: alg,
		PrivacyPolicyURL: s.URL + "/privacy", TermsOfServiceURL: s.URL + "/terms",
		RedirectURIs: s.rp.RedirectURIs(),
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := idpserver.New(idpserver.Config{
		Issuer: issuer, Store: new(idpmem.Store), Clients: clients, Now: s.clock.Now,
		Keys:   []idpserver.Key{providerKey(t, testKeys().rs256), providerKey(t, testKeys().es256)},
		Mailer: idpserver.MailerFunc(func(context.Context, idpserver.Mail) error { return nil }),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: p}}
	server.Start()
	t.Cleanup(server.Close)
	return p
}
