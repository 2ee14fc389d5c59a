package rpserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

var fromHere = map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

// through goes from the site's start to the provider and back, and returns the address of
// the callback without going there.
func (a *away) through(start string) (callback string) {
	a.t.Helper()
	res := a.step("GET", start, fromHere)
	if res.StatusCode != 303 {
		a.t.Fatalf("%s: %d", start, res.StatusCode)
	}
	at, err := http.DefaultTransport.RoundTrip(mustRequest(a.t, "GET", res.Header.Get("Location")))
	if err != nil {
		a.t.Fatal(err)
	}
	at.Body.Close()
	return at.Header.Get("Location")
}

// twoProviders is a site with a second provider, named second.
func twoProviders(t *testing.T, second *idptest.Provider) *away {
	return newAway(t, idptest.New(t), nil, func(c *rpserver.Config) {
		p := configured(second)
		p.Name = "second"
		c.Providers = append(c.Providers, p)
	})
}

const ( // where a sign-in begins
	withFirst  = "/signin/start?return=/whoami&provider=idp"
	withSecond = "/signin/start?return=/whoami&provider=second"
)

func TestAPersonSignsInWithASecondIdentityThatTheyLinked(t *testing.T) {
	second := idptest.New(t, idptest.WithPerson(idptest.Person{Subject: "countess"}))
	a := twoProviders(t, second)
	if res := a.step("GET", withSecond+"&link=1", fromHere); res.StatusCode != 403 {
		t.Errorf("nobody is signed in, and links: %d", res.StatusCode)
	}
	if p := a.open(a.URL + withFirst); p.body != ada {
		t.Fatal(p)
	}
	if res := a.step("GET", withSecond+"&link=1", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}); res.StatusCode != 403 {
		t.Errorf("another site links: %d", res.StatusCode)
	}
	if p := a.open(a.through(withSecond + "&link=1")); p.body != ada || p.at.Path != "/whoami" { // the session stays as it is
		t.Fatalf("%d %s %s %s", p.status, p.at, p.code, a.log)
	}
	user := userOf(t, a)
	a.newBrowser()
	if p := a.open(a.URL + withSecond); p.body != "countess" {
		t.Fatal(p)
	}
	if all, err := a.rows.SignInsOf(t.Context(), user, a.idp.Now()); err != nil || len(all) != 2 {
		t.Errorf("%d sign-ins of the one user, %v", len(all), err)
	}
	// Somebody else's identity stays theirs.
	a.newBrowser()
	a.idp.SignsIn(idptest.Person{Subject: "grace"})
	if p := a.open(a.URL + withFirst); p.body != "grace" {
		t.Fatal(p)
	}
	if p := a.open(a.through(withSecond + "&link=1")); p.code != "identity_taken" || a.who() != "grace" {
		t.Errorf("%d %s", p.status, p.code)
	}
}

// What one person began does not end as another one's, and not without anybody.
func TestLinkingIsBoundToTheSignIn(t *testing.T) {
	second := idptest.New(t, idptest.WithPerson(idptest.Person{Subject: "countess"}))
	a := twoProviders(t, second)
	a.open(a.URL + withFirst)
	callback := a.through(withSecond + "&link=1")
	a.idp.SignsIn(idptest.Person{Subject: "grace"})
	a.open(a.URL + withFirst) // another person in the same browser
	if p := a.open(callback); p.code != "state_other_browser" {
		t.Errorf("%d %s", p.status, p.code)
	}
	callback = a.through(withSecond + "&link=1")
	a.post("/signout", "application/json")
	if p := a.open(callback + "&again=1"); p.code == "" {
		t.Errorf("after the sign-out: %d %s", p.status, p.body)
	}
	a.newBrowser()
	if p := a.open(a.URL + withSecond); p.body != "countess" {
		t.Fatal(p)
	}
	if ids, err := a.rows.Identities(t.Context(), userOf(t, a)); err != nil || len(ids) != 1 {
		t.Errorf("ada has %v, %v", ids, err)
	}
}

