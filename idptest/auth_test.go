package idptest_test

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// assertion is a client assertion (RFC 7523 section 2.2) with a change.
func assertion(t *testing.T, idp *idptest.Provider, key ed25519.PrivateKey, jti string, change func(map[string]any)) url.Values {
	t.Helper()
	claims := map[string]any{"iss": "bank", "sub": "bank", "aud": idp.URL(idptest.Token), "jti": jti, "exp": idp.Now().Add(time.Minute).Unix()}
	change(claims)
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.Sign(jws.NewEd25519Signer("k", key), "JWT", payload)
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{
		"client_id": {"bank"}, "client_assertion": {token},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
}

func TestAClientAuthenticatesInTheWayThatItHas(t *testing.T) {
	pub, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	jwk := `{"kty":"OKP","crv":"Ed25519","kid":"k","alg":"EdDSA","x":"` + jws.EncodeBase64URL(pub) + `"}`
	idp := idptest.New(t)
	idp.Register(idptest.Client{ID: "a shop", Secret: "a:b c%", AuthMethod: "client_secret_basic"})
	idp.Register(idptest.Client{ID: "app"})
	idp.Register(idptest.Client{ID: "post", Secret: "s", AuthMethod: "client_secret_post"})
	idp.Register(idptest.Client{ID: "bank", Keys: []byte(`{"keys":[` + jwk + `]}`)})
	basic := func(id, secret string) func(*http.Request, url.Values) {
		return func(r *http.Request, _ url.Values) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
	}
	none := func(*http.Request, url.Values) {}
	same := func(map[string]any) {}
	for name, test := range map[string]struct {
		client string
		form   url.Values
		auth   func(*http.Request, url.Values)
		reason string // empty: it is let in
	}{
		"Basic":                      {"a shop", nil, basic("a shop", "a:b c%"), ""},
		"Basic with a wrong secret":  {"a shop", nil, basic("a shop", "x"), "secret is wrong"},
		"Basic without form-coding":  {"a shop", nil, func(r *http.Request, _ url.Values) { r.SetBasicAuth("a shop", "a:b c%") }, "form-encoded"},
		"Basic of another client":    {"a shop", url.Values{"client_id": {"app"}}, basic("a shop", "a:b c%"), "client_id"},
		"two ways at once":           {"a shop", url.Values{"client_secret": {"a:b c%"}}, basic("a shop", "a:b c%"), "two ways"},
		"post where Basic is agreed": {"a shop", url.Values{"client_id": {"a shop"}, "client_secret": {"a:b c%"}}, none, "registered for"},
		"post":                       {"post", url.Values{"client_id": {"post"}, "client_secret": {"s"}}, none, ""},
		"public":                     {"app", url.Values{"client_id": {"app"}}, none, ""},
		"public with a secret":       {"app", nil, basic("app", "x"), "secret is wrong"},
		"secret left out":            {"a shop", url.Values{"client_id": {"post"}}, none, "registered for"},
		"nobody":                     {"app", nil, none, "client_id"},
		"assertion":                  {"bank", assertion(t, idp, key, "1", same), none, ""},
		"assertion by another key":   {"bank", assertion(t, idp, other, "2", same), none, "signature"},
		"assertion for elsewhere":    {"bank", assertion(t, idp, key, "3", func(m map[string]any) { m["aud"] = "https://x.example" }), none, "aud"},
		"assertion for several":      {"bank", assertion(t, idp, key, "4", func(m map[string]any) { m["aud"] = []string{"https://x.example", idp.Issuer} }), none, ""},
		"assertion of another":       {"bank", assertion(t, idp, key, "5", func(m map[string]any) { m["sub"] = "app" }), none, "sub"},
		"assertion that expired":     {"bank", assertion(t, idp, key, "6", func(m map[string]any) { m["exp"] = idp.Now().Unix() }), none, "expired"},
		"assertion without jti":      {"bank", assertion(t, idp, key, "", same), none, "jti"},
		"bank without assertion":     {"bank", url.Values{"client_id": {"bank"}}, none, "did not authenticate"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newPlain(t, idp)
			c.change = func(q url.Values) { q.Set("client_id", test.client) }
			form := c.codeForm(c.callback().Get("code"))
			for k, v := range test.form {
				form[k] = v
			}
			c.auth = test.auth
			a := c.post(idptest.Token, form)
			if test.reason == "" {
				if a.status != http.StatusOK {
					t.Errorf("answer: %d %s", a.status, a.body)
				}
				return
			}
			if a.status != http.StatusUnauthorized || a.json(t)["error"] != "invalid_client" {
				t.Errorf("answer: %d %s", a.status, a.body)
			}
			c.mistake(idptest.Token, "invalid_client", test.reason)
		})
	}
	again := assertion(t, idp, key, "again", same)
	c := newPlain(t, idp)
	c.auth, c.change = nil, func(q url.Values) { q.Set("client_id", "bank") }
	for i, want := range []int{201, 401} {
		form := c.request()
		for k, v := range again {
			form[k] = v
		}
		if a := c.post(idptest.PAR, form); a.status != want {
			t.Errorf("use %d of one assertion: %d", i+1, a.status)
		}
	}
}

func TestRequestsAreKeptWithoutTheirSecrets(t *testing.T) {
	idp := idptest.New(t)
	c := newPlain(t, idp)
	c.auth = func(*http.Request, url.Values) {}
	form := c.codeForm(c.callback().Get("code"))
	form.Set("client_id", idp.ClientID)
	form.Set("client_secret", idp.ClientSecret)
	if a := c.post(idptest.Token, form); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	requests := idp.Requests()
	r := requests[len(requests)-1]
	if r.Endpoint != idptest.Token || r.Method != "POST" || r.Path != "/token" || r.Auth != "client_secret_post" || r.Form.Get("grant_type") != "authorization_code" {
		t.Errorf("kept: %+v", r)
	}
	for _, name := range []string{"code", "code_verifier", "client_secret"} {
		if !slices.Equal(r.Form[name], []string{idptest.Hidden}) {
			t.Errorf("%s is kept as %q", name, r.Form[name])
		}
	}
	if got := requests[0].Form.Get("nonce"); got != "the-nonce" {
		t.Errorf("the nonce of the first request is %q", got)
	}
}
