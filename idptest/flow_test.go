package idptest_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

func TestAnAnswerIsForThePersonThatWasQueued(t *testing.T) {
	idp := idptest.New(t)
	c := newPlain(t, idp)
	idp.SignsIn(idptest.Person{
		Subject: "grace", Name: "Grace Hopper", Email: "grace@example.test", EmailVerified: true,
		Groups: []string{"navy"}, Claims: map[string]any{"rank": 7},
	})
	idp.Denies("access_denied")
	if idp.Pending() != 2 {
		t.Fatalf("pending: %d", idp.Pending())
	}
	q := c.callback()
	if q.Get("state") != "the-state" || q.Get("iss") != idp.Issuer || q.Get("code") == "" {
		t.Errorf("answer: %v", q)
	}
	tokens := c.post(idptest.Token, c.codeForm(q.Get("code"))).json(t)
	keys, err := jws.ParseKeySet(c.get(idptest.JWKS).body)
	if err != nil {
		t.Fatal(err)
	}
	id, err := oidc.Verify(tokens["id_token"].(string), oidc.Config{Issuer: idp.Issuer, ClientID: idp.ClientID, Keys: keys, Nonce: "the-nonce"}, idp.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := id.CheckAccessToken(tokens["access_token"].(string)); err != nil {
		t.Error(err)
	}
	if id.Subject != "grace" || id.Name != "Grace Hopper" || id.Claim("rank") != "7" || id.Claim("groups") != `["navy"]` || id.Claim("email_verified") != "true" {
		t.Errorf("claims: %s", id.Claims())
	}
	info := c.do("GET", idp.URL(idptest.Userinfo), nil, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+tokens["access_token"].(string))
	}).json(t)
	if info["sub"] != "grace" || info["email"] != "grace@example.test" {
		t.Errorf("userinfo: %v", info)
	}
	info = c.do("POST", idp.URL(idptest.Userinfo), url.Values{"access_token": {tokens["access_token"].(string)}}, nil).json(t)
	if info["sub"] != "grace" {
		t.Errorf("userinfo by POST: %v", info)
	}
	if q := c.callback(); q.Get("error") != "access_denied" || q.Get("code") != "" || q.Get("state") != "the-state" {
		t.Errorf("denied: %v", q)
	}
	if q := c.callback(); q.Get("code") == "" { // nobody is queued: the usual person
		t.Errorf("nobody queued: %v", q)
	}
	if m := idp.Mistakes(); len(m) != 0 || idp.Pending() != 0 {
		t.Errorf("mistakes %v, pending %d", m, idp.Pending())
	}
	if idp.Count(idptest.Token) != 1 || idp.Count(idptest.Userinfo) != 2 || idp.Count(idptest.Authorization) != 3 {
		t.Errorf("counts: %v", idp.Requests())
	}
}

func TestWhatAClientDoesWrongIsRefusedAndNoted(t *testing.T) {
	for name, test := range map[string]struct {
		change       func(url.Values)
		toClient     bool // the error goes back to the redirect URI
		code, reason string
	}{
		"no PKCE":                  {func(q url.Values) { q.Del("code_challenge") }, true, "invalid_request", "PKCE"},
		"PKCE by plain":            {func(q url.Values) { q.Set("code_challenge_method", "plain") }, true, "invalid_request", "S256"},
		"no openid":                {func(q url.Values) { q.Set("scope", "profile") }, true, "invalid_scope", "openid"},
		"implicit flow":            {func(q url.Values) { q.Set("response_type", "id_token") }, true, "unsupported_response_type", "code"},
		"state twice":              {func(q url.Values) { q.Add("state", "b") }, true, "invalid_request", "state"},
		"request object":           {func(q url.Values) { q.Set("request", "x") }, true, "request_not_supported", "request"},
		"fragment mode":            {func(q url.Values) { q.Set("response_mode", "fragment") }, true, "invalid_request", "response_mode"},
		"unknown client":           {func(q url.Values) { q.Set("client_id", "x") }, false, "invalid_request", "client_id"},
		"no redirect URI":          {func(q url.Values) { q.Del("redirect_uri") }, false, "invalid_request", "redirect_uri"},
		"redirect URI with a part": {func(q url.Values) { q.Set("redirect_uri", "http://site.example/callback/") }, false, "invalid_request", "redirect_uri"},
		"request that was never pushed": {func(q url.Values) { q.Set("request_uri", "urn:ietf:params:oauth:request_uri:x") }, false,
			"invalid_request", "request_uri"},
	} {
		t.Run(name, func(t *testing.T) {
			idp := idptest.New(t, idptest.WithClient(idptest.Client{ID: "shop", Secret: "secret", RedirectURIs: []string{"http://site.example/callback"}}))
			c := newPlain(t, idp)
			c.change = test.change
			if test.toClient {
				if q := c.callback(); q.Get("error") != test.code || q.Get("code") != "" {
					t.Errorf("answer: %v", q)
				}
			} else if a := c.authorize(); a.status != http.StatusBadRequest || a.header.Get("Location") != "" {
				t.Errorf("answer: %d %v", a.status, a.header)
			}
			c.mistake(idptest.Authorization, test.code, test.reason)
		})
	}
}

