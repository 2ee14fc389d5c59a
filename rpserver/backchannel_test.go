package rpserver_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// logout sends a logout token as the provider does, and returns the status.
func (a *away) logout(token string) int {
	a.t.Helper()
	res, err := http.PostForm(a.rp.BackChannelLogoutURIs()[0], url.Values{"logout_token": {token}})
	if err != nil {
		a.t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

// A logout token of a clock that is behind is good for longer than it says, and works once
// for all that time.
func TestALogoutTokenWorksOnceForAsLongAsItIsGood(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, func(p *rpserver.Provider) { p.Skew = 5 * time.Minute }, func(c *rpserver.Config) { c.NonceLifetime = time.Minute })
	a.as(ada)
	token := idp.LogoutToken(idptest.Person{Subject: ada}, nil) // good for 2 minutes
	if status := a.logout(token); status != 200 || a.who() != "nobody" {
		t.Fatalf("%d, %s", status, a.who())
	}
	for range 6 {
		idp.Advance(time.Minute)
		a.as(ada)
		if status := a.logout(token); status != 400 || a.who() != ada {
			t.Errorf("once more: %d, %s", status, a.who())
		}
	}
}

// A provider that could not be answered sends its token again: it is not used up before
// the sign-ins were ended.
func TestALogoutTokenIsNotLostWhereAStoreFails(t *testing.T) {
	idp := idptest.New(t)
	rows := &failingSignIns{}
	a := newAway(t, idp, nil, func(c *rpserver.Config) { rows.SignInStore = c.Store; c.SignIns = rows })
	a.as(ada)
	token := idp.LogoutToken(idptest.Person{Subject: ada}, nil)
	rows.fails.Store(true)
	if status := a.logout(token); status < 500 {
		t.Errorf("a store that fails: %d", status)
	}
	rows.fails.Store(false)
	if status := a.logout(token); status != 200 || a.who() != "nobody" {
		t.Errorf("sent again: %d, %s", status, a.who())
	}
}

// A logout token whose keys cannot be had is judged by nobody, and sent again.
func TestALogoutTokenWithoutKeysComesAgain(t *testing.T) {
	idp := idptest.New(t)
	a := newAway(t, idp, nil)
	token := idp.LogoutToken(idptest.Person{Subject: ada}, nil)
	for _, e := range []idptest.Endpoint{idptest.Discovery, idptest.JWKS} {
		idp.Fails(e, idptest.Fault{Status: 500, Times: 1})
		if status := a.logout(token); status != http.StatusServiceUnavailable {
			t.Errorf("%s fails: %d", e, status)
		}
	}
}

// A sign-out at one provider ends nothing of another, also where both know the person by
// one name.
func TestALogoutTokenIsForItsOwnProvider(t *testing.T) {
	idp, other := idptest.New(t), idptest.New(t)
	a := newAway(t, idp, nil, func(c *rpserver.Config) {
		second := configured(other)
		second.Name = "other"
		c.Providers = append(c.Providers, second)
	})
	if p := a.open(a.URL + "/signin/start?provider=idp&return=/whoami"); p.body != ada {
		t.Fatal(p)
	}
	uris := a.rp.BackChannelLogoutURIs()
	for name, c := range map[string]struct {
		token string
		at    string
		want  int
	}{
		"its own":       {other.LogoutToken(idptest.Person{Subject: ada}, nil), uris[1], 200},
		"at the first":  {other.LogoutToken(idptest.Person{Subject: ada}, nil), uris[0], 400},
		"at no address": {other.LogoutToken(idptest.Person{Subject: ada}, nil), uris[0] + "x", 400},
	} {
		res, err := http.PostForm(c.at, url.Values{"logout_token": {c.token}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.want || a.who() != ada {
			t.Errorf("%s: %d, %s is signed in", name, res.StatusCode, a.who())
		}
	}
}
