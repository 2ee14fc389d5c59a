package idpserver_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// names lists the members of an answer.
func names(m map[string]any) string { return strings.Join(slices.Sorted(maps.Keys(m)), " ") }

func (p *idp) person(token string) map[string]any {
	p.t.Helper()
	res := p.userinfo(token)
	wantStatus(p.t, res, http.StatusOK)
	got := map[string]any{}
	decode(p.t, res, &got)
	return got
}

func TestUserinfoTellsWhatTheScopesAskFor(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) {
		c.Claims = func(_ context.Context, a *directory.Account, c *directory.Client, scopes []string) (map[string]any, error) {
			return map[string]any{"department": "engines", "for": c.ID + " " + strings.Join(scopes, "+")}, nil
		}
	})
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for scope, want := range map[string]string{ // by the names of the claims
		"openid":               "department for sub",
		"openid email":         "department email email_verified for hd sub",
		"openid profile":       "department for given_name name picture sub",
		"openid address phone": "department for sub", // which nobody has here
	} {
		got := p.person(b.tokensOf(ada, scope).Access)
		if names(got) != want || got["sub"] != ada.ID {
			t.Errorf("%s: %s, want %s", scope, names(got), want)
		}
	}
}

// sendUserinfo asks in the way that form and headers say.
func (p *idp) sendUserinfo(method, query string, form url.Values, headers ...string) *http.Response {
	var r *http.Request
	if form != nil {
		r = httptest.NewRequest(method, p.issuer+"/userinfo"+query, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		r = httptest.NewRequest(method, p.issuer+"/userinfo"+query, nil)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result()
}

func TestTheWaysToShowAnAccessToken(t *testing.T) {
	p, _, _, set := signedInWith(t, "openid")
	bearer := []string{"Authorization", "Bearer " + set.Access}
	form := values("access_token", set.Access)
	for name, res := range map[string]*http.Response{
		"GET":            p.sendUserinfo("GET", "", nil, bearer...),
		"POST, header":   p.sendUserinfo("POST", "", nil, bearer...),
		"POST, form":     p.sendUserinfo("POST", "", form),
		"another case":   p.sendUserinfo("GET", "", nil, "Authorization", "bearer "+set.Access),
		"an empty form":  p.sendUserinfo("POST", "", url.Values{}, bearer...),
		"a form of more": p.sendUserinfo("POST", "", values("access_token", set.Access, "x", "y")),
	} {
		if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %s", name, res.StatusCode, body(t, res))
		}
	}
	for name, c := range map[string]struct {
		res       *http.Response
		status    int
		challenge string
	}{
		"none":              {p.sendUserinfo("GET", "", nil), 401, `Bearer realm="userinfo"`},
		"Basic":             {p.sendUserinfo("GET", "", nil, "Authorization", "Basic x"), 401, `Bearer realm="userinfo"`},
		"another":           {p.sendUserinfo("GET", "", nil, "Authorization", "Bearer x"), 401, `error="invalid_token"`},
		"a changed one":     {p.sendUserinfo("GET", "", nil, "Authorization", "Bearer "+strings.ToUpper(set.Access)), 401, `error="invalid_token"`},
		"one spelled anew":  {p.sendUserinfo("GET", "", nil, "Authorization", "Bearer "+set.Access+"="), 401, `error="invalid_token"`},
		"the ID token":      {p.sendUserinfo("GET", "", nil, "Authorization", "Bearer "+set.ID), 401, `error="invalid_token"`},
		"in the address":    {p.sendUserinfo("GET", "?access_token="+set.Access, nil), 400, `error="invalid_request"`},
		"twice":             {p.sendUserinfo("GET", "", nil, append(bearer, bearer...)...), 400, `error="invalid_request"`},
		"in both ways":      {p.sendUserinfo("POST", "", form, bearer...), 400, `error="invalid_request"`},
		"twice in the form": {p.sendUserinfo("POST", "", url.Values{"access_token": {set.Access, set.Access}}), 400, `error="invalid_request"`},
	} {
		if got := c.res.Header.Get("WWW-Authenticate"); c.res.StatusCode != c.status || !strings.Contains(got, c.challenge) {
			t.Errorf("%s: %d, %q; want %d, %q", name, c.res.StatusCode, got, c.status, c.challenge)
		}
	}
	p.now = p.now.Add(15 * time.Minute)
	wantStatus(t, p.userinfo(set.Access), http.StatusUnauthorized)
}

func TestPagesOfAClientMayReadItsAnswers(t *testing.T) {
	p, _, _, set := signedInWith(t, "openid")
	for _, path := range []string{"/token", "/userinfo", "/revoke"} {
		r := httptest.NewRequest(http.MethodOptions, loopback+path, nil)
		r.Header.Set("Origin", shopOrigin)
		r.Header.Set("Access-Control-Request-Method", "POST")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		h := w.Result().Header
		if w.Code != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != shopOrigin || h.Get("Access-Control-Allow-Credentials") != "" ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("%s: preflight %d, %v", path, w.Code, h)
		}
	}
	for origin, want := range map[string]string{shopOrigin: shopOrigin, "https://shop.example": "https://shop.example", "https://wiki.example": "", "null": ""} {
		res := p.sendUserinfo("GET", "", nil, "Authorization", "Bearer "+set.Access, "Origin", origin)
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != want || !strings.Contains(res.Header.Get("Vary"), "Origin") {
			t.Errorf("userinfo for %s: %q, Vary %q", origin, got, res.Header.Get("Vary"))
		}
		res = p.server("/revoke", values("client_id", shopID, "token", "x"), func(r *http.Request) { r.Header.Set("Origin", origin) })
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("revoke for %s: %q", origin, got)
		}
	}
	r := httptest.NewRequest(http.MethodOptions, loopback+"/authorize", nil)
	r.Header.Set("Origin", shopOrigin)
	r.Header.Set("Access-Control-Request-Method", "GET")
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	if w.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Error("pages may read the authorization endpoint")
	}
}

