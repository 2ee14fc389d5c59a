package idpserver_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/store/memstore"
)

const testState = "state-of-this-browser-0123456789"

// codeRequest is a good authentication request of the shop; verifier is its secret.
func codeRequest(t testing.TB) (v url.Values, verifier string) {
	t.Helper()
	verifier = oidc.NewVerifier()
	challenge, err := oidc.Challenge(verifier)
	if err != nil {
		t.Fatal(err)
	}
	return values("response_type", "code", "client_id", shopID, "redirect_uri", shopRedirect, "scope", "openid profile email",
		"state", testState, "nonce", testNonce, "code_challenge", challenge, "code_challenge_method", "S256"), verifier
}

// consent presses a button of the consent page.
func (b *browser) consent(v url.Values, account, do string) *http.Response {
	form := url.Values{"account": {account}, "do": {do}}
	for k, x := range v {
		form[k] = x
	}
	var pairs []string
	for k := range form {
		pairs = append(pairs, k, form.Get(k))
	}
	return b.post("/authorize/consent", pairs...)
}

// answer reads a redirect to the client.
func answer(t testing.TB, res *http.Response) url.Values {
	t.Helper()
	wantStatus(t, res, http.StatusSeeOther)
	to, query, _ := strings.Cut(res.Header.Get("Location"), "?")
	if to != shopRedirect {
		t.Fatalf("Location = %q", res.Header.Get("Location"))
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	if q.Get("iss") != loopback {
		t.Errorf("iss = %q", q.Get("iss"))
	}
	return q
}

// code gets a code for ada.
func (b *browser) code(v url.Values, account string) string {
	b.p.t.Helper()
	q := answer(b.p.t, b.consent(v, account, "continue"))
	if q.Get("state") != v.Get("state") || q.Get("code") == "" {
		b.p.t.Fatalf("answer = %v", q)
	}
	b.p.secret(q.Get("code"))
	return q.Get("code")
}

func (p *idp) token(form url.Values, change ...func(*http.Request)) *http.Response {
	r := httptest.NewRequest(http.MethodPost, p.issuer+"/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result()
}

func exchange(code, verifier string) url.Values {
	return values("grant_type", "authorization_code", "code", code, "redirect_uri", shopRedirect, "code_verifier", verifier, "client_id", shopID)
}

func wantTokenError(t testing.TB, res *http.Response, status int, code string) {
	t.Helper()
	wantStatus(t, res, status)
	var e struct{ Error, Error_description string }
	decode(t, res, &e)
	if e.Error != code || e.Error_description == "" {
		t.Errorf("error = %+v, want %s", e, code)
	}
	if res.Header.Get("Cache-Control") != "no-store" {
		t.Error("the answer may be stored")
	}
}

func TestCodeFlowEndsInATokenOfThePerson(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	v, verifier := codeRequest(t)

	// Nobody is signed in: sign in, and come back to the same question.
	res := b.get("/authorize?" + v.Encode())
	wantStatus(t, res, http.StatusSeeOther)
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil || to.Path != "/signin" {
		t.Fatalf("Location = %v, %v", to, err)
	}
	next := to.Query().Get("next")
	wantRedirect(t, b.post("/signin", "email", "ada@corp.example", "password", password, "next", next), next)
	page := b.get(next)
	wantStatus(t, page, http.StatusOK)
	text := body(t, page)
	for _, want := range []string{"Continue to Corner Shop", "your name, your e-mail address and your picture", ada.ID, "https://shop.example/privacy"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	csp := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "form-action 'self' "+shopOrigin) ||
		page.Header.Get("X-Frame-Options") != "DENY" || page.Header.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("headers = %v", page.Header)
	}
	// The form carries the request on.
	form := url.Values{}
	for _, m := range regexp.MustCompile(`type="hidden" name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		form.Set(m[1], m[2])
	}
	code := b.code(form, ada.ID)

	res = p.token(exchange(code, verifier))
	wantStatus(t, res, http.StatusOK)
	var got struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
		IDToken     string `json:"id_token"`
		Scope       string
	}
	decode(t, res, &got)
	p.secret(got.AccessToken)
	p.secret(got.IDToken)
	if got.TokenType != "Bearer" || got.ExpiresIn != 300 || got.Scope != "openid profile email" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("answer = %+v", got)
	}
	set, err := jws.ParseKeySet(p.jwks())
	if err != nil {
		t.Fatal(err)
	}
	id, err := oidc.Verify(got.IDToken, oidc.Config{Issuer: loopback, ClientID: shopID, Keys: set, Nonce: testNonce}, p.now)
	if err != nil {
		t.Fatal(err)
	}
	if id.Subject != ada.ID || id.Email != "ada@corp.example" || id.Name != ada.Name || id.CheckAccessToken(got.AccessToken) != nil {
		t.Errorf("token = %+v", id)
	}
	if at, ok := claims(t, got.IDToken)["auth_time"].(float64); !ok || int64(at) != p.now.Unix() {
		t.Error("no auth_time")
	}
	if !strings.Contains(body(t, b.get("/account")), "Corner Shop") {
		t.Error("the account page does not list the site")
	}
	wantTokenError(t, p.token(exchange(code, verifier)), 400, "invalid_grant")
}

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
		"no response type":       {"response_type", "", "invalid_request"},
		"implicit":               {"response_type", "id_token", "unsupported_response_type"},
		"hybrid":                 {"response_type", "code id_token", "unsupported_response_type"},
		"token":                  {"response_type", "token", "unsupported_response_type"},
		"fragment":               {"response_mode", "fragment", "invalid_request"},
		"no openid":              {"scope", "profile", "invalid_scope"},
		"no scope":               {"scope", "", "invalid_scope"},
		"no nonce":               {"nonce", "", "invalid_request"},
		"long nonce":             {"nonce", strings.Repeat("n", 513), "invalid_request"},
		"no challenge":           {"code_challenge", "", "invalid_request"},
		"short challenge":        {"code_challenge", "abc", "invalid_request"},
		"padded challenge":       {"code_challenge", strings.Repeat("A", 43) + "=", "invalid_request"},
		"plain":                  {"code_challenge_method", "plain", "invalid_request"},
		"no method (plain)":      {"code_challenge_method", "", "invalid_request"},
		"request object":         {"request", "e30.e30.", "request_not_supported"},
		"request URI":            {"request_uri", "https://evil.example/", "request_uri_not_supported"},
		"registration":           {"registration", "{}", "registration_not_supported"},
		"prompt none and more":   {"prompt", "none login", "invalid_request"},
		"unknown prompt":         {"prompt", "shout", "invalid_request"},
		"max_age":                {"max_age", "-1", "invalid_request"},
		"too long":               {"login_hint", strings.Repeat("h", 4000), "invalid_request"},
		"not UTF-8":              {"login_hint", "\xff", "invalid_request"},
		"needs somebody else":    {"prompt", "none", "consent_required"},
		"somebody not signed in": {"login_hint", "grace@corp.example", "login_required"},
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

func TestACodeIsBoundAndWorksOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*idp, url.Values)
		status int
		code   string
	}{
		{"another verifier", func(_ *idp, v url.Values) { v.Set("code_verifier", oidc.NewVerifier()) }, 400, "invalid_grant"},
		{"a malformed verifier", func(_ *idp, v url.Values) { v.Set("code_verifier", "short") }, 400, "invalid_grant"},
		{"another redirect URI", func(_ *idp, v url.Values) { v.Set("redirect_uri", "https://shop.example/cb?from=idp") }, 400, "invalid_grant"},
		{"another client", func(_ *idp, v url.Values) { v.Set("client_id", "legacy") }, 400, "invalid_grant"},
		{"too late", func(p *idp, _ url.Values) { p.now = p.now.Add(60 * time.Second) }, 400, "invalid_grant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newIdP(t)
			ada := p.create("ada@corp.example")
			b := p.browser()
			b.signIn("ada@corp.example")
			v, verifier := codeRequest(t)
			code := b.code(v, ada.ID)
			bad := exchange(code, verifier)
			c.change(p, bad)
			wantTokenError(t, p.token(bad), c.status, c.code)
			// Whoever showed it has used it up.
			wantTokenError(t, p.token(exchange(code, verifier)), 400, "invalid_grant")
		})
	}
	t.Run("disconnected meanwhile", func(t *testing.T) {
		p := newIdP(t)
		ada := p.create("ada@corp.example")
		b := p.browser()
		b.signIn("ada@corp.example")
		v, verifier := codeRequest(t)
		code := b.code(v, ada.ID)
		b.post("/account", "do", "disconnect", "client", shopID, "account", ada.ID)
		wantTokenError(t, p.token(exchange(code, verifier)), 400, "invalid_grant")
	})
	t.Run("fifty at once", func(t *testing.T) {
		p := newIdP(t)
		ada := p.create("ada@corp.example")
		b := p.browser()
		b.signIn("ada@corp.example")
		v, verifier := codeRequest(t)
		code := b.code(v, ada.ID)
		var wg sync.WaitGroup
		results := make([]int, 50)
		for i := range results {
			wg.Go(func() { results[i] = p.token(exchange(code, verifier)).StatusCode })
		}
		wg.Wait()
		good := 0
		for _, s := range results {
			if s == http.StatusOK {
				good++
			}
		}
		if good != 1 {
			t.Errorf("%d of 50 exchanges succeeded", good)
		}
	})
}

func TestTheTokenEndpointKnowsItsClients(t *testing.T) {
	p := newIdP(t)
	p.secret(wikiSecret)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	fresh := func() url.Values {
		v, verifier := codeRequest(t)
		v.Set("client_id", "wiki")
		v.Set("redirect_uri", "https://wiki.example/cb")
		res := b.consent(v, ada.ID, "continue")
		wantStatus(t, res, http.StatusSeeOther)
		to, err := url.Parse(res.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		form := exchange(to.Query().Get("code"), verifier)
		form.Set("redirect_uri", "https://wiki.example/cb")
		form.Del("client_id")
		return form
	}
	basic := func(id, secret string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) }
	}
	with := func(pairs ...string) url.Values {
		form := fresh()
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		return form
	}
	wantStatus(t, p.token(with("client_id", "wiki", "client_secret", wikiSecret)), http.StatusOK)
	wantStatus(t, p.token(fresh(), basic("wiki", wikiSecret)), http.StatusOK)
	wantStatus(t, p.token(with("client_id", "wiki"), basic("wiki", wikiSecret)), http.StatusOK)
	for name, c := range map[string]struct {
		form   url.Values
		change []func(*http.Request)
		status int
		code   string
	}{
		"no client":                  {with(), nil, 401, "invalid_client"},
		"unknown client":             {with("client_id", "nobody"), nil, 401, "invalid_client"},
		"no secret":                  {with("client_id", "wiki"), nil, 401, "invalid_client"},
		"wrong secret":               {with("client_id", "wiki", "client_secret", "x"), nil, 401, "invalid_client"},
		"wrong secret in the header": {with(), []func(*http.Request){basic("wiki", "x")}, 401, "invalid_client"},
		"both ways":                  {with("client_secret", wikiSecret), []func(*http.Request){basic("wiki", wikiSecret)}, 400, "invalid_request"},
		"two ids":                    {with("client_id", shopID), []func(*http.Request){basic("wiki", wikiSecret)}, 400, "invalid_request"},
		"a public client's secret":   {with("client_id", shopID, "client_secret", "x"), nil, 401, "invalid_client"},
		"bearer":                     {with(), []func(*http.Request){func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }}, 401, "invalid_client"},
		"no grant type":              {with("client_id", shopID, "grant_type", ""), nil, 400, "invalid_request"},
		"password grant":             {with("client_id", shopID, "grant_type", "password"), nil, 400, "unsupported_grant_type"},
		"no verifier":                {with("client_id", shopID, "code_verifier", ""), nil, 400, "invalid_request"},
		"no code":                    {with("client_id", shopID, "code", ""), nil, 400, "invalid_request"},
		"JSON": {with(), []func(*http.Request){func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }},
			415, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			res := p.token(c.form, c.change...)
			wantTokenError(t, res, c.status, c.code)
			if c.status == 401 && res.Header.Get("WWW-Authenticate") == "" {
				t.Error("no WWW-Authenticate")
			}
		})
	}
	t.Run("guessing is slowed down", func(t *testing.T) {
		last := 0
		for range 200 {
			last = p.token(values("client_id", "wiki", "client_secret", "guess")).StatusCode
		}
		if last != http.StatusTooManyRequests {
			t.Errorf("after 200 guesses: %d", last)
		}
	})
}

func TestPromptsHintsAndAge(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	grace := p.create("grace@else.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	ask := func(pairs ...string) *http.Response {
		v, _ := codeRequest(t)
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return b.get("/authorize?" + v.Encode())
	}
	v, _ := codeRequest(t)
	b.code(v, ada.ID)
	if q := answer(t, ask("prompt", "none")); q.Get("code") == "" {
		t.Errorf("prompt=none after consent: %v", q)
	} else {
		p.secret(q.Get("code"))
	}
	b.signIn("grace@else.example")
	if q := answer(t, ask("prompt", "none")); q.Get("error") != "account_selection_required" {
		t.Errorf("prompt=none with two accounts: %v", q)
	}
	if q := answer(t, ask("prompt", "none", "login_hint", "ADA@corp.example")); q.Get("code") == "" {
		t.Errorf("prompt=none with a hint: %v", q)
	} else {
		p.secret(q.Get("code"))
	}
	if page := body(t, ask("hd", "corp.example")); !strings.Contains(page, ada.ID) || strings.Contains(page, grace.ID) {
		t.Error("hd does not choose")
	}
	res := ask("login_hint", "else@corp.example")
	if to := res.Header.Get("Location"); res.StatusCode != 303 || !strings.Contains(to, "login_hint=else%40corp.example") {
		t.Errorf("a hint of somebody else: %d %q", res.StatusCode, to)
	}
	p.now = p.now.Add(time.Hour)
	for _, fresh := range [][]string{{"max_age", "60"}, {"prompt", "login"}, {"max_age", "0"}} {
		to, err := url.Parse(ask(fresh...).Header.Get("Location"))
		if err != nil || to.Path != "/signin" {
			t.Fatalf("%v: %v, %v", fresh, to, err)
		}
		next := to.Query().Get("next")
		// Going on without signing in leads back to the sign-in page.
		if again := b.get(next); again.StatusCode != http.StatusSeeOther {
			t.Errorf("%v: going on without signing in: %d", fresh, again.StatusCode)
		}
		wantRedirect(t, b.post("/signin", "email", "ada@corp.example", "password", password, "next", next), next)
		page := b.get(next)
		wantStatus(t, page, http.StatusOK)
		if text := body(t, page); !strings.Contains(text, ada.ID) || strings.Contains(text, grace.ID) {
			t.Errorf("%v: the page shows more than the fresh sign-in", fresh)
		}
		p.now = p.now.Add(time.Hour)
	}
}

func TestARequestByPostGoesOnAsAGet(t *testing.T) {
	p := newIdP(t)
	v, _ := codeRequest(t)
	r := httptest.NewRequest(http.MethodPost, loopback+"/authorize", strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", shopOrigin)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	wantRedirect(t, p.browser().send(r, true), "/authorize?"+v.Encode())
}

func TestDiscoveryNamesTheCodeFlow(t *testing.T) {
	p := newIdP(t)
	d, err := oidc.ParseDiscovery([]byte(body(t, p.browser().get("/.well-known/openid-configuration"))), loopback)
	if err != nil {
		t.Fatal(err)
	}
	if d.AuthorizationEndpoint != loopback+"/authorize" || d.TokenEndpoint != loopback+"/token" || !d.AuthorizationResponseIssParam ||
		!slices.Equal(d.CodeChallengeMethods, []string{"S256"}) || !slices.Equal(d.ResponseTypesSupported, []string{"code"}) {
		t.Errorf("discovery = %+v", d)
	}
}

func TestRedirectURIsThatCannotBeRegistered(t *testing.T) {
	for _, u := range []string{"", "/cb", "http://shop.example/cb", "https://shop.example/cb#f", "https://u@shop.example/", "javascript:alert(1)", "https:///cb", "custom:cb"} {
		if _, err := idpserver.StaticClients(idpserver.Client{ID: "a", Name: "A", Origins: []string{"https://shop.example"}, RedirectURIs: []string{u}}); err == nil {
			t.Errorf("%q was taken", u)
		}
	}
}

func TestACodeStoreThatCannotAnswerGivesNoToken(t *testing.T) {
	broken := &noCodes{IdP: new(memstore.IdP)}
	p := newIdP(t, func(c *idpserver.Config) { c.Store = broken })
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	v, verifier := codeRequest(t)
	code := b.code(v, ada.ID)
	broken.down = true
	res := p.token(exchange(code, verifier))
	wantTokenError(t, res, 503, "temporarily_unavailable")
	broken.down = false
	wantStatus(t, p.token(exchange(code, verifier)), http.StatusOK)
}

func FuzzAuthorize(f *testing.F) {
	v, _ := codeRequest(f)
	f.Add(v.Encode())
	f.Add("client_id=shop&redirect_uri=" + url.QueryEscape(shopRedirect))
	f.Add("client_id=shop&client_id=wiki&redirect_uri=%00")
	p := newIdP(f)
	p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	f.Fuzz(func(t *testing.T, query string) {
		if _, err := url.ParseRequestURI("/authorize?" + query); err != nil || strings.ContainsAny(query, " #") || len(query) > 1<<16 {
			return
		}
		for _, c := range []byte(query) {
			if c < ' ' || c > '~' {
				return
			}
		}
		res := b.get("/authorize?" + query)
		to := res.Header.Get("Location")
		registered := false
		for _, c := range clients {
			for _, u := range c.RedirectURIs {
				registered = registered || strings.HasPrefix(to, u+"?") || strings.HasPrefix(to, u+"&")
			}
		}
		if to != "" && !registered && !strings.HasPrefix(to, "/signin?") {
			t.Fatalf("an open redirector: %q leads to %q", query, to)
		}
		if res.StatusCode >= 500 {
			t.Fatalf("status %d", res.StatusCode)
		}
	})
}

// noCodes is a store that can lose its codes' table.
type noCodes struct {
	*memstore.IdP
	down bool
}

func (s *noCodes) TakeCode(ctx context.Context, purpose string, hash [32]byte, now time.Time) (*idpserver.Code, error) {
	if s.down {
		return nil, errors.New("store is down")
	}
	return s.IdP.TakeCode(ctx, purpose, hash, now)
}
