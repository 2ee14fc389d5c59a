package rpserver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
)

// pays is a site with a page that needs a sign-in of the last five minutes, at a provider
// where the person signed in so long ago.
func pays(t *testing.T, ago time.Duration) *away {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, nil)
	mux := http.NewServeMux()
	mux.Handle("/", a.Config.Handler)
	mux.Handle("/pay", a.rp.RequireFresh(5*time.Minute, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "paid")
	})))
	a.Config.Handler = mux
	provedAgo(idp, ago)
	return a
}

func provedAgo(idp *idptest.Provider, ago time.Duration) {
	then := idp.Now().Add(-ago).Unix()
	idp.Quirk(func(q *idptest.Quirks) {
		q.Token.Edit = func(_, claims map[string]any) { claims["auth_time"] = then }
	})
}

var asPage = map[string]string{"Accept": "text/html"}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Most who follow a link to such a page come from a provider that knows them since this
// morning: the sign-in that RequireUser began is not fresh, and the confirmation follows.
func TestASignInThatIsNotFreshIsConfirmedAtOnce(t *testing.T) {
	a := pays(t, time.Hour)
	a.as(ada)
	res := a.step("GET", "/pay", asPage)
	to := res.Header.Get("Location")
	if res.StatusCode != 303 || !strings.Contains(to, "max_age=300") {
		t.Fatalf("%d %q %s", res.StatusCode, to, body(t, res))
	}
	provedAgo(a.idp, 0)
	if p := a.open(a.through(to)); p.body != "paid" {
		t.Errorf("%d %s %s", p.status, p.code, shorten(p.body))
	}
}

// confirmed takes a confirmation that is a little too old, for clocks that differ. The
// page does not, and asks once.
func TestAConfirmationThatIsNotFreshIsNotAskedForWithoutEnd(t *testing.T) {
	a := pays(t, 5*time.Minute+30*time.Second)
	a.as(ada)
	a.forgetArrival()
	res := a.step("GET", a.through(a.step("GET", "/pay", asPage).Header.Get("Location"))[len(a.URL):], asPage)
	if res.StatusCode != 303 || res.Header.Get("Location") != "/pay" {
		t.Fatalf("%d %q %s", res.StatusCode, res.Header.Get("Location"), body(t, res))
	}
	res = a.step("GET", "/pay", asPage)
	page := body(t, res)
	if res.StatusCode != 403 || !strings.Contains(page, `data-code="not_confirmed"`) || !strings.Contains(page, "max_age=300") {
		t.Errorf("%d %q %s", res.StatusCode, res.Header.Get("Location"), page)
	}
	if strings.Contains(page, "not signed in") {
		t.Errorf("to somebody who is: %s", page)
	}
}

// Who fills in a form for longer than that sees a page, and a script can read what it gets.
func TestAFormThatComesTooLateIsAnsweredWithAPage(t *testing.T) {
	a := pays(t, time.Hour)
	a.as(ada)
	res := a.step("POST", "/pay", asPage)
	page := body(t, res)
	if res.StatusCode != 403 || !strings.Contains(page, `data-code="confirmation_required"`) || !strings.Contains(page, "max_age=300") {
		t.Errorf("%d %s", res.StatusCode, page)
	}
	res = a.step("POST", "/pay", map[string]string{"Accept": "application/json"})
	if got := body(t, res); res.StatusCode != 403 || !strings.Contains(got, `"code":"confirmation_required"`) {
		t.Errorf("a script: %d %s", res.StatusCode, got)
	}
}
