package rpserver_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// unattended is a site with two providers, and ada signed in at a browser that she left an
// hour ago. /pay wants to know that it is she.
func unattended(t *testing.T, second *idptest.Provider, change func(*rpserver.Config)) *away {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, nil, func(c *rpserver.Config) {
		p := configured(second)
		p.Name = "second"
		c.Providers = append(c.Providers, p)
		if change != nil {
			change(c)
		}
	})
	mux := http.NewServeMux()
	mux.Handle("/", a.Config.Handler)
	mux.Handle("/pay", a.rp.RequireFresh(5*time.Minute, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("paid"))
	})))
	a.Config.Handler = mux
	if p := a.open(a.URL + withFirst); p.body != ada {
		t.Fatal(p)
	}
	idp.Advance(time.Hour)
	return a
}

// Whoever links can sign in by it from then on, and is fresh then: an open session of
// somebody else would pay by way of one's own account at the second provider.
func TestAnOpenSessionLinksNothing(t *testing.T) {
	second := idptest.New(t, idptest.WithClock(time.Now().Add(time.Hour)), idptest.WithPerson(idptest.Person{Subject: "mallory"}))
	a := unattended(t, second, nil)
	res := a.step("GET", withSecond+"&link=1", fromHere)
	if res.StatusCode == 303 { // what came of it
		a.open(a.through(withSecond + "&link=1"))
		a.open(a.URL + withSecond)
		t.Fatalf("mallory links, signs in as ada's user %s, and: %s", userOf(t, a), a.open(a.URL+"/pay").body)
	}
	p := page{}
	for _, start := range []string{"&link=1", "&link=;", "&link=1&max_age=0", "&link=1&scope=openid"} {
		if p = a.openFromHere(withSecond + start); p.status != 403 || p.code != "confirmation_required" {
			t.Errorf("%s: %d %s %s", start, p.status, p.code, a.log)
		}
	}
	// The page leads to the provider that she signed in with, and then it works.
	_, rest, _ := strings.Cut(p.body, `<a href="/signin/start?`)
	link, _, found := strings.Cut(rest, `"`)
	link = strings.ReplaceAll(link, "&amp;", "&")
	if !found || !strings.Contains(link, "provider=idp&") || !strings.Contains(link, "max_age=") || !strings.Contains(link, "return=%2Fwhoami") {
		t.Fatalf("%q", link)
	}
	if p := a.open(a.through("/signin/start?" + link)); p.body != ada {
		t.Fatalf("%d %s", p.status, p.code)
	}
	if p := a.open(a.through(withSecond + "&link=1")); p.body != ada {
		t.Errorf("%d %s", p.status, p.code)
	}
	if ids, err := a.rows.Identities(t.Context(), userOf(t, a)); err != nil || len(ids) != 2 {
		t.Errorf("%v, %v", ids, err)
	}
}

// A provider that never says when, or that is none of the site's any more, cannot be asked
// again, and people of it link all the same; a setting is for one that says it and does not ask.
func TestWhoLinksWithoutAFreshSignIn(t *testing.T) {
	second := idptest.New(t, idptest.WithClock(time.Now().Add(time.Hour)), idptest.WithPerson(idptest.Person{Subject: "countess"}))
	a := unattended(t, second, func(c *rpserver.Config) { c.InsecureLinkStale = true })
	if p := a.open(a.through(withSecond + "&link=1")); p.body != ada {
		t.Errorf("with the setting: %d %s", p.status, p.code)
	}
	a = unattended(t, second, nil)
	a.idp.Quirk(func(q *idptest.Quirks) {
		q.Token.Edit = func(_, claims map[string]any) { delete(claims, "auth_time") }
	})
	a.newBrowser()
	a.open(a.URL + withFirst)
	a.idp.Advance(time.Hour)
	second.Advance(time.Hour)
	if p := a.open(a.through(withSecond + "&link=1")); p.body != ada {
		t.Errorf("without auth_time: %d %s", p.status, p.code)
	}
	rows := &renamed{}
	a = unattended(t, second, func(c *rpserver.Config) { rows.SignInStore = c.Store; c.SignIns = rows })
	a.idp.Advance(time.Hour) // to where the second one is
	rows.name = "gone"
	if p := a.open(a.through(withSecond + "&link=1")); p.body != ada {
		t.Errorf("of a provider that is gone: %d %s", p.status, p.code)
	}
}

// renamed has every sign-in made with the provider of this name.
type renamed struct {
	rpserver.SignInStore
	name string
}

func (s *renamed) FindSignIn(ctx context.Context, id string) (*rpserver.SignIn, error) {
	row, err := s.SignInStore.FindSignIn(ctx, id)
	if err == nil && s.name != "" {
		row.Provider = s.name
	}
	return row, err
}

// openFromHere is open by a link on a page of the site.
func (a *away) openFromHere(path string) page {
	a.t.Helper()
	r := mustRequest(a.t, "GET", a.URL+path)
	for name, value := range fromHere {
		r.Header.Set(name, value)
	}
	return a.sent(r)
}
