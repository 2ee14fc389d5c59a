package idpserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// wikiRequest is a good request of the wiki, which has a secret.
func wikiRequest(t testing.TB) (v url.Values, verifier string) {
	v, verifier = codeRequest(t)
	v.Set("client_id", "wiki")
	v.Set("redirect_uri", "https://wiki.example/cb")
	return v, verifier
}

func (p *idp) push(form url.Values) string {
	p.t.Helper()
	res := p.server("/par", form, basic("wiki", wikiSecret))
	wantStatus(p.t, res, http.StatusCreated)
	uri, err := oidc.ParsePushed([]byte(body(p.t, res)), 4096)
	if err != nil || !strings.HasPrefix(uri, oidc.PushedPrefix) || !strings.Contains(body(p.t, res), `"expires_in":60`) || res.Header.Get("Cache-Control") != "no-store" {
		p.t.Fatalf("%v: %s", err, body(p.t, res))
	}
	p.secret(strings.TrimPrefix(uri, oidc.PushedPrefix))
	return uri
}

func TestAPushedRequestIsMadeOnce(t *testing.T) {
	p := newIdP(t)
	p.secret(wikiSecret)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	v, verifier := wikiRequest(t)
	at, err := oidc.PushedURL("/authorize", "wiki", p.push(v))
	if err != nil {
		t.Fatal(err)
	}
	// It goes on to what can be loaded again.
	res := b.get(at)
	to := res.Header.Get("Location")
	wantRedirect(t, res, "/authorize?"+v.Encode())
	for range 2 {
		wantStatus(t, b.get(to), http.StatusOK)
	}
	wantPageCode(t, b.get(at), 400, "request_gone")
	back, err := url.Parse(b.consent(v, ada.ID, "continue").Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	form := values("grant_type", "authorization_code", "redirect_uri", v.Get("redirect_uri"), "code", back.Query().Get("code"), "code_verifier", verifier)
	p.tokens(p.token(form, basic("wiki", wikiSecret)))
}

func TestAPushedRequestIsItsClientsAndShort(t *testing.T) {
	p := newIdP(t)
	p.secret(wikiSecret)
	b := p.browser()
	v, _ := wikiRequest(t)
	for name, c := range map[string]struct {
		query func(uri string) string
		later time.Duration
	}{
		"another client's": {func(uri string) string { return values("client_id", shopID, "request_uri", uri).Encode() }, 0},
		"nobody's":         {func(uri string) string { return values("request_uri", uri).Encode() }, 0},
		"a guess": {func(uri string) string {
			return values("client_id", "wiki", "request_uri", oidc.PushedPrefix+strings.Repeat("A", 43)).Encode()
		}, 0},
		"too late": {func(uri string) string { return values("client_id", "wiki", "request_uri", uri).Encode() }, time.Minute},
	} {
		uri := p.push(v)
		p.now = p.now.Add(c.later)
		t.Run(name, func(t *testing.T) { wantPageCode(t, b.get("/authorize?"+c.query(uri)), 400, "request_gone") })
	}
}

func TestARequestThatCannotBePushed(t *testing.T) {
	p := newIdP(t)
	p.secret(wikiSecret)
	for name, c := range map[string]struct {
		change func(url.Values)
		code   string
	}{
		"another redirect URI": {func(v url.Values) { v.Set("redirect_uri", "https://evil.example/") }, "invalid_request"},
		"no PKCE":              {func(v url.Values) { v.Del("code_challenge"); v.Del("code_challenge_method") }, "invalid_request"},
		"a request_uri in it":  {func(v url.Values) { v.Set("request_uri", oidc.PushedPrefix+"x") }, "request_uri_not_supported"},
		"implicit":             {func(v url.Values) { v.Set("response_type", "token") }, "unsupported_response_type"},
	} {
		v, _ := wikiRequest(t)
		c.change(v)
		res := p.server("/par", v, basic("wiki", wikiSecret))
		if wantTokenError(t, res, 400, c.code); t.Failed() {
			t.Fatal(name)
		}
	}
	v, _ := wikiRequest(t)
	wantTokenError(t, p.server("/par", v), 401, "invalid_client")
	shop, _ := codeRequest(t)
	wantTokenError(t, p.server("/par", shop), 401, "invalid_client")
	v.Set("client_id", shopID)
	wantTokenError(t, p.server("/par", v, basic("wiki", wikiSecret)), 400, "invalid_request")
}
