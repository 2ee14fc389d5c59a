package rpserver_test

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
)

var startAgain = regexp.MustCompile(`<a href="([^"]+)" data-do="again">`)

func (p page) again() string {
	m := startAgain.FindStringSubmatch(p.body)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// Who was about to link an account and is refused starts again with that, and not with a
// sign-in that makes a second user of them.
func TestStartAgainIsForWhatWasBegun(t *testing.T) {
	second := idptest.New(t, idptest.WithPerson(idptest.Person{Subject: "countess"}))
	a := twoProviders(t, second)
	if p := a.open(a.URL + withFirst); p.body != ada {
		t.Fatal(p)
	}
	second.Denies("access_denied")
	p := a.open(a.through(withSecond + "&link=1"))
	if p.code != "provider_access_denied" || !strings.Contains(p.again(), "link=1") {
		t.Fatalf("%d %s: again at %q", p.status, p.code, p.again())
	}
	if p := a.open(a.through(p.again())); p.body != ada {
		t.Errorf("%d %s %s", p.status, p.code, shorten(p.body))
	}
	if ids, err := a.rows.Identities(t.Context(), userOf(t, a)); err != nil || len(ids) != 2 {
		t.Errorf("%v, %v", ids, err)
	}
	// What another site begins is not gone on with by a press here.
	res := a.step("GET", withSecond+"&link=1", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
	if got := (page{body: body(t, res)}).again(); res.StatusCode != 403 || got != "" {
		t.Errorf("from another site: %d, again at %q", res.StatusCode, got)
	}
	// A confirmation stays one.
	a.idp.Denies("access_denied")
	p = a.open(a.through(withFirst + "&max_age=300"))
	if p.code != "provider_access_denied" || !strings.Contains(p.again(), "max_age=300") {
		t.Errorf("%d %s: again at %q", p.status, p.code, p.again())
	}
}
