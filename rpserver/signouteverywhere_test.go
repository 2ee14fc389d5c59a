package rpserver_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// post sends a form of the site's own page, without following where it leads.
func (a *away) post(path string, accept string) *http.Response {
	a.t.Helper()
	r, err := http.NewRequest(http.MethodPost, a.URL+path, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	r.Header.Set("Origin", a.URL)
	r.Header.Set("Accept", accept)
	res, err := a.http.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { res.Body.Close() })
	return res
}

// Whoever signs out at the provider too comes back to where they wanted.
func TestSigningOutAtTheProviderToo(t *testing.T) {
	idp := idptest.New(t)
	a := newAway(t, idp, nil)
	a.as(ada)
	res := a.post("/signout?at=provider&return=/whoami", "text/html")
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if who := a.who(); who != "nobody" {
		t.Errorf("%s is still signed in here", who)
	}
	// A page that leaves, and no redirect that a form-action would stop.
	_, rest, _ := strings.Cut(string(body), `content="0;url=`)
	to, _, ok := strings.Cut(rest, `"`)
	to = strings.ReplaceAll(to, "&amp;", "&")
	if res.StatusCode != 200 || !ok || !strings.HasPrefix(to, idp.URL(idptest.EndSession)+"?") {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	if p := a.open(to); p.at.Path != "/whoami" || p.body != "nobody" {
		t.Errorf("came back to %s with %d %s; mistakes %v", p.at, p.status, p.body, idp.Mistakes())
	}
	last := idp.Requests()[len(idp.Requests())-1]
	if last.Endpoint != idptest.EndSession || last.Form.Get("id_token_hint") == "" || last.Form.Get("client_id") != idp.ClientID ||
		last.Form.Get("post_logout_redirect_uri") != a.rp.PostLogoutRedirectURIs()[0] {
		t.Errorf("%+v", last)
	}
	// A state that is not ours leads to the root and nowhere else.
	for _, state := range []string{"", "?state=x", "?state=" + url.QueryEscape("https://evil.example/")} {
		if p := a.open(a.rp.PostLogoutRedirectURIs()[0] + state); p.at.Path != "/" {
			t.Errorf("%q leads to %s", state, p.at)
		}
	}
}

func TestAProviderWithoutASignOutIsSignedOutOfHere(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{NoEndSession: true}}))
	a := newAway(t, idp, nil)
	a.as(ada)
	if res := a.post("/signout?at=provider&return=/whoami", "text/html"); res.Request.URL.Path != "/whoami" || a.who() != "nobody" {
		t.Errorf("at %s, %s is signed in", res.Request.URL, a.who())
	}
	a.as(ada)
	idp.Fails(idptest.Discovery, idptest.Fault{Status: 500})
	if res := a.post("/signout?at=provider", "application/json"); res.StatusCode != 200 || a.who() != "nobody" {
		t.Errorf("%d, %s is signed in", res.StatusCode, a.who())
	}
}

// The provider tells the site that somebody signed out: their sessions end wherever they
// are, and nobody else's.
func TestTheProviderSignsPeopleOut(t *testing.T) {
	grace, adaP := idptest.Person{Subject: "grace"}, idptest.Person{Subject: ada}
	idp := idptest.New(t)
	a := newAway(t, idp, nil)
	uri := a.rp.BackChannelLogoutURIs()[0]
	first := a.http
	idp.SignsIn(grace)
	a.as("grace")
	a.newBrowser()
	second := a.http
	idp.SignsIn(adaP)
	a.as(ada)
	if err := idp.BackChannelLogout(t.Context(), uri, grace); err != nil {
		t.Fatal(err)
	}
	if who := a.who(); who != ada {
		t.Errorf("in the other browser: %s", who)
	}
	a.http = first
	if who := a.who(); who != "nobody" {
		t.Errorf("signed out at the provider, and here still %s", who)
	}
	a.http = second
	if err := idp.BackChannelLogout(t.Context(), uri, adaP); err != nil || a.who() != "nobody" {
		t.Errorf("%v, %s", err, a.who())
	}
	if err := idp.BackChannelLogout(t.Context(), uri, idptest.Person{Subject: "stranger"}); err != nil {
		t.Errorf("about somebody who never came: %v", err) // section 2.7: nothing to do is success
	}
}

