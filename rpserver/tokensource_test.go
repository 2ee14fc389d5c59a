package rpserver_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

func offline(p *rpserver.Provider) { p.Offline = true }

// signedIn returns ada's newest sign-in.
func (a *away) signedIn() *rpserver.SignIn {
	a.t.Helper()
	all, err := a.rows.SignInsOf(a.t.Context(), userOf(a.t, a), a.idp.Now())
	if err != nil || len(all) == 0 {
		a.t.Fatal(len(all), err)
	}
	return &all[0]
}

func TestAnAccessTokenIsRenewedWhenItIsOver(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, offline)
	a.as(ada)
	source := a.rp.TokenSource(a.signedIn())
	token := func() rpserver.AccessToken {
		t.Helper()
		got, err := source.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := token()
	if again := token(); again != first || first.Value == "" || !first.Expires.After(idp.Now()) {
		t.Errorf("%v, then %v", first, again)
	}
	asked := idp.Count(idptest.Token)
	for range 3 { // the refresh token is another each time
		idp.Advance(2 * time.Hour)
		next := token()
		if next.Value == first.Value {
			t.Error("a token that is over")
		}
		first = next
	}
	if n := idp.Count(idptest.Token) - asked; n != 3 || len(idp.Mistakes()) != 0 {
		t.Errorf("asked %d times, mistakes %v", n, idp.Mistakes())
	}
	if s := a.signedIn(); strings.Contains(string(s.Tokens), first.Value) {
		t.Error("the store has the token in the clear")
	}
	for line := range strings.Lines(a.log.String()) {
		if strings.Contains(line, first.Value) {
			t.Error("the log has the token")
		}
	}
}

// A provider that wants to be asked again costs a question, not the session.
func TestAGrantThatIsOverKeepsTheSession(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, offline)
	a.as(ada)
	source := a.rp.TokenSource(a.signedIn())
	idp.Advance(2 * time.Hour)
	idp.Fails(idptest.Token, idptest.Fault{Status: 500})
	if _, err := source.Token(t.Context()); err == nil || errors.Is(err, rpserver.ErrAskAgain) {
		t.Errorf("a provider that is down: %v", err)
	}
	idp.Fails(idptest.Token, idptest.Fault{})
	idp.Quirk(func(q *idptest.Quirks) { q.Answers.InvalidGrant = true })
	for range 2 {
		if _, err := source.Token(t.Context()); !errors.Is(err, rpserver.ErrAskAgain) {
			t.Errorf("%v", err)
		}
	}
	if who := a.who(); who != ada {
		t.Errorf("%s is signed in", who)
	}
	idp.Quirk(func(q *idptest.Quirks) { q.Answers.InvalidGrant = false })
	a.as(ada)
	if _, err := a.rp.TokenSource(a.signedIn()).Token(t.Context()); err != nil {
		t.Errorf("asked again: %v", err)
	}
}

func TestNoTokenWithoutARefreshTokenOrASignIn(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, nil)
	a.as(ada)
	source := a.rp.TokenSource(a.signedIn())
	if _, err := source.Token(t.Context()); err != nil {
		t.Error(err)
	}
	idp.Advance(2 * time.Hour)
	if _, err := source.Token(t.Context()); !errors.Is(err, rpserver.ErrAskAgain) {
		t.Error(err)
	}
	if _, err := a.rp.SignOutEverywhere(t.Context(), userOf(t, a)); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Token(t.Context()); !errors.Is(err, rpserver.ErrNoSignIn) {
		t.Errorf("after the sign-out: %v", err)
	}
}

// A new ID token about somebody else is no answer.
func TestARefreshAboutSomebodyElseIsRefused(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, offline)
	a.as(ada)
	idp.Advance(2 * time.Hour)
	idp.Quirk(func(q *idptest.Quirks) { q.Answers.RefreshOtherToken = true })
	if token, err := a.rp.TokenSource(a.signedIn()).Token(t.Context()); err == nil || !strings.Contains(err.Error(), "refreshed_subject") {
		t.Errorf("%v, %v", token.Expires, err)
	}
}

// Fifty instances over one store need a new token at the same moment: the provider is
// asked once.
func TestManyInstancesRenewOneTokenOnce(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	secrets := func(c *rpserver.Config) { c.Secrets = [][]byte{[]byte(strings.Repeat("s", 32))} }
	a := newAway(t, idp, offline, secrets)
	a.as(ada)
	s := a.signedIn()
	idp.Advance(2 * time.Hour)
	asked := idp.Count(idptest.Token)
	p := configured(idp)
	offline(&p)
	var wg sync.WaitGroup
	values := make([]string, 50)
	for i := range values {
		instance, err := rpserver.New(rpserver.Config{
			Origin: a.URL, Providers: []rpserver.Provider{p}, Store: a.rows, Now: idp.Now,
			Secrets: [][]byte{[]byte(strings.Repeat("s", 32))},
		})
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			token, err := instance.TokenSource(s).Token(context.Background())
			if err != nil {
				t.Error(err)
			}
			values[i] = token.Value
		})
	}
	wg.Wait()
	for _, v := range values {
		if v != values[0] {
			t.Error("instances have different tokens")
		}
	}
	if n := idp.Count(idptest.Token) - asked; n != 1 {
		t.Errorf("asked %d times", n)
	}
}
