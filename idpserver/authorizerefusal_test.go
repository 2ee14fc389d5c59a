package idpserver_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Who cannot be told from an attacker gets no redirect (RFC 9700 section 4.11).
func TestARequestOfNobodyKnownIsAPageAndNoRedirect(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for name, c := range map[string]struct {
		change func(url.Values)
		code   string
	}{
		"no client":                {func(v url.Values) { v.Del("client_id") }, "client_id_missing"},
		"unknown client":           {func(v url.Values) { v.Set("client_id", "nobody") }, "unauthorized_client"},
		"two clients":              {func(v url.Values) { v.Add("client_id", "wiki") }, "duplicate_parameter"},
		"no redirect URI":          {func(v url.Values) { v.Del("redirect_uri") }, "redirect_uri_mismatch"},
		"two redirect URIs":        {func(v url.Values) { v.Add("redirect_uri", shopRedirect) }, "duplicate_parameter"},
		"another client's":         {func(v url.Values) { v.Set("redirect_uri", "https://wiki.example/cb") }, "redirect_uri_mismatch"},
		"a slash more":             {func(v url.Values) { v.Set("redirect_uri", shopRedirect+"/") }, "redirect_uri_mismatch"},
		"a query more":             {func(v url.Values) { v.Set("redirect_uri", shopRedirect+"?a=b") }, "redirect_uri_mismatch"},
		"a fragment":               {func(v url.Values) { v.Set("redirect_uri", shopRedirect+"#") }, "redirect_uri_mismatch"},
		"another case":             {func(v url.Values) { v.Set("redirect_uri", strings.ToUpper(shopRedirect)) }, "redirect_uri_mismatch"},
		"a path that climbs":       {func(v url.Values) { v.Set("redirect_uri", shopOrigin+"/x/../signin/callback") }, "redirect_uri_mismatch"},
		"user information":         {func(v url.Values) { v.Set("redirect_uri", "http://shop.localhost:8080@evil.example/signin/callback") }, "redirect_uri_mismatch"},
		"another port of loopback": {func(v url.Values) { v.Set("redirect_uri", "http://shop.localhost:9090/signin/callback") }, "redirect_uri_mismatch"},
		"an escape":                {func(v url.Values) { v.Set("redirect_uri", shopOrigin+"/signin/%63allback") }, "redirect_uri_mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			v, _ := codeRequest(t)
			c.change(v)
			res := b.get("/authorize?" + v.Encode())
			if res.StatusCode < 400 || res.Header.Get("Location") != "" {
				t.Fatalf("status %d to %q", res.StatusCode, res.Header.Get("Location"))
			}
			wantPageCode(t, res, 400, c.code)
			if len(v["client_id"]) < 2 && len(v["redirect_uri"]) < 2 {
				wantPageCode(t, b.consent(v, ada.ID, "continue"), 400, c.code)
			}
		})
	}
}

func TestAFaultyRequestIsToldToTheClient(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for name, c := range map[string]struct{ field, value, code string }{
		"no response type":        {"response_type", "", "invalid_request"},
		"implicit":                {"response_type", "id_token", "unsupported_response_type"},
		"hybrid":                  {"response_type", "code id_token", "unsupported_response_type"},
		"token":                   {"response_type", "token", "unsupported_response_type"},
		"fragment":                {"response_mode", "fragment", "invalid_request"},
		"no openid":               {"scope", "profile", "invalid_scope"},
		"no scope":                {"scope", "", "invalid_scope"},
		"claims that are no JSON": {"claims", "{", "invalid_request"},
		"claims in another form":  {"claims", `{"id_token":{"name":1}}`, "invalid_request"},
		"long nonce":              {"nonce", strings.Repeat("n", 513), "invalid_request"},
		"no challenge":            {"code_challenge", "", "invalid_request"},
		"short challenge":         {"code_challenge", "abc", "invalid_request"},
		"padded challenge":        {"code_challenge", strings.Repeat("A", 43) + "=", "invalid_request"},
		"plain":                   {"code_challenge_method", "plain", "invalid_request"},
		"no method (plain)":       {"code_challenge_method", "", "invalid_request"},
		"request object":          {"request", "e30.e30.", "request_not_supported"},
		"request URI":             {"request_uri", "https://evil.example/", "request_uri_not_supported"},
		"registration":            {"registration", "{}", "registration_not_supported"},
		"prompt none and more":    {"prompt", "none login", "invalid_request"},
		"unknown prompt":          {"prompt", "shout", "invalid_request"},
		"max_age":                 {"max_age", "-1", "invalid_request"},
		"too long":                {"login_hint", strings.Repeat("h", 4000), "invalid_request"},
		"not UTF-8":               {"login_hint", "\xff", "invalid_request"},
		"nobody agreed before":    {"prompt", "none", "login_required"},
		"somebody not signed in":  {"login_hint", "grace@corp.example", "login_required"},
	} {
		t.Run(name, func(t *testing.T) {
			v, _ := codeRequest(t)
			v.Set(c.field, c.value)
			if c.code == "login_required" {
				v.Set("prompt", "none")
			}
			q := answer(t, b.get("/authorize?"+v.Encode()))
			if q.Get("error") != c.code || q.Get("code") != "" {
				t.Errorf("answer = %v, want %s", q, c.code)
			}
			if name != "too long" && q.Get("state") != testState {
				t.Errorf("state = %q", q.Get("state"))
			}
		})
	}
	v, _ := codeRequest(t)
	v.Add("scope", "openid")
	if q := answer(t, b.get("/authorize?"+v.Encode())); q.Get("error") != "invalid_request" {
		t.Errorf("scope twice: %v", q)
	}
}

func TestConsentIsOurOwnPagesToGive(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	grace := p.create("grace@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	v, _ := codeRequest(t)

	form := url.Values{"account": {ada.ID}, "do": {"continue"}}
	for k, x := range v {
		form[k] = x
	}
	r := httptest.NewRequest(http.MethodPost, loopback+"/authorize/consent", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	wantPageCode(t, b.send(r, false), 403, "cross_origin")

	wantPageCode(t, b.consent(v, grace.ID, "continue"), 403, "account_not_signed_in")
	wantPageCode(t, p.browser().consent(v, ada.ID, "continue"), 403, "account_not_signed_in")
	wantPageCode(t, b.consent(v, ada.ID, "what"), 400, "action_unknown")
	if q := answer(t, b.consent(v, ada.ID, "cancel")); q.Get("error") != "access_denied" || q.Get("state") != testState {
		t.Errorf("cancel: %v", q)
	}
	wantStatus(t, b.get("/authorize/consent?"+v.Encode()), http.StatusMethodNotAllowed)
	if strings.Contains(body(t, b.get("/account")), "Corner Shop") {
		t.Error("a refused consent left a grant")
	}
}
