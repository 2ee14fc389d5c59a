package idptest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/internal/secret"
)

func offline(q url.Values) { q.Set("scope", "openid offline_access") }

func refresh(token any) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token.(string)}}
}

func TestARefreshTokenRotatesAndIsGoodOnce(t *testing.T) {
	c := newPlain(t, idptest.New(t))
	c.change = offline
	first := c.signIn()
	second := c.post(idptest.Token, refresh(first["refresh_token"])).json(t)
	if second["refresh_token"] == nil || second["refresh_token"] == first["refresh_token"] || second["access_token"] == first["access_token"] {
		t.Fatalf("refreshed: %v", second)
	}
	_, old, _ := parts(t, first["id_token"])
	if _, claims, _ := parts(t, second["id_token"]); claims["nonce"] != nil || claims["sid"] != old["sid"] || claims["sub"] != old["sub"] {
		t.Errorf("refreshed ID token: %v after %v", claims, old)
	}
	more := refresh(second["refresh_token"])
	more.Set("scope", "openid email")
	if a := c.post(idptest.Token, more); a.json(t)["error"] != "invalid_scope" {
		t.Errorf("a scope that was not granted: %s", a.body)
	}
	if a := c.post(idptest.Token, refresh(first["refresh_token"])); a.json(t)["error"] != "invalid_grant" {
		t.Errorf("the old one again: %s", a.body)
	}
	c.mistake(idptest.Token, "invalid_grant", "used before")
	if a := c.post(idptest.Token, refresh(second["refresh_token"])); a.json(t)["error"] != "invalid_grant" {
		t.Errorf("the new one, after the old one was used again: %s", a.body)
	}
	c.idp.Register(idptest.Client{ID: "another"})
	c.auth = nil
	form := refresh(c.twin().signIn()["refresh_token"])
	form.Set("client_id", "another")
	if a := c.post(idptest.Token, form); a.json(t)["error"] != "invalid_grant" {
		t.Errorf("another client's: %s", a.body)
	}
}

// twin is the same client with its authentication.
func (c *plain) twin() *plain {
	d := newPlain(c.t, c.idp)
	d.change = c.change
	return d
}

func TestRevokedAndOldTokensAreOver(t *testing.T) {
	c := newPlain(t, idptest.New(t))
	c.change = offline
	revoke := func(token any) {
		t.Helper()
		if a := c.post(idptest.Revocation, url.Values{"token": {token.(string)}}); a.status != http.StatusOK || len(a.body) > 0 {
			t.Errorf("revocation: %d %s", a.status, a.body)
		}
	}
	one := c.signIn()
	revoke(one["access_token"])
	if a := c.userinfo(one["access_token"].(string)); a.status != http.StatusUnauthorized {
		t.Errorf("revoked: %d", a.status)
	}
	two := c.post(idptest.Token, refresh(one["refresh_token"])).json(t) // by itself alone
	revoke(two["refresh_token"])
	if a := c.userinfo(two["access_token"].(string)); a.status != http.StatusUnauthorized {
		t.Errorf("the grant was revoked: %d", a.status)
	}
	if a := c.post(idptest.Token, refresh(two["refresh_token"])); a.json(t)["error"] != "invalid_grant" {
		t.Errorf("revoked: %s", a.body)
	}
	three := c.signIn()["access_token"].(string)
	c.idp.Advance(time.Hour)
	if a := c.userinfo(three); a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" {
		t.Errorf("after an hour: %d", a.status)
	}
	if m := c.idp.Mistakes(); len(m) > 0 {
		t.Errorf("what ends by itself is no mistake: %v", m)
	}
	if a := c.userinfo(secret.New()); a.status != http.StatusUnauthorized {
		t.Errorf("unknown: %d", a.status)
	}
	c.mistake(idptest.Userinfo, "invalid_token", "unknown")
}

