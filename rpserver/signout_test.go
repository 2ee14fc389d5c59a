package rpserver_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// Signing out here ends what the site may do at the provider, and no other person's or
// browser's sign-in.
func TestSigningOutRevokesTheRefreshToken(t *testing.T) {
	idp := idptest.New(t)
	a := newAway(t, idp, offline)
	a.as(ada)
	elsewhere := a.signedIn()
	a.newBrowser()
	a.as(ada)
	if res := a.post("/signout", "application/json"); res.StatusCode != 200 || a.who() != "nobody" {
		t.Errorf("%d, %s", res.StatusCode, a.who())
	}
	idp.Await(idptest.Revocation, 1)
	if n := idp.Count(idptest.Revocation); n != 1 {
		t.Errorf("revoked %d times", n)
	}
	if all := a.all(); len(all) != 1 || all[0].ID != elsewhere.ID {
		t.Errorf("%d sign-ins", len(all))
	}
	// Nobody is signed in any more, and the answer is the same.
	if res := a.post("/signout?at=provider", "application/json"); res.StatusCode != 200 {
		t.Errorf("once more: %d", res.StatusCode)
	}
}

// A provider that does not answer keeps nobody signed in, and nobody waiting.
func TestSigningOutDoesNotWaitForTheProvider(t *testing.T) {
	idp := idptest.New(t)
	a := newAway(t, idp, offline)
	a.as(ada)
	idp.Fails(idptest.Revocation, idptest.Fault{Hang: true})
	if res := a.post("/signout", "application/json"); res.StatusCode != 200 || a.who() != "nobody" {
		t.Errorf("%d, %s", res.StatusCode, a.who())
	}
	idp.Await(idptest.Revocation, 1) // it is asked all the same
}

// A store that cannot end the sign-in says so: the person must not believe that they are
// signed out.
func TestASignOutThatFailsSaysSo(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	rows := &failingSignIns{}
	a := newAway(t, idp, nil, func(c *rpserver.Config) { rows.SignInStore = c.Store; c.SignIns = rows })
	a.as(ada)
	rows.fails.Store(true)
	if res := a.post("/signout", "application/json"); res.StatusCode < 500 || a.who() != ada {
		t.Errorf("%d, %s", res.StatusCode, a.who())
	}
	if _, err := a.rp.SignOutEverywhere(t.Context(), a.signedIn().UserID); err == nil {
		t.Error("signed out everywhere of a store that is down")
	}
	// A sign-in that replaces another one is none the worse for it.
	idp.Advance(time.Second)
	a.as(ada)
	a.logged("the sign-in before was not ended")
	rows.fails.Store(false)
	if res := a.post("/signout?return=https://evil.example/", "text/html"); res.StatusCode != 400 || a.who() != ada {
		t.Errorf("%d, %s", res.StatusCode, a.who())
	}
	if strings.Contains(a.log.String(), "evil.example") {
		t.Error("the log has an address of somebody's choice")
	}
}