// Some providers name their session when it ends and not when it begins.
func TestTheProviderSignsOutWhoseSessionItDidNotName(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Token: idptest.TokenQuirks{NoSessionID: true}}))
	a := newAway(t, idp, nil)
	a.as(ada)
	token := idp.LogoutToken(idptest.Person{Subject: ada}, func(_, claims map[string]any) { claims["sid"] = "a session" })
	res, err := http.PostForm(a.rp.BackChannelLogoutURIs()[0], url.Values{"logout_token": {token}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 200 || a.who() != "nobody" {
		t.Errorf("%d, %s", res.StatusCode, a.who())
	}
}

func TestLogoutTokensThatEndNothing(t *testing.T) {
	for name, quirk := range map[string]idptest.LogoutQuirks{
		"logout_event":      {NoEvent: true},
		"alg_unsupported":   {Unsigned: true},
		"logout_nonce":      {WithNonce: true},
		"aud_mismatch":      {WrongAudience: true},
		"iss_mismatch":      {WrongIssuer: true},
		"logout_subject":    {NoSubject: true},
		"logout_jti":        {NoTokenID: true},
		"expired":           {Expired: true},
		"another event":     {WrongEvent: true},
		"key confusion":     {HMAC: true},
		"an ID token":       {Type: "at+jwt"},
		"(accepted) no typ": {Type: "JWT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Logout: quirk}))
			a := newAway(t, idp, nil)
			a.as(ada)
			err := idp.BackChannelLogout(t.Context(), a.rp.BackChannelLogoutURIs()[0], idptest.Person{Subject: ada})
			want := ada
			if strings.HasPrefix(name, "(accepted)") {
				want = "nobody"
			}
			if (err == nil) != (want == "nobody") || a.who() != want {
				t.Errorf("%v, %s is signed in", err, a.who())
			}
			if strings.Contains(name, "_") {
				a.logged("code=" + name)
			}
		})
	}
}

func TestALogoutTokenWorksOnce(t *testing.T) {
	idp := idptest.New(t)
	a := newAway(t, idp, nil)
	a.as(ada)
	token := idp.LogoutToken(idptest.Person{Subject: ada}, nil)
	send := func() int {
		res, err := http.PostForm(a.rp.BackChannelLogoutURIs()[0], url.Values{"logout_token": {token}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.Header.Get("Cache-Control") != "no-store" {
			t.Error(res.Header)
		}
		return res.StatusCode
	}
	if status := send(); status != 200 || a.who() != "nobody" {
		t.Fatalf("%d, %s", status, a.who())
	}
	a.as(ada)
	if status := send(); status != 400 || a.who() != ada {
		t.Errorf("once more: %d, %s", status, a.who())
	}
	for _, form := range []url.Values{{}, {"logout_token": {""}}, {"logout_token": {token, token}}} {
		res, err := http.PostForm(a.rp.BackChannelLogoutURIs()[0], form)
		if err != nil || res.StatusCode != 400 {
			t.Errorf("%v: %v %v", form, res, err)
		}
	}
}

func TestSigningOutEverywhere(t *testing.T) {
	idp := idptest.New(t)
	a := newAway(t, idp, func(p *rpserver.Provider) { p.Offline = true })
	var user string
	for range 3 {
		a.newBrowser()
		a.as(ada)
	}
	all, err := a.rows.SignInsOf(t.Context(), userOf(t, a), idp.Now())
	if err != nil || len(all) != 3 {
		t.Fatalf("%d sign-ins, %v", len(all), err)
	}
	user = all[0].UserID
	if n, err := a.rp.SignOutEverywhere(t.Context(), user); n != 3 || err != nil || a.who() != "nobody" {
		t.Errorf("%d, %v, %s", n, err, a.who())
	}
	if _, err := a.rp.SignOutEverywhere(t.Context(), ""); err == nil {
		t.Error("nobody signed out everywhere")
	}
}

// userOf is the user whose subject is ada.
func userOf(t *testing.T, a *away) string {
	t.Helper()
	u, created, err := a.rows.SignIn(t.Context(), rpserver.Identity{Issuer: a.idp.Issuer, Subject: ada}, a.idp.Now())
	if err != nil || created {
		t.Fatal(created, err)
	}
	return u.ID
}
