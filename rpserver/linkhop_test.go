package rpserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
)

var fromElsewhere = map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}

// backAgain goes from a start to the provider and back, in a browser that keeps the cookie
// back at first: the callback is loaded once more by this site's own page, and the browser
// says of all that follows that it comes from here. It returns where that leads.
func (a *away) backAgain(start string) string {
	a.t.Helper()
	to := start
	for {
		res := a.step("GET", to, fromElsewhere)
		if to = res.Header.Get("Location"); res.StatusCode != 303 {
			a.t.Fatalf("%s: %d", start, res.StatusCode)
		}
		if strings.HasPrefix(to, "http") {
			break
		}
	}
	at, err := http.DefaultTransport.RoundTrip(mustRequest(a.t, "GET", to))
	if err != nil {
		a.t.Fatal(err)
	}
	at.Body.Close()
	_, callback, _ := strings.Cut(at.Header.Get("Location"), a.URL)
	res := a.step("GET", callback+"&again=1", fromHere)
	if res.StatusCode != 303 {
		a.t.Fatalf("back from %s: %d\n%s", start, res.StatusCode, a.log)
	}
	return res.Header.Get("Location")
}

// Another site sends a person to sign in and to go on from there to a second sign-in, which
// links whoever is signed in at the second provider: the attacker, if that one can be made
// to sign the person in as them.
func TestASignInThatAnotherSiteBeganGoesOnToNoLinking(t *testing.T) {
	second := idptest.New(t, idptest.WithPerson(idptest.Person{Subject: "mallory"}))
	a := twoProviders(t, second)
	if p := a.open(a.URL + withFirst); p.body != ada {
		t.Fatal(p)
	}
	user := userOf(t, a)
	for _, target := range []string{
		"/signin/start?provider=second&link=1",
		"/sign%69n/start?provider=second&link=1",
		"/signin/start?link=1&provider=second#x",
		"/auth/signin/start?provider=second&link=1",                          // there may be another below a prefix
		"/signin/start?provider=second&link=1&x=" + strings.Repeat("a", 400), // waits in a cookie
	} {
		for _, start := range []string{
			"/signin/start?provider=idp&return=" + url.QueryEscape(target),
			"/signin/initiate?" + url.Values{"iss": {a.idp.Issuer}, "target_link_uri": {a.URL + target}}.Encode(),
		} {
			to := a.backAgain(start)
			if to == "/" {
				continue
			}
			t.Errorf("%.40s: goes on to %.60s", start, to)
			if strings.HasPrefix(to, "/sign") {
				a.open(a.through(to))
			}
		}
	}
	if ids, err := a.rows.Identities(t.Context(), user); err != nil || len(ids) != 1 {
		t.Errorf("ada signs in by %v, %v", ids, err)
	}
}

func TestAReturnPathBesideTheSignInStays(t *testing.T) {
	a := newAway(t, idptest.New(t), nil)
	for _, target := range []string{"/signin/started", "/signin/start/", "/signin", "/x?return=/signin/start"} {
		if to := a.backAgain("/signin/start?return=" + url.QueryEscape(target)); to != target {
			t.Errorf("%s: goes on to %q", target, to)
		}
	}
}