func TestRevocationTellsNobodyAboutTokensOfOthers(t *testing.T) {
	p, _, _, set := signedInWith(t, offline)
	p.secret(wikiSecret)
	for _, form := range []url.Values{
		values("token", set.Access), values("token", set.Refresh), values("token", "unknown"), values("token", set.ID),
	} {
		res := p.server("/revoke", form, basic("wiki", wikiSecret))
		wantStatus(t, res, http.StatusOK)
		if body(t, res) != "" {
			t.Errorf("answer %q", body(t, res))
		}
	}
	wantStatus(t, p.userinfo(set.Access), http.StatusOK) // none of these was the wiki's
	wantTokenError(t, p.server("/revoke", values("client_id", shopID)), 400, "invalid_request")
	wantTokenError(t, p.server("/revoke", values("token", set.Access)), 401, "invalid_client")
	wantTokenError(t, p.server("/revoke", values("token", set.Access, "client_id", "wiki")), 401, "invalid_client")
}

func TestIntrospectionAnswersTheClientAndTheServerOfAScope(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) {
		c.Scopes = []directory.Scope{{Name: "orders.read", Sentence: "read your orders", Server: "orders"}, {Name: "other", Sentence: "do something else"}}
	})
	p.secret(wikiSecret)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	v, _ := codeRequest(t)
	v.Set("scope", "openid orders.read other offline_access")
	page := body(t, b.get("/authorize?"+v.Encode()))
	for _, want := range []string{"read your orders", "do something else", "while you are not there"} {
		if !strings.Contains(page, want) {
			t.Errorf("the consent page does not say %q", want)
		}
	}
	set := b.tokensOf(ada, v.Get("scope"))
	ask := func(token, client string) map[string]any {
		t.Helper()
		res := p.server("/introspect", values("token", token), basic(client, wikiSecret))
		wantStatus(t, res, http.StatusOK)
		got := map[string]any{}
		decode(t, res, &got)
		return got
	}
	got := ask(set.Access, "orders")
	if got["active"] != true || got["scope"] != "orders.read" || got["client_id"] != shopID || got["sub"] != ada.ID ||
		got["aud"] != "orders" || got["iss"] != loopback || int64(got["exp"].(float64)) != p.now.Add(15*time.Minute).Unix() {
		t.Errorf("to the server: %v", got)
	}
	for name, c := range map[string][2]string{
		"to another client": {set.Access, "wiki"}, "a refresh token to a server": {set.Refresh, "orders"},
		"an ID token": {set.ID, "orders"}, "nothing known": {"x", "orders"},
	} {
		if got := ask(c[0], c[1]); names(got) != "active" || got["active"] != false {
			t.Errorf("%s: %v", name, got)
		}
	}
	wantTokenError(t, p.server("/introspect", values("token", set.Access, "client_id", shopID)), 401, "invalid_client")
	wantTokenError(t, p.server("/introspect", values("x", "y"), basic("orders", wikiSecret)), 400, "invalid_request")
	p.server("/revoke", values("token", set.Access, "client_id", shopID))
	if got := ask(set.Access, "orders"); got["active"] != false {
		t.Errorf("after the revocation: %v", got)
	}
}

