package idpserver_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// A client of before PKCE, as its operator registered it.
func TestAClientThatIsAllowedNoPKCE(t *testing.T) {
	p := newIdP(t)
	p.secret(wikiSecret)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	request := func(change ...func(url.Values)) (string, url.Values) {
		v, verifier := codeRequest(t)
		v.Set("client_id", "older")
		v.Set("redirect_uri", "https://older.example/cb")
		for _, f := range change {
			f(v)
		}
		to, err := url.Parse(b.consent(v, ada.ID, "continue").Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		form := values("grant_type", "authorization_code", "redirect_uri", v.Get("redirect_uri"), "code", to.Query().Get("code"))
		if v.Has("code_challenge") {
			form.Set("code_verifier", verifier)
		}
		return to.Query().Get("error"), form
	}
	without := func(v url.Values) { v.Del("code_challenge"); v.Del("code_challenge_method") }
	_, form := request(without)
	set := p.tokens(p.token(form, basic("older", wikiSecret)))
	if c := claims(t, set.ID); c["name"] != nil || c["email"] != nil || c["nonce"] != testNonce || p.person(set.Access)["email"] != "ada@corp.example" {
		t.Errorf("claims at userinfo: %v", c)
	}
	if set.Refresh == "" || strings.Contains(set.Scope, "offline") {
		t.Errorf("refresh tokens for the session: %+v", set)
	}
	b.post("/signout", "account", ada.ID)
	wantTokenError(t, p.token(values("grant_type", "refresh_token", "refresh_token", set.Refresh), basic("older", wikiSecret)), 400, "invalid_grant")
	b.signIn("ada@corp.example")

	if code, _ := request(without, func(v url.Values) { v.Del("nonce") }); code != "invalid_request" {
		t.Errorf("neither nonce nor PKCE: %q", code)
	}
	// RFC 9700 section 4.8.2: whoever takes the challenge out of the request of a client
	// that uses PKCE has a code that its verifier does not fit.
	_, form = request(without)
	form.Set("code_verifier", "the-verifier-of-the-client-that-sent-a-challenge")
	wantTokenError(t, p.token(form, basic("older", wikiSecret)), 400, "invalid_grant")
	_, form = request()
	form.Del("code_verifier")
	wantTokenError(t, p.token(form, basic("older", wikiSecret)), 400, "invalid_grant")

	for name, c := range map[string]directory.Client{
		"public":        {AllowNoPKCE: true, RequireNonce: true},
		"without nonce": {AllowNoPKCE: true, SecretHash: directory.HashClientSecret(wikiSecret)},
	} {
		c.ID, c.Name, c.Origins = "a", "A", []string{"https://a.example"}
		if _, err := directory.StaticClients(c); err == nil || !strings.Contains(err.Error(), "AllowNoPKCE") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