func TestACodeIsGoodOnceForItsClientAndVerifier(t *testing.T) {
	for name, test := range map[string]struct {
		change func(url.Values)
		reason string
	}{
		"another verifier":     {func(f url.Values) { f.Set("code_verifier", oidc.NewVerifier()) }, "code_verifier"},
		"no verifier":          {func(f url.Values) { f.Del("code_verifier") }, "code_verifier"},
		"another redirect URI": {func(f url.Values) { f.Set("redirect_uri", "http://site.example/callback2") }, "redirect_uri"},
		"another code":         {func(f url.Values) { f.Set("code", "x") }, "code"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newPlain(t, idptest.New(t))
			good := c.codeForm(c.callback().Get("code"))
			bad := url.Values{}
			for k, v := range good {
				bad[k] = v
			}
			test.change(bad)
			if a := c.post(idptest.Token, bad); a.status != http.StatusBadRequest || a.json(t)["error"] != "invalid_grant" {
				t.Errorf("answer: %d %s", a.status, a.body)
			}
			c.mistake(idptest.Token, "invalid_grant", test.reason)
		})
	}
	c := newPlain(t, idptest.New(t))
	form := c.codeForm(c.callback().Get("code"))
	token := c.post(idptest.Token, form).json(t)["access_token"].(string)
	if a := c.post(idptest.Token, form); a.status != http.StatusBadRequest {
		t.Errorf("a second time: %d", a.status)
	}
	c.mistake(idptest.Token, "invalid_grant", "used before")
	if a := c.userinfo(token); a.status != http.StatusUnauthorized {
		t.Errorf("what the code gave is still good: %d", a.status)
	}
	form = c.codeForm(c.callback().Get("code"))
	c.idp.Advance(time.Minute)
	if a := c.post(idptest.Token, form); a.status != http.StatusBadRequest {
		t.Errorf("after a minute: %d", a.status)
	}
	if n := len(c.idp.Mistakes()); n != 1 {
		t.Errorf("a slow person is a mistake: %v", c.idp.Mistakes())
	}
}

// Apple's rule: with a scope the answer comes by a form, and is refused otherwise.
func TestAnAnswerComesByAFormWhereItIsAskedFor(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Answers: idptest.AnswerQuirks{FormPostOnly: true}}))
	c := newPlain(t, idp)
	c.change = func(q url.Values) { q.Set("response_mode", "form_post"); q.Set("state", `"><b>&`) }
	a, back, _ := c.answered()
	if a.status != http.StatusOK || back.Get("code") == "" || back.Get("state") != `"><b>&` || back.Get("iss") != idp.Issuer {
		t.Errorf("%d %v %s", a.status, back, a.body)
	}
	c.change = func(q url.Values) { q.Set("scope", "openid") }
	if back := c.callback(); back.Get("code") == "" {
		t.Errorf("openid alone: %v", back)
	}
}

func TestRequestsThatAreNoneAreRefused(t *testing.T) {
	idp := idptest.New(t)
	c := newPlain(t, idp)
	for _, e := range []idptest.Endpoint{idptest.PAR, idptest.Token, idptest.Revocation} {
		if a := c.get(e); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "POST" {
			t.Errorf("GET %s: %d %v", e, a.status, a.header)
		}
	}
	for _, e := range []idptest.Endpoint{idptest.Discovery, idptest.JWKS, idptest.Authorization, idptest.Userinfo, idptest.EndSession} {
		if a := c.do("DELETE", idp.URL(e), nil, nil); a.status != http.StatusMethodNotAllowed {
			t.Errorf("DELETE %s: %d", e, a.status)
		}
	}
	if a := c.do("GET", idp.URL(idptest.Authorization)+"?state=%zz", nil, nil); a.status != http.StatusBadRequest {
		t.Errorf("a bad escape: %d", a.status)
	}
	c.mistake(idptest.Authorization, "invalid_request", "encoded")
	if a := c.post(idptest.Token, url.Values{"grant_type": {"password"}}); a.json(t)["error"] != "unsupported_grant_type" {
		t.Errorf("a password: %s", a.body)
	}
	c.change = func(q url.Values) { q.Set("state", "a;b") }
	if back := c.callback(); back.Get("state") != "a;b" {
		t.Errorf("a semicolon in the state: %v", back)
	}
	a := c.do("GET", idp.URL(idptest.Authorization)+"?state=a;b&"+c.request().Encode(), nil, nil)
	if a.status != http.StatusSeeOther { // state came twice: the semicolon did not hide one
		t.Fatalf("%d %s", a.status, a.body)
	}
	c.mistake(idptest.Authorization, "invalid_request", "state appears more than once")
}

func (c *plain) userinfo(token string) answer {
	c.t.Helper()
	return c.do("GET", c.idp.URL(idptest.Userinfo), nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) })
}