func TestClaimsThatAreAskedForByName(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	with := func(text string) func(url.Values) { return func(v url.Values) { v.Set("claims", text) } }
	set := b.tokensOf(ada, "openid", with(`{"id_token":{"given_name":{"essential":true},"acr":null},"userinfo":{"email":null,"unknown":null}}`))
	if c := claims(t, set.ID); c["given_name"] != "Ada" || c["name"] != nil || c["email"] != nil || c["acr"] != "0" {
		t.Errorf("ID token: %v", c)
	}
	if got := p.person(set.Access); names(got) != "email sub" {
		t.Errorf("userinfo: %v", got)
	}
	v, _ := codeRequest(t)
	v.Set("scope", "openid")
	v.Set("claims", `{"userinfo":{"email":null}}`)
	if page := body(t, b.get("/authorize?"+v.Encode())); !strings.Contains(page, "learns your e-mail address") {
		t.Error("the consent page does not say what is asked for by name")
	}
}

// What a scope stands for on the consent page cannot be had past it, by its name.
func TestNothingIsAskedForByNameThatThePersonIsNotShown(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example", func(n *idpserver.NewAccount) {
		n.FamilyName, n.PreferredUsername, n.Locale, n.Zoneinfo, n.Groups = "Lovelace", "ada", "en-GB", "Europe/London", []string{"analysts"}
	})
	b := p.browser()
	b.signIn("ada@corp.example")
	for claim, sentence := range map[string]string{
		"groups": "see the groups that you belong to", "locale": "learns your name", "zoneinfo": "learns your name",
		"preferred_username": "learns your name", "family_name": "learns your name", "hd": "learns your e-mail address",
	} {
		v, verifier := codeRequest(t)
		v.Set("scope", "openid")
		v.Set("claims", `{"userinfo":{"`+claim+`":null}}`)
		page := body(t, b.get("/authorize?"+v.Encode()))
		if !strings.Contains(page, sentence) || sentence == "learns your name" && !strings.Contains(page, "Europe/London") {
			t.Errorf("%s: the consent page does not say %q, and the time zone", claim, sentence)
		}
		got := p.person(p.tokens(p.token(exchange(b.code(v, ada.ID), verifier))).Access)
		if names(got) != strings.Join(slices.Sorted(slices.Values([]string{claim, "sub"})), " ") {
			t.Errorf("%s: %v", claim, got)
		}
		b.post("/account", "do", "disconnect", "client", shopID, "account", ada.ID)
	}
	all := p.person(b.tokensOf(ada, "openid profile email groups").Access)
	if names(all) != "email email_verified family_name given_name groups hd locale name picture preferred_username sub zoneinfo" {
		t.Errorf("all that there is: %v", all)
	}
}

func TestOperatorsClaimsAreNotTheProviders(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) {
		c.Claims = func(context.Context, *directory.Account, *directory.Client, []string) (map[string]any, error) {
			return map[string]any{"sub": "somebody else"}, nil
		}
	})
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	v, verifier := codeRequest(t)
	wantTokenError(t, p.token(exchange(b.code(v, ada.ID), verifier)), 503, "temporarily_unavailable")
	if !p.logged("provider's own") {
		t.Error("the log does not say why")
	}
}
