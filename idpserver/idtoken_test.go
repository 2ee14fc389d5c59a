package idpserver_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

func TestTheTokenVerifiesWithEveryCheckOn(t *testing.T) {
	for _, c := range []struct {
		client, origin string
		alg            jws.Algorithm
	}{{shopID, shopOrigin, jws.RS256}, {"wiki", "https://wiki.example", jws.ES256}} {
		t.Run(string(c.alg), func(t *testing.T) {
			p := newIdP(t)
			ada := p.create("ada@corp.example")
			b := p.browser()
			b.signIn("ada@corp.example")
			form := assertionForm(ada.ID)
			form.Set("client_id", c.client)
			r := b.assertionRequest(form)
			r.Header.Set("Origin", c.origin)
			p.secret(testNonce)
			res := b.send(r, true)
			wantStatus(t, res, http.StatusOK)
			var answer struct{ Token string }
			decode(t, res, &answer)
			p.secret(answer.Token)

			if alg := verifyStdlib(t, answer.Token, p.jwks()); alg != string(c.alg) {
				t.Errorf("alg = %s", alg)
			}
			keys, err := jws.ParseKeySet(p.jwks())
			if err != nil {
				t.Fatal(err)
			}
			conf := oidc.Config{Issuer: loopback, ClientID: c.client, Keys: keys, Nonce: testNonce, HostedDomain: "corp.example"}
			got, err := oidc.Verify(answer.Token, conf, p.now)
			if err != nil {
				t.Fatal(err)
			}
			if got.Subject != ada.ID || got.Email != "ada@corp.example" || !got.EmailVerified || got.Name != "Ada Lovelace" ||
				got.GivenName != "Ada" || got.HostedDomain != "corp.example" || !strings.HasPrefix(got.Picture, loopback+"/picture/") || strings.Contains(got.Picture, ada.ID) {
				t.Errorf("token = %+v", got)
			}
			if life := got.Expiry - got.IssuedAt; got.IssuedAt != p.now.Unix() || life != 300 {
				t.Errorf("iat %d, lifetime %d s", got.IssuedAt, life)
			}
			if _, err := oidc.Verify(answer.Token, conf, p.now.Add(5*time.Minute)); err == nil {
				t.Error("the token is still valid after five minutes")
			}
			conf.Nonce = "another browser's"
			if _, err := oidc.Verify(answer.Token, conf, p.now); err == nil {
				t.Error("the token is valid with another nonce")
			}
		})
	}
}

func TestClaimsStandInAFixedOrder(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	payload := string(b64(t, strings.Split(b.assert(assertionForm(ada.ID)), ".")[1]))
	last := -1
	for _, name := range []string{"iss", "sub", "aud", "exp", "iat", "nonce", "name", "given_name", "email", "email_verified", "picture", "hd"} {
		i := strings.Index(payload, `"`+name+`":`)
		if i <= last {
			t.Fatalf("%s is missing or out of order: %s", name, payload)
		}
		last = i
	}
}

func TestTheNonceComesFromParamsOrFromTheOldField(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for name, set := range map[string]func(url.Values){
		"params":              func(v url.Values) { v.Set("params", `{"other": [1, {"a": null}], "nonce": "`+testNonce+`"}`) },
		"old field":           func(v url.Values) { v.Del("params"); v.Set("nonce", testNonce) },
		"both the same":       func(v url.Values) { v.Set("nonce", testNonce) },
		"params without one":  func(v url.Values) { v.Set("params", `{"x":1}`); v.Set("nonce", testNonce) },
		"params not a object": func(v url.Values) { v.Set("params", `"text"`); v.Set("nonce", testNonce) },
	} {
		t.Run(name, func(t *testing.T) {
			form := assertionForm(ada.ID)
			set(form)
			if got := claims(t, b.assert(form))["nonce"]; got != testNonce {
				t.Errorf("nonce = %v", got)
			}
		})
	}
}

// What a token says was disclosed in the browser's dialog, now or before.
func TestATokenHoldsOnlyWhatWasDisclosed(t *testing.T) {
	const nothing = ""
	for _, c := range []struct {
		name   string
		before bool // an earlier full sign-in
		form   func(url.Values)
		want   string // groups of claims
	}{
		{"all shown", false, func(url.Values) {}, "name email picture"},
		{"browser without fields, text shown", false, func(v url.Values) { v.Del("fields"); v.Del("disclosure_shown_for") }, "name email picture"},
		{"only the name asked and shown", false, func(v url.Values) {
			v.Set("fields", "name")
			v.Set("disclosure_shown_for", "name")
			v.Set("disclosure_text_shown", "false")
		}, "name"},
		{"more asked than shown", false, func(v url.Values) {
			v.Set("disclosure_shown_for", "email")
			v.Set("disclosure_text_shown", "false")
		}, "email"},
		{"nothing asked, nothing shown", false, func(v url.Values) {
			v.Del("fields")
			v.Del("disclosure_shown_for")
			v.Set("disclosure_text_shown", "false")
		}, nothing},
		{"asked but not shown", false, func(v url.Values) { v.Del("disclosure_shown_for"); v.Set("disclosure_text_shown", "false") }, nothing},
		{"empty list asked", true, func(v url.Values) {
			v["fields"] = []string{""}
			v.Del("disclosure_shown_for")
			v.Set("disclosure_text_shown", "false")
		}, nothing},
		{"returning, shown before", true, func(v url.Values) { v.Del("disclosure_shown_for"); v.Set("disclosure_text_shown", "false") }, "name email picture"},
		{"returning, asks for less", true, func(v url.Values) {
			v.Set("fields", "email")
			v.Del("disclosure_shown_for")
			v.Set("disclosure_text_shown", "false")
		}, "email"},
		{"fields that nobody knows", false, func(v url.Values) { v.Set("fields", "name,shoe_size"); v.Set("disclosure_shown_for", "name") }, "name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newIdP(t)
			ada := p.create("ada@corp.example")
			b := p.browser()
			b.signIn("ada@corp.example")
			if c.before {
				b.assert(assertionForm(ada.ID))
			}
			form := assertionForm(ada.ID)
			c.form(form)
			got := claims(t, b.assert(form))
			if got["sub"] != ada.ID {
				t.Errorf("sub = %v", got["sub"])
			}
			for claim, group := range map[string]string{"name": "name", "given_name": "name", "email": "email", "email_verified": "email", "hd": "email", "picture": "picture"} {
				_, there := got[claim]
				if want := strings.Contains(c.want, group); there != want {
					t.Errorf("claim %s: there %v, want %v", claim, there, want)
				}
			}
		})
	}
}

