package rpserver_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// What the page says of how the browser chose is kept: true is said by true alone.
func TestAnAccountThatTheBrowserChoseIsKeptAsSuch(t *testing.T) {
	s := newSite(t, nil)
	const form = "application/x-www-form-urlencoded"
	for _, c := range []struct {
		contentType, said string
		automatic         bool
	}{
		{"application/json", `,"is_auto_selected":true`, true},
		{"application/json", `,"is_auto_selected":false`, false},
		{"application/json", `,"is_auto_selected":null`, false},
		{"application/json", `,"is_auto_selected":"true"`, false},
		{"application/json", `,"is_auto_selected":1`, false},
		{"application/json", ``, false},
		{form, "&is_auto_selected=true", true},
		{form, "&is_auto_selected=false", false},
		{form, "&is_auto_selected=1", false},
		{form, "", false},
	} {
		b := s.browser(t)
		token := b.token(b.nonce())
		body := `{"token":"` + token + `"` + c.said + `}`
		if c.contentType == form {
			body = url.Values{"token": {token}}.Encode() + c.said
		}
		a := b.do(b.request("POST", "/signin/fedcm", c.contentType, body))
		if a.status != 200 {
			t.Fatalf("%s: %d %s", c.said, a.status, a.body)
		}
		all, err := s.store.SignInsOf(t.Context(), a.User.ID, s.clock.Now())
		if err != nil || len(all) == 0 {
			t.Fatal(len(all), err)
		}
		if all[0].Automatic != c.automatic {
			t.Errorf("%s %q: automatic %v", c.contentType, c.said, all[0].Automatic)
		}
		if _, err := s.rp.SignOutEverywhere(t.Context(), a.User.ID); err != nil { // the next one is the only one
			t.Fatal(err)
		}
	}
}

// A redirect is never automatic: the person pressed something.
func TestARowSaysHowThePersonCameIn(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Unix(1790000000, 0)))
	proved := idp.Now().Add(-time.Hour)
	idp.Quirk(func(q *idptest.Quirks) {
		q.Token.Edit = func(_, claims map[string]any) { claims["auth_time"] = proved.Unix() }
	})
	a := newAway(t, idp, nil)
	a.as(ada)
	s := a.signedIn()
	switch {
	case s.Automatic, !s.AuthTime.Equal(proved), s.Issuer != idp.Issuer, s.Subject != ada, s.Provider != "idp", s.SessionID == "":
		t.Errorf("%+v", s)
	case !s.Created.Equal(idp.Now()), !s.Expires.Equal(idp.Now().Add(24 * time.Hour)), !s.Ended.IsZero():
		t.Errorf("from %v to %v, ended %v; it is %v", s.Created, s.Expires, s.Ended, idp.Now())
	}
}

func TestNoTimeOfProofIsNoTime(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Token: idptest.TokenQuirks{NullMembers: true, NoSessionID: true}}))
	a := newAway(t, idp, nil)
	a.as(ada)
	if s := a.signedIn(); !s.AuthTime.IsZero() || s.SessionID != "" {
		t.Errorf("%v %q", s.AuthTime, s.SessionID)
	}
}

// An access token that the ID token was not issued with is somebody else's (OpenID
// Connect Core 1.0 section 3.1.3.8): nobody comes in, and it is not kept.
func TestAnAccessTokenOfAnotherAnswerIsRefused(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Token: idptest.TokenQuirks{WrongAccessTokenHash: true}}))
	a := newAway(t, idp, nil)
	if p := a.refused("at_hash_mismatch"); p.status != 403 {
		t.Errorf("status %d", p.status)
	}
	idp.Set(idptest.Quirks{Token: idptest.TokenQuirks{NoAccessTokenHash: true}}) // optional in the code flow
	a.as(ada)
	if n := len(a.all()); n != 1 {
		t.Errorf("%d sign-ins", n)
	}
}

// all are ada's sign-ins.
func (a *away) all() []rpserver.SignIn {
	a.t.Helper()
	all, err := a.rows.SignInsOf(a.t.Context(), userOf(a.t, a), a.idp.Now())
	if err != nil {
		a.t.Fatal(err)
	}
	return all
}

