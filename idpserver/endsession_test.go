package idpserver_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	shopBye = shopOrigin + "/bye"
	byeURL  = "/end_session?"
)

func TestASiteThatShowsAnIDTokenSignsItsPersonOut(t *testing.T) {
	p, b, ada, set := signedInWith(t, offline)
	other := b.tokensOf(ada, "openid email")
	p.now = p.now.Add(48 * time.Hour) // a hint may have expired
	res := b.get(byeURL + values("id_token_hint", set.ID, "post_logout_redirect_uri", shopBye, "state", "s t").Encode())
	wantRedirect(t, res, shopBye+"?state=s+t")
	wantStatus(t, p.userinfo(other.Access), http.StatusUnauthorized)
	wantStatus(t, p.token(refreshForm(set.Refresh)), http.StatusOK) // it outlives the sign-in
	if to := b.get("/account").Header.Get("Location"); !strings.HasPrefix(to, "/signin") {
		t.Errorf("still signed in: %q", to)
	}
	// Again, for who is signed out already: the browser goes on all the same.
	wantRedirect(t, b.get(byeURL+values("id_token_hint", set.ID, "post_logout_redirect_uri", shopBye).Encode()), shopBye)
	res = b.get("/end_session")
	wantStatus(t, res, http.StatusOK)
	if !strings.Contains(body(t, res), "You are signed out") {
		t.Error(body(t, res))
	}
}

func TestWithoutAHintThePersonIsAsked(t *testing.T) {
	_, b, _, _ := signedInWith(t, "openid")
	for name, query := range map[string]string{
		"nothing":      "",
		"a state":      values("state", "x").Encode(),
		"its own name": values("client_id", shopID, "post_logout_redirect_uri", shopBye, "state", "x").Encode(),
	} {
		res := b.get(byeURL + query)
		wantStatus(t, res, http.StatusOK)
		text := body(t, res)
		if !strings.Contains(text, "Sign out of Test ID?") || strings.Contains(text, "Corner Shop") != strings.Contains(query, "client_id") {
			t.Errorf("%s: %s", name, text)
		}
		if strings.Contains(b.get("/account").Header.Get("Location"), "/signin") {
			t.Fatalf("%s signed out", name)
		}
	}
	// By POST of the client's page no cookie comes.
	r := httptest.NewRequest(http.MethodPost, loopback+"/end_session", strings.NewReader(values("client_id", shopID, "post_logout_redirect_uri", shopBye).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", shopOrigin)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	res := b.send(r, true)
	wantStatus(t, res, http.StatusOK)
	if !strings.Contains(body(t, res), `name="post_logout_redirect_uri"`) {
		t.Error("the question does not carry the request along")
	}
	confirm := []string{"client_id", shopID, "post_logout_redirect_uri", shopBye, "state", "x"}
	wantRedirect(t, b.post("/end_session/confirm", append(confirm, "do", "stay")...), "/account")
	wantPageCode(t, b.post("/end_session/confirm", append(confirm, "do", "what")...), 400, "action_unknown")
	wantRedirect(t, b.post("/end_session/confirm", append(confirm, "do", "signout")...), shopBye+"?state=x")
	if to := b.get("/account").Header.Get("Location"); !strings.HasPrefix(to, "/signin") {
		t.Errorf("still signed in: %q", to)
	}
}

func TestASignOutThatIsRefusedSignsNobodyOut(t *testing.T) {
	p, b, _, set := signedInWith(t, "openid")
	grace := p.create("grace@corp.example")
	other := p.browser()
	other.signIn("grace@corp.example")
	hers := other.tokensOf(grace, "openid")
	parts := strings.Split(set.ID, ".")
	for name, c := range map[string]struct {
		query url.Values
		code  string
	}{
		"an address of nobody":       {values("post_logout_redirect_uri", shopBye), "post_logout_redirect_uri_mismatch"},
		"an address of another":      {values("client_id", "wiki", "post_logout_redirect_uri", shopBye), "post_logout_redirect_uri_mismatch"},
		"a query more":               {values("id_token_hint", set.ID, "post_logout_redirect_uri", shopBye+"?a=b"), "post_logout_redirect_uri_mismatch"},
		"an address that is no page": {values("id_token_hint", set.ID, "post_logout_redirect_uri", "https://evil.example/"), "post_logout_redirect_uri_mismatch"},
		"a hint that is none":        {values("id_token_hint", "x", "post_logout_redirect_uri", shopBye), "hint_refused"},
		"a changed hint":             {values("id_token_hint", parts[0]+"."+parts[1]+".AAAA"), "hint_refused"},
		"an access token":            {values("id_token_hint", set.Access), "hint_refused"},
		"a hint of another client":   {values("id_token_hint", set.ID, "client_id", "wiki"), "hint_of_another"},
	} {
		wantPageCode(t, b.get(byeURL+c.query.Encode()), 400, c.code)
		if b.get("/account").StatusCode != http.StatusOK {
			t.Fatalf("%s: signed out", name)
		}
	}
	twice := values("id_token_hint", set.ID)
	twice.Add("state", "a")
	twice.Add("state", "b")
	wantPageCode(t, b.get(byeURL+twice.Encode()), 400, "duplicate_parameter")
	// Of somebody who is not signed in here: the person is asked.
	res := b.get(byeURL + values("id_token_hint", hers.ID).Encode())
	wantStatus(t, res, http.StatusOK)
	if !strings.Contains(body(t, res), "Sign out of Test ID?") || b.get("/account").StatusCode != http.StatusOK {
		t.Error("somebody else's hint signed out")
	}
}

func TestAHintNamesWhomAnAnswerMayBeAbout(t *testing.T) {
	p, b, ada, set := signedInWith(t, "openid")
	grace := p.create("grace@corp.example")
	b.signIn("grace@corp.example")
	hers := b.tokensOf(grace, "openid")
	ask := func(hint string, more ...string) url.Values {
		v, _ := codeRequest(t)
		v.Set("scope", "openid")
		v.Set("id_token_hint", hint)
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return v
	}
	silently := func(hint string) url.Values {
		return answer(t, b.get("/authorize?"+ask(hint, "prompt", "none").Encode()))
	}
	if q := silently(set.ID); q.Get("code") == "" {
		t.Errorf("ada: %v", q)
	}
	if q := silently(hers.ID); q.Get("code") == "" {
		t.Errorf("grace: %v", q)
	}
	b.post("/signout", "account", grace.ID)
	if q := silently(hers.ID); q.Get("error") != "login_required" {
		t.Errorf("grace is signed out: %v", q)
	}
	for _, bad := range []string{"x", hers.Access} {
		if q := silently(bad); q.Get("error") != "invalid_request" {
			t.Errorf("a hint that is none: %v", q)
		}
	}
	// Asked for grace, who signs in as ada: never ada's code.
	page := b.get("/authorize?" + ask(hers.ID).Encode())
	to := page.Header.Get("Location")
	if !strings.HasPrefix(to, "/signin?") || strings.Contains(to, hers.ID) {
		t.Fatalf("%d to %q", page.StatusCode, to)
	}
	v := ask("x")
	v.Del("id_token_hint")
	v.Set("for_account", grace.ID)
	if q := answer(t, b.consent(v, ada.ID, "continue")); q.Get("error") != "login_required" || q.Get("code") != "" {
		t.Errorf("somebody else: %v", q)
	}
}
