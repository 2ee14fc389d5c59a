package rpserver_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// What providers do at a renewal that a site need not know of.
func TestRenewalsAsTheyAre(t *testing.T) {
	for name, answers := range map[string]idptest.AnswerQuirks{
		"the refresh token stays":       {RefreshKept: true},
		"no new ID token":               {RefreshNoIDToken: true},
		"the nonce of the sign-in":      {RefreshNonce: true},
		"not asked for":                 {RefreshAlways: true},
		"lifetimes as text":             {ExpiresInText: true},
		"a token type in lower case":    {TokenType: "bearer"},
		"stays, and no ID token either": {RefreshKept: true, RefreshNoIDToken: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			idp := idptest.New(t, idptest.WithClock(time.Now()), idptest.WithQuirks(idptest.Quirks{Answers: answers}))
			set := offline
			if answers.RefreshAlways {
				set = nil
			}
			a := newAway(t, idp, set)
			a.as(ada)
			source, last := a.rp.TokenSource(a.signedIn()), ""
			for range 3 {
				idp.Advance(2 * time.Hour)
				token, err := source.Token(t.Context())
				if err != nil || token.Value == last || !token.Expires.After(idp.Now()) {
					t.Fatalf("%v, until %v; it is %v", err, token.Expires, idp.Now())
				}
				last = token.Value
			}
			if m := idp.Mistakes(); len(m) != 0 {
				t.Errorf("mistakes: %v", m)
			}
		})
	}
}

// A provider without a lifetime is asked no more than it has to be.
func TestATokenWithoutALifetimeIsKept(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()), idptest.WithQuirks(idptest.Quirks{Answers: idptest.AnswerQuirks{NoExpiresIn: true}}))
	a := newAway(t, idp, offline)
	a.as(ada)
	source, asked := a.rp.TokenSource(a.signedIn()), idp.Count(idptest.Token)
	idp.Advance(20 * time.Hour)
	if token, err := source.Token(t.Context()); err != nil || !token.Expires.IsZero() || idp.Count(idptest.Token) != asked {
		t.Errorf("%v, %v", token.Expires, err)
	}
}

// The provider took the refresh token and gave another one, and then its keys could not be
// had: the new one is kept, since the old one would end the whole grant.
func TestARefreshTokenIsNotLostWithoutKeys(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, offline)
	a.as(ada)
	source := a.rp.TokenSource(a.signedIn())
	idp.Advance(2 * time.Hour)
	idp.Fails(idptest.JWKS, idptest.Fault{Status: 500, HTML: true})
	if token, err := source.Token(t.Context()); err == nil || errors.Is(err, rpserver.ErrAskAgain) || token.Value != "" {
		t.Fatalf("judged without keys: %v", err)
	}
	idp.Fails(idptest.JWKS, idptest.Fault{})
	idp.Advance(10 * time.Minute)
	if _, err := source.Token(t.Context()); err != nil {
		t.Error(err)
	}
	if m := idp.Mistakes(); len(m) != 0 {
		t.Errorf("mistakes: %v", m)
	}
}

// Whoever asks may leave; the answer is kept all the same.
func TestARenewalOutlivesWhoAskedForIt(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	rows := &leavingSignIns{leased: func() {}}
	a := newAway(t, idp, offline, func(c *rpserver.Config) { rows.SignInStore = c.Store; c.SignIns = rows })
	a.as(ada)
	source := a.rp.TokenSource(a.signedIn())
	idp.Advance(2 * time.Hour)
	ctx, leave := context.WithCancel(t.Context())
	rows.leased = leave
	if _, err := source.Token(ctx); err != nil {
		t.Error(err)
	}
	asked := idp.Count(idptest.Token)
	rows.leased = func() {}
	if _, err := source.Token(t.Context()); err != nil || idp.Count(idptest.Token) != asked {
		t.Errorf("%v; asked %d times more", err, idp.Count(idptest.Token)-asked)
	}
	if m := idp.Mistakes(); len(m) != 0 {
		t.Errorf("mistakes: %v", m)
	}
}

// leavingSignIns calls leased as soon as somebody asked for a lease, and knows the newest
// sign-in.
type leavingSignIns struct {
	rpserver.SignInStore
	leased func()
	added  rpserver.SignIn
}

func (s *leavingSignIns) AddSignIn(ctx context.Context, row rpserver.SignIn) error {
	s.added = row
	return s.SignInStore.AddSignIn(ctx, row)
}

func (s *leavingSignIns) LeaseTokens(ctx context.Context, id, holder string, now, until time.Time) (*rpserver.SignIn, bool, error) {
	row, ours, err := s.SignInStore.LeaseTokens(ctx, id, holder, now, until)
	s.leased()
	return row, ours, err
}

