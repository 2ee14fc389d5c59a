package idpserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// wantFedCMError checks that a refusal is what browsers and developers can read,
// and that its page for people exists.
func wantFedCMError(t *testing.T, p *idp, res *http.Response, status int, code string) {
	t.Helper()
	var answer struct {
		Error struct{ Code, Error, URL string }
		Token *string
		problem
	}
	decode(t, res, &answer)
	if res.StatusCode != status || answer.Error.Code != code {
		t.Fatalf("refusal = %d %q, want %d %q", res.StatusCode, answer.Error.Code, status, code)
	}
	if answer.Error.Error != code || answer.Code != code || answer.Status != status || answer.Detail == "" || answer.Title == "" {
		t.Errorf("the parts of the refusal differ: %s", body(t, res))
	}
	if answer.Token != nil {
		t.Error("a refusal with a token")
	}
	if res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control = %q", res.Header.Get("Cache-Control"))
	}
	path, ok := strings.CutPrefix(answer.Error.URL, p.issuer)
	if !ok {
		t.Fatalf("the page for people is elsewhere: %q", answer.Error.URL)
	}
	page := p.browser().get(path)
	wantStatus(t, page, http.StatusOK)
	if !strings.Contains(body(t, page), `data-code="`+code+`"`) {
		t.Errorf("the page at %s does not explain %s", path, code)
	}
}

type problem struct {
	Title, Code, Detail string
	Status              int
}

func TestAssertionRefusals(t *testing.T) {
	set := func(header, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(header, value) }
	}
	del := func(header string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(header) } }
	form := func(pairs ...string) func(url.Values) {
		return func(v url.Values) {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i+1] == "" {
					v.Del(pairs[i])
				} else {
					v.Set(pairs[i], pairs[i+1])
				}
			}
		}
	}
	for _, c := range []struct {
		name    string
		form    func(url.Values)
		request func(*http.Request)
		status  int
		code    string
		cors    bool // the relying party may see why
	}{
		{"no Sec-Fetch-Dest", nil, del("Sec-Fetch-Dest"), 403, "not_webidentity", false},
		{"Sec-Fetch-Dest of a script's fetch", nil, set("Sec-Fetch-Dest", "empty"), 403, "not_webidentity", false},
		{"Sec-Fetch-Dest in another case", nil, set("Sec-Fetch-Dest", "WebIdentity"), 403, "not_webidentity", false},
		{"Sec-Fetch-Dest twice", nil, func(r *http.Request) { r.Header.Add("Sec-Fetch-Dest", "webidentity") }, 403, "not_webidentity", false},
		{"GET", nil, func(r *http.Request) { r.Method = http.MethodGet }, 405, "method_not_allowed", false},
		{"JSON", nil, set("Content-Type", "application/json"), 415, "wrong_content_type", false},
		{"no content type", nil, del("Content-Type"), 415, "wrong_content_type", false},
		{"no client_id", form("client_id", ""), nil, 400, "client_id_missing", false},
		{"unknown client", form("client_id", "nobody"), nil, 403, "unauthorized_client", false},
		{"client_id in another case", form("client_id", "Shop"), nil, 403, "unauthorized_client", false},
		{"no Origin", nil, del("Origin"), 403, "origin_missing", false},
		{"two Origins", nil, func(r *http.Request) { r.Header.Add("Origin", shopOrigin) }, 403, "origin_missing", false},
		{"null Origin", nil, set("Origin", "null"), 403, "origin_mismatch", false},
		{"foreign Origin", nil, set("Origin", "http://evil.localhost:8080"), 403, "origin_mismatch", false},
		{"the provider's own Origin", nil, set("Origin", loopback), 403, "origin_mismatch", false},
		{"Origin with another port", nil, set("Origin", "http://shop.localhost:8081"), 403, "origin_mismatch", false},
		{"Origin with another scheme", nil, set("Origin", "https://shop.localhost:8080"), 403, "origin_mismatch", false},
		{"Origin with a slash", nil, set("Origin", shopOrigin+"/"), 403, "origin_mismatch", false},
		{"Origin in another case", nil, set("Origin", "http://SHOP.localhost:8080"), 403, "origin_mismatch", false},
		{"Origin of another client", form("client_id", "wiki"), nil, 403, "origin_mismatch", false},
		{"subdomain of the registered origin", nil, set("Origin", "https://a.shop.example"), 403, "origin_mismatch", false},
		{"registered origin as a prefix", nil, set("Origin", "https://shop.example.evil.example"), 403, "origin_mismatch", false},
		{"no account_id", form("account_id", ""), nil, 400, "form_invalid", true},
		{"unknown account", form("account_id", "AAAAAAAAAAAAAAAAAAAAAAAAAA"), nil, 403, "account_not_signed_in", true},
		{"e-mail for the account", form("account_id", "ada@corp.example"), nil, 403, "account_not_signed_in", true},
		{"no nonce", form("params", ""), nil, 400, "nonce_missing", true},
		{"empty nonce", form("params", `{"nonce":""}`), nil, 400, "nonce_missing", true},
		{"nonce only in another case", form("params", `{"Nonce":"x"}`), nil, 400, "nonce_missing", true},
		{"endless nonce", form("params", `{"nonce":"`+strings.Repeat("n", 513)+`"}`), nil, 400, "nonce_too_long", true},
		{"two different nonces", form("nonce", "another"), nil, 400, "nonce_differs", true},
		{"nonce is a number", form("params", `{"nonce":1}`), nil, 400, "params_invalid", true},
		{"nonce twice", form("params", `{"nonce":"a","nonce":"b"}`), nil, 400, "params_invalid", true},
		{"params cut off", form("params", `{"nonce":"a"`), nil, 400, "params_invalid", true},
		{"params with something behind", form("params", `{"nonce":"a"} x`), nil, 400, "params_invalid", true},
		{"a flag that is neither", form("is_auto_selected", "yes"), nil, 400, "form_invalid", true},
		{"no cookie", nil, del("Cookie"), 401, "signed_out", true},
		{"a cookie of nobody", nil, set("Cookie", "bonafides-idp-fedcm=AAAA"), 401, "signed_out", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newIdP(t)
			ada := p.create("ada@corp.example")
			b := p.browser()
			b.signIn("ada@corp.example")
			v := assertionForm(ada.ID)
			p.secret(testNonce)
			if c.form != nil {
				c.form(v)
			}
			r := b.assertionRequest(v)
			for _, k := range b.cookies {
				if k.SameSite == http.SameSiteNoneMode {
					r.AddCookie(&http.Cookie{Name: k.Name, Value: k.Value})
				}
			}
			if c.request != nil {
				c.request(r)
			}
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			res := w.Result()
			wantFedCMError(t, p, res, c.status, c.code)
			wantOrigin, wantCredentials := "", ""
			if c.cors {
				wantOrigin, wantCredentials = shopOrigin, "true"
			}
			if got := res.Header.Get("Access-Control-Allow-Origin"); got != wantOrigin {
				t.Errorf("Access-Control-Allow-Origin = %q, want %q", got, wantOrigin)
			}
			if got := res.Header.Get("Access-Control-Allow-Credentials"); got != wantCredentials {
				t.Errorf("Access-Control-Allow-Credentials = %q, want %q", got, wantCredentials)
			}
			if c.status == http.StatusMethodNotAllowed && res.Header.Get("Allow") != "POST" {
				t.Errorf("Allow = %q", res.Header.Get("Allow"))
			}
			grants, err := p.store.Grants(context.Background(), ada.ID)
			if err != nil || len(grants) != 0 {
				t.Errorf("a refused request left grants: %v, %v", grants, err)
			}
			if p.logged("ID token issued") {
				t.Error("a token was issued")
			}
			if !p.logged(c.code) {
				t.Error("the log does not name the refusal")
			}
		})
	}
}