func TestWhatIsCostlyNeedsAFreshSignIn(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()), idptest.WithPerson(idptest.Person{Subject: ada, Email: "ada@example.test"}))
	a := newAway(t, idp, nil)
	mux := http.NewServeMux()
	mux.Handle("/", a.Config.Handler)
	mux.Handle("/pay", a.rp.RequireFresh(5*time.Minute, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("paid"))
	})))
	a.Config.Handler = mux
	page := map[string]string{"Accept": "text/html"}
	a.as(ada)
	if res := a.step("GET", "/pay", page); res.StatusCode != 200 && res.StatusCode != 303 {
		t.Fatalf("%d", res.StatusCode)
	}
	idp.Advance(time.Hour)
	if res := a.step("GET", "/pay", nil); res.StatusCode != 403 {
		t.Errorf("a script: %d", res.StatusCode)
	}
	a.forgetArrival()
	res := a.step("GET", "/pay", page)
	to := res.Header.Get("Location")
	if res.StatusCode != 303 || !strings.Contains(to, "max_age=300") || !strings.Contains(to, "login_hint=ada%40example.test") {
		t.Fatalf("%d %q", res.StatusCode, to)
	}
	if p := a.open(a.through(to)); p.status != 200 && p.body != "paid" {
		t.Errorf("%d %s %s", p.status, p.at, p.code)
	}
	if res := a.step("GET", "/pay", page); res.StatusCode != 200 {
		t.Errorf("after the confirmation: %d %q\n%s", res.StatusCode, res.Header.Get("Location"), a.log)
	}
	// A time of the future is that of now.
	tomorrow := idp.Now().Add(24 * time.Hour).Unix()
	idp.Quirk(func(q *idptest.Quirks) {
		q.Token.Edit = func(_, claims map[string]any) { claims["auth_time"] = tomorrow }
	})
	a.as(ada)
	idp.Quirk(func(q *idptest.Quirks) { q.Token.Edit = nil })
	idp.Advance(time.Hour)
	a.forgetArrival()
	if res := a.step("GET", "/pay", page); res.StatusCode != 303 {
		t.Errorf("fresh for a day: %d", res.StatusCode)
	}
	// Somebody else does not confirm it.
	idp.Advance(time.Hour)
	idp.SignsIn(idptest.Person{Subject: "grace"})
	if p := a.open(a.through(to)); p.code != "other_person" || a.who() != ada {
		t.Errorf("%d %s, %s", p.status, p.code, a.who())
	}
	// A provider that does not say when, or says that it is long ago, confirms nothing.
	old := idp.Now().Add(-time.Hour).Unix()
	for name, edit := range map[string]func(_, claims map[string]any){
		"no auth_time": func(_, claims map[string]any) { delete(claims, "auth_time") },
		"an old one":   func(_, claims map[string]any) { claims["auth_time"] = old },
	} {
		idp.Quirk(func(q *idptest.Quirks) { q.Token.Edit = edit })
		if p := a.open(a.through(to)); p.code != "not_confirmed" {
			t.Errorf("%s: %d %s", name, p.status, p.code)
		}
	}
	for _, age := range []string{"x", "-1", "99999999999"} {
		if res := a.step("GET", "/signin/start?max_age="+age, fromHere); res.StatusCode != 400 {
			t.Errorf("%s: %d", age, res.StatusCode)
		}
	}
}

// forgetArrival is that ten seconds go by in the browser.
func (a *away) forgetArrival() {
	u := mustRequest(a.t, "GET", a.URL).URL
	for _, c := range a.jar.Cookies(u) {
		if strings.HasPrefix(c.Name, "rp-arrived") {
			a.jar.SetCookies(u, []*http.Cookie{{Name: c.Name, Path: "/", MaxAge: -1}})
		}
	}
}

func TestMoreScopesAreAskedForWhenTheyAreNeeded(t *testing.T) {
	idp := idptest.New(t)
	a := newAway(t, idp, func(p *rpserver.Provider) { p.MoreScopes = []string{"calendar"} })
	a.as(ada)
	if res := a.step("GET", "/signin/start?scope=everything", fromHere); res.StatusCode != 400 {
		t.Errorf("a scope that is not listed: %d", res.StatusCode)
	}
	if res := a.step("GET", "/signin/start?scope=calendar", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}); res.StatusCode != 403 {
		t.Errorf("from another site: %d", res.StatusCode)
	}
	if p := a.open(a.through("/signin/start?scope=calendar&return=/whoami")); p.body != ada {
		t.Fatalf("%d %s", p.status, p.code)
	}
	token, err := a.rp.TokenSource(a.signedIn()).Token(t.Context())
	if err != nil || !strings.Contains(token.Scope, "calendar") {
		t.Errorf("%q, %v", token.Scope, err)
	}
	idp.SignsIn(idptest.Person{Subject: "grace"})
	if p := a.open(a.through("/signin/start?scope=calendar")); p.code != "other_person" || a.who() != ada {
		t.Errorf("somebody else agrees: %d %s", p.status, p.code)
	}
}
