package rpserver_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// A site's links to signin/start go on working when it gets a second provider.
func TestASignInWithoutAProviderIsChosenOnAPage(t *testing.T) {
	a := twoProviders(t, idptest.New(t, idptest.WithPerson(idptest.Person{Subject: "countess"})))
	res := a.step("GET", "/signin/start?return=/whoami&login_hint=ada%40example.test", fromHere)
	text := body(t, res)
	if res.StatusCode != 200 || strings.Contains(text, "data-code") {
		t.Fatalf("%d %s", res.StatusCode, text)
	}
	for _, way := range []string{"provider=idp&amp;return=%2Fwhoami", "provider=second&amp;return=%2Fwhoami"} {
		if !strings.Contains(text, way) {
			t.Errorf("%s is not there: %s", way, text)
		}
	}
	if p := a.open(a.URL + withSecond); p.body != "countess" {
		t.Errorf("%d %s", p.status, p.code)
	}
	// What is for one provider has to name it, and an answer that nobody could follow is none.
	for query, status := range map[string]int{"?link=1": 400, "?max_age=60": 400, "?scope=calendar": 400, "?provider=": 200, "?provider=third": 400, "?return=//other.example": 400} {
		if res := a.step("GET", "/signin/start"+query, fromHere); res.StatusCode != status {
			t.Errorf("%s: %d", query, res.StatusCode)
		}
	}
	if res := a.step("GET", "/signin/start", map[string]string{"Sec-Fetch-Mode": "cors"}); res.StatusCode != 403 {
		t.Errorf("a script: %d", res.StatusCode)
	}
}

// The page is the site's own where it has one.
func TestASignInIsChosenOnTheSitesOwnPage(t *testing.T) {
	var got []rpserver.Way
	second := idptest.New(t)
	a := newAway(t, idptest.New(t), nil, func(c *rpserver.Config) {
		p := configured(second)
		p.Name = "second"
		c.Providers = append(c.Providers, p)
		c.SignInPage = func(w http.ResponseWriter, _ *http.Request, ways []rpserver.Way) {
			got = ways
			w.WriteHeader(http.StatusTeapot)
		}
	})
	if res := a.step("GET", "/signin/start?return=/whoami", fromHere); res.StatusCode != http.StatusTeapot || len(got) != 2 || !strings.HasSuffix(got[1].Href, "return=%2Fwhoami") {
		t.Errorf("%d %v", res.StatusCode, got)
	}
}