func TestAnAccountOfAnotherBrowserGetsNoToken(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	grace := p.create("grace@home.example")
	adas, graces := p.browser(), p.browser()
	adas.signIn("ada@corp.example")
	graces.signIn("grace@home.example")
	res := adas.send(adas.assertionRequest(assertionForm(grace.ID)), true)
	wantFedCMError(t, p, res, 403, "account_not_signed_in")
	grants, err := p.store.Grants(context.Background(), grace.ID)
	if err != nil || len(grants) != 0 {
		t.Errorf("grants = %v, %v", grants, err)
	}
}

func TestAssertionAnswersTheExactOriginWithCredentials(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for _, origin := range []string{shopOrigin, "https://shop.example"} {
		r := b.assertionRequest(assertionForm(ada.ID))
		r.Header.Set("Origin", origin)
		res := b.send(r, true)
		wantStatus(t, res, http.StatusOK)
		if res.Header.Get("Access-Control-Allow-Origin") != origin || res.Header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("CORS headers for %s: %v", origin, res.Header)
		}
		if !slices.Contains(res.Header.Values("Vary"), "Origin") || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("caching headers: %v", res.Header)
		}
	}
}

func TestUnknownFormKeysAreIgnored(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	v := assertionForm(ada.ID)
	v.Set("mode", "active")
	v.Set("type", "x")
	v.Set("a key of the year 2030", "x")
	b.assert(v)
}

func TestAClientMayBeRegisteredToWorkWithoutNonces(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	r := b.assertionRequest(values("client_id", "legacy", "account_id", ada.ID, "disclosure_text_shown", "true"))
	r.Header.Set("Origin", "https://legacy.example")
	res := b.send(r, true)
	wantStatus(t, res, http.StatusOK)
	var answer struct{ Token string }
	decode(t, res, &answer)
	if n, there := claims(t, answer.Token)["nonce"]; there {
		t.Errorf("nonce = %v", n)
	}
}