// A browser has one sign-in: the one before ends, and those of other browsers stay.
func TestASecondSignInReplacesTheFirst(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, nil)
	a.as(ada)
	elsewhere := a.signedIn().ID
	a.newBrowser()
	idp.Advance(time.Second)
	a.as(ada)
	first := a.signedIn()
	idp.Advance(time.Second)
	a.as(ada)
	second := a.signedIn()
	if all := a.all(); len(all) != 2 || all[0].ID != second.ID || all[1].ID != elsewhere || first.ID == second.ID {
		t.Errorf("%d sign-ins", len(all))
	}
	before, err := a.rows.FindSignIn(t.Context(), first.ID)
	if err != nil || !before.Ended.Equal(idp.Now().Truncate(time.Millisecond)) {
		t.Errorf("ended %v, %v; it is %v", before.Ended, err, idp.Now())
	}
	// One that was refused replaces nothing.
	idp.Quirk(func(q *idptest.Quirks) { q.Token.WrongNonce = true })
	if p := a.signIn(); p.code == "" || a.who() != ada || a.signedIn().ID != second.ID {
		t.Errorf("after a refusal (%q) %s is signed in", p.code, a.who())
	}
	// Somebody else in the same browser ends it as well.
	idp.Quirk(func(q *idptest.Quirks) { q.Token.WrongNonce = false })
	idp.SignsIn(idptest.Person{Subject: "grace"})
	a.as("grace")
	if all := a.all(); len(all) != 1 || all[0].ID != elsewhere {
		t.Errorf("%d sign-ins of ada", len(all))
	}
}

// A sign-in ends by itself, at the very second, whatever the session says.
func TestASignInThatExpiresSignsOut(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*rpserver.Config)
		lasts  time.Duration
	}{
		"default": {func(*rpserver.Config) {}, 24 * time.Hour},
		"short":   {func(c *rpserver.Config) { c.SignInLifetime = time.Hour }, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			idp := idptest.New(t, idptest.WithClock(time.Now().Truncate(time.Second)))
			a := newAway(t, idp, offline, c.change)
			a.as(ada)
			s := a.signedIn()
			if !s.Expires.Equal(idp.Now().Add(c.lasts)) {
				t.Fatalf("expires %v, it is %v", s.Expires, idp.Now())
			}
			source := a.rp.TokenSource(s)
			idp.Advance(c.lasts - time.Second)
			if _, err := source.Token(t.Context()); err != nil || a.who() != ada {
				t.Errorf("a second before: %v, %s", err, a.who())
			}
			idp.Advance(time.Second)
			if who := a.who(); who != "nobody" {
				t.Errorf("%s is signed in", who)
			}
			if _, err := source.Token(t.Context()); err != rpserver.ErrNoSignIn {
				t.Errorf("a token all the same: %v", err)
			}
			a.as(ada) // and in again
		})
	}
}

// The names that a provider gives its sessions are kept so that any database takes them,
// and a sign-out finds them again.
func TestSessionsOfOddNamesAreSignedOut(t *testing.T) {
	for name, sid := range map[string]string{
		"plain": "session-1", "of 255": strings.Repeat("s", 255), "of 256": strings.Repeat("s", 256),
		"with a NUL": "a\x00b", "with a line end": "a\nb", "of other letters": "séance",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			idp := idptest.New(t)
			idp.Quirk(func(q *idptest.Quirks) {
				q.Token.Edit = func(_, claims map[string]any) { claims["sid"] = sid }
			})
			a := newAway(t, idp, nil)
			a.as(ada)
			if kept := a.signedIn().SessionID; len(kept) > 255 || strings.ContainsFunc(kept, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("kept as %q", kept)
			}
			send := func(sid string) int {
				return a.logout(idp.LogoutToken(idptest.Person{Subject: ada}, func(_, claims map[string]any) { claims["sid"] = sid }))
			}
			if status := send(sid + "x"); status != 200 || a.who() != ada {
				t.Errorf("another session: %d, %s", status, a.who())
			}
			if status := send(sid); status != 200 || a.who() != "nobody" {
				t.Errorf("%d, %s", status, a.who())
			}
		})
	}
}