func TestVerifiedAndHostedDomainAreEarned(t *testing.T) {
	for _, c := range []struct {
		name, email string
		verified    bool
		hd          any
	}{
		{"verified, operator's domain", "ada@corp.example", true, "corp.example"},
		{"verified, operator's domain in capitals", "ada@CORP.example", true, "corp.example"},
		{"not verified, operator's domain", "ada@corp.example", false, nil},
		{"verified, another domain", "ada@home.example", true, nil},
		{"verified, a subdomain", "ada@sub.corp.example", true, nil},
		{"verified, a domain that ends like it", "ada@notcorp.example", true, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newIdP(t)
			a := p.create(c.email, func(n *idpserver.NewAccount) { n.EmailVerified = c.verified })
			b := p.browser()
			b.signIn(c.email)
			got := claims(t, b.assert(assertionForm(a.ID)))
			if got["email_verified"] != c.verified || got["hd"] != c.hd {
				t.Errorf("email_verified %v, hd %v", got["email_verified"], got["hd"])
			}
		})
	}
}

func TestAClientWithoutAKeyForItsAlgorithmGetsNothing(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) { c.Keys = c.Keys[:1] })
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	form := assertionForm(ada.ID)
	form.Set("client_id", "wiki")
	r := b.assertionRequest(form)
	r.Header.Set("Origin", "https://wiki.example")
	p.secret(testNonce)
	wantFedCMError(t, p, b.send(r, true), 500, "server_error")
}

func TestDiscoveryAndKeysArePublicAndCached(t *testing.T) {
	p := newIdP(t)
	for path, contentType := range map[string]string{
		"/.well-known/openid-configuration": "application/json",
		"/jwks.json":                        "application/jwk-set+json",
	} {
		res := p.browser().get(path)
		wantStatus(t, res, http.StatusOK)
		h := res.Header
		if h.Get("Content-Type") != contentType || !strings.Contains(h.Get("Cache-Control"), "max-age=") ||
			h.Get("Access-Control-Allow-Origin") != "*" || h.Get("ETag") == "" {
			t.Errorf("%s: headers %v", path, h)
		}
		r := httptest.NewRequest(http.MethodGet, loopback+path, nil)
		r.Header.Set("If-None-Match", h.Get("ETag"))
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != http.StatusNotModified || w.Body.Len() != 0 {
			t.Errorf("%s with its ETag: status %d, %d bytes", path, w.Code, w.Body.Len())
		}
		r = httptest.NewRequest(http.MethodPost, loopback+path, nil)
		w = httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: status %d", path, w.Code)
		}
	}
	var doc struct {
		Issuer  string
		JWKSURI string   `json:"jwks_uri"`
		Algs    []string `json:"id_token_signing_alg_values_supported"`
		Subject []string `json:"subject_types_supported"`
	}
	decode(t, p.browser().get("/.well-known/openid-configuration"), &doc)
	if doc.Issuer != loopback || doc.JWKSURI != loopback+"/jwks.json" ||
		strings.Join(doc.Algs, " ") != "RS256 ES256" || strings.Join(doc.Subject, " ") != "public" {
		t.Errorf("discovery = %+v", doc)
	}
	if set, err := jws.ParseKeySet(p.jwks()); err != nil || len(set.Keys()) != 2 {
		t.Errorf("JWK set: %v", err)
	}
}

// BenchmarkAssertion is one token, from the form to the answer, over the memory
// store: mostly the signature.
func BenchmarkAssertion(b *testing.B) {
	for _, c := range []struct{ client, origin string }{{shopID, shopOrigin}, {"wiki", "https://wiki.example"}} {
		b.Run(c.client, func(b *testing.B) {
			p := newIdP(b)
			ada := p.create("ada@corp.example")
			br := p.browser()
			br.signIn("ada@corp.example")
			form := assertionForm(ada.ID)
			form.Set("client_id", c.client)
			for b.Loop() {
				p.now = p.now.Add(time.Second) // one a second is within the limit of an account
				r := br.assertionRequest(form)
				r.Header.Set("Origin", c.origin)
				if res := br.send(r, true); res.StatusCode != http.StatusOK {
					b.Fatal(res.StatusCode)
				}
			}
		})
	}
}