// While another one has the lease there is nothing to do but to wait, and whoever does not
// want to wait leaves with their own reason.
func TestWaitingForAnotherOnesRenewalEndsWithTheContext(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	rows := &leavingSignIns{leased: func() {}}
	a := newAway(t, idp, offline, func(c *rpserver.Config) { rows.SignInStore = c.Store; c.SignIns = rows })
	a.as(ada)
	s := a.signedIn()
	idp.Advance(2 * time.Hour)
	if _, ours, err := a.rows.LeaseTokens(t.Context(), s.ID, "another process", idp.Now(), idp.Now().Add(time.Minute)); err != nil || !ours {
		t.Fatal(ours, err)
	}
	ctx, leave := context.WithCancel(t.Context())
	rows.leased = leave
	asked := idp.Count(idptest.Token)
	if _, err := a.rp.TokenSource(s).Token(ctx); !errors.Is(err, context.Canceled) || idp.Count(idptest.Token) != asked {
		t.Errorf("%v", err)
	}
	idp.Advance(time.Minute) // that process is gone
	if _, err := a.rp.TokenSource(s).Token(t.Context()); err != nil {
		t.Error(err)
	}
}

// A provider that the site has no more cannot be asked.
func TestNoTokenOfAProviderThatIsNoMore(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	secret := func(c *rpserver.Config) { c.Secrets = [][]byte{make([]byte, 32)} }
	a := newAway(t, idp, offline, secret)
	a.as(ada)
	s := a.signedIn()
	p := configured(idp)
	p.Name = "renamed"
	later, err := rpserver.New(rpserver.Config{
		Origin: a.URL, Providers: []rpserver.Provider{p}, Store: a.rows, Now: idp.Now, Secrets: [][]byte{make([]byte, 32)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := later.TokenSource(s).Token(t.Context()); err != nil { // the one that there is still works
		t.Error(err)
	}
	idp.Advance(2 * time.Hour)
	if _, err := later.TokenSource(s).Token(t.Context()); !errors.Is(err, rpserver.ErrAskAgain) {
		t.Error(err)
	}
	if _, err := a.rp.TokenSource(s).Token(t.Context()); err != nil { // its lease is over
		t.Error(err)
	}
}

// A name may come to another provider, as numbers behind hosts do when a list gets shorter.
// What one provider gave never goes to another.
func TestTokensDoNotGoToAnotherProviderOfTheSameName(t *testing.T) {
	idp, other := idptest.New(t, idptest.WithClock(time.Now())), idptest.New(t)
	secret := func(c *rpserver.Config) { c.Secrets = [][]byte{make([]byte, 32)} }
	a := newAway(t, idp, offline, secret)
	a.as(ada)
	s := a.signedIn()
	later, err := rpserver.New(rpserver.Config{
		Origin: a.URL, Providers: []rpserver.Provider{configured(other)}, Store: a.rows, Now: idp.Now, Secrets: [][]byte{make([]byte, 32)},
	})
	if err != nil {
		t.Fatal(err)
	}
	idp.Advance(2 * time.Hour)
	if _, err := later.TokenSource(s).Token(t.Context()); !errors.Is(err, rpserver.ErrAskAgain) {
		t.Error(err)
	}
	if got := other.Requests(); len(got) != 0 {
		t.Errorf("the other one was asked: %v", got)
	}
}

// A tenant's people are kept under its own issuer, and find their provider by it.
func TestATokenOfATenantIsRenewed(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()), idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{Tenant: "contoso", DiscoveryElsewhere: true}}))
	rows := &leavingSignIns{leased: func() {}}
	a := newAway(t, idp, func(p *rpserver.Provider) {
		p.Issuer, p.DiscoveryURL, p.Tenants, p.Offline = idp.Template(), idp.DiscoveryURL(), []string{"fabrikam", "contoso"}, true
	}, func(c *rpserver.Config) { rows.SignInStore = c.Store; c.SignIns = rows })
	a.as(ada)
	if rows.added.Issuer == idp.Template() || rows.added.Issuer == "" {
		t.Errorf("kept under %q", rows.added.Issuer)
	}
	idp.Advance(2 * time.Hour)
	if _, err := a.rp.TokenSource(&rows.added).Token(t.Context()); err != nil {
		t.Error(err)
	}
	if n := idp.Count(idptest.Token); n != 2 {
		t.Errorf("asked %d times", n)
	}
}

// Some providers give a refresh token at the first sign-in alone. It outlives the next
// sign-in of the same person in this browser, and goes to nobody else.
func TestARefreshTokenOutlivesTheNextSignIn(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()), idptest.WithQuirks(idptest.Quirks{
		Answers: idptest.AnswerQuirks{RefreshOnlyFirst: true, RefreshKept: true}}))
	rows := &leavingSignIns{leased: func() {}}
	a := newAway(t, idp, offline, func(c *rpserver.Config) { rows.SignInStore = c.Store; c.SignIns = rows })
	renew := func() error {
		t.Helper()
		idp.Advance(2 * time.Hour)
		_, err := a.rp.TokenSource(&rows.added).Token(t.Context())
		return err
	}
	for range 3 {
		a.as(ada)
		if err := renew(); err != nil {
			t.Error(err)
		}
	}
	idp.SignsIn(idptest.Person{Subject: "grace"})
	a.as("grace")
	if err := renew(); err != nil { // her own: it was her first sign-in
		t.Error(err)
	}
	a.as(ada) // she had one, in a sign-in that ended
	if err := renew(); !errors.Is(err, rpserver.ErrAskAgain) {
		t.Errorf("after somebody else: %v", err)
	}
	if m := idp.Mistakes(); len(m) != 0 {
		t.Errorf("mistakes: %v", m)
	}
}