func TestAPushedRequestIsGoodOnceForItsClient(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{PARRequired: true}}))
	c := newPlain(t, idp)
	push := func() url.Values {
		uri := c.post(idptest.PAR, c.request()).json(t)["request_uri"].(string)
		return url.Values{"client_id": {idp.ClientID}, "request_uri": {uri}}
	}
	go1 := func(q url.Values) answer { return c.do("GET", idp.URL(idptest.Authorization)+"?"+q.Encode(), nil, nil) }
	q := push()
	if a := go1(q); a.status != http.StatusSeeOther || !strings.Contains(a.header.Get("Location"), "code=") {
		t.Fatalf("pushed: %d %s", a.status, a.body)
	}
	if a := go1(q); a.status != http.StatusBadRequest {
		t.Errorf("once more: %d", a.status)
	}
	q = push()
	q.Set("client_id", "another")
	if a := go1(q); a.status != http.StatusBadRequest {
		t.Errorf("another client: %d", a.status)
	}
	q = push()
	idp.Advance(time.Minute)
	if a := go1(q); a.status != http.StatusBadRequest {
		t.Errorf("after a minute: %d", a.status)
	}
	c.change = func(q url.Values) { q.Del("code_challenge") }
	if a := c.post(idptest.PAR, c.request()); a.json(t)["error"] != "invalid_request" {
		t.Errorf("without PKCE: %s", a.body)
	}
	c.mistake(idptest.PAR, "invalid_request", "PKCE")
}

func TestASessionEndsByWayOfTheRelyingParty(t *testing.T) {
	const back = "http://site.example/bye"
	idp := idptest.New(t, idptest.WithClient(idptest.Client{ID: "shop", Secret: "s", PostLogoutRedirectURIs: []string{back}}))
	c := newPlain(t, idp)
	hint := c.signIn()["id_token"].(string)
	if err := idp.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	idp.WithdrawKeys()
	idp.Advance(time.Hour) // old hints count
	end := func(q url.Values) answer { return c.do("GET", idp.URL(idptest.EndSession)+"?"+q.Encode(), nil, nil) }
	a := end(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {back}, "state": {"a;b"}})
	if a.status != http.StatusSeeOther || a.header.Get("Location") != back+"?state=a%3Bb" {
		t.Errorf("%d %q %s", a.status, a.header.Get("Location"), a.body)
	}
	for reason, q := range map[string]url.Values{
		"registered":    {"client_id": {"shop"}, "post_logout_redirect_uri": {back + "/"}},
		"there must be": {"post_logout_redirect_uri": {back}},
		"no ID token":   {"id_token_hint": {hint[:len(hint)-20] + strings.Repeat("A", 20)}, "post_logout_redirect_uri": {back}},
		"another":       {"id_token_hint": {hint}, "client_id": {"x"}},
	} {
		if a := end(q); a.status != http.StatusBadRequest || a.header.Get("Location") != "" {
			t.Errorf("%s: %d", reason, a.status)
		}
		c.mistake(idptest.EndSession, "invalid_request", reason)
	}
}

func TestALogoutTokenIsPostedToTheRelyingParty(t *testing.T) {
	status, got := http.StatusOK, ""
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.PostFormValue("logout_token")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "not today")
	}))
	defer site.Close()
	idp := idptest.New(t)
	c := newPlain(t, idp)
	_, id, _ := parts(t, c.signIn()["id_token"])
	if err := idp.BackChannelLogout(context.Background(), site.URL, idptest.Person{Subject: "ada"}); err != nil {
		t.Fatal(err)
	}
	_, claims, _ := parts(t, got)
	if claims["sid"] == nil || claims["sid"] != id["sid"] || claims["sub"] != "ada" || !verifies(t, got, "key-1", c.get(idptest.JWKS)) {
		t.Errorf("logout token %v for %v", claims, id)
	}
	status = http.StatusBadRequest
	err := idp.BackChannelLogout(context.Background(), site.URL, idptest.Person{Subject: "ada"})
	if err == nil || !strings.Contains(err.Error(), "400: not today") {
		t.Errorf("refused: %v", err)
	}
}
