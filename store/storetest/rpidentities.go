package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

var rpLinkCases = []rpCase{
	{"an identity that is linked signs in the same user", rpLink},
	{"an identity has one user, whoever asks again", rpLinkTaken},
	{"of many users who link one identity at once one gets it", rpLinkRace},
	{"an identity that is unlinked is somebody new", rpUnlink},
	{"of two who take the last two identities one does", rpUnlinkRace},
	{"identities hold what was said last", rpIdentityNews},
}

// rpOther is the identity of a person at a second provider.
func rpOther(n int) rpserver.Identity {
	id := rpIdentity(n)
	id.Issuer, id.Name, id.Email = "https://other.example", "Ada at another place", "other@example.test"
	return id
}

func rpIdentities(t *testing.T, s RPStore, user string, want ...rpserver.Identity) {
	t.Helper()
	if got, err := s.Identities(context.Background(), user); err != nil || !slices.Equal(got, want) {
		t.Errorf("identities %v\n got %+v\nwant %+v", err, got, want)
	}
}

func rpLink(t *testing.T, s RPStore) {
	ctx := context.Background()
	withClaims := rpIdentity(1) // they are for the moment of the sign-in and are not kept
	withClaims.Claims = `{"groups":["editors"]}`
	u, _ := rpSignIn(t, s, withClaims, rpNow)
	rpIdentities(t, s, u.ID, rpIdentity(1))
	other := rpOther(1)
	other.Claims = withClaims.Claims
	rpMust(t, s.Link(ctx, u.ID, other, rpNow.Add(time.Minute)))
	rpMust(t, s.Link(ctx, u.ID, rpOther(1), rpNow.Add(time.Hour))) // again
	rpIdentities(t, s, u.ID, rpIdentity(1), rpOther(1))
	if after, err := s.User(ctx, u.ID); err != nil || *after != u {
		t.Errorf("linking changed the user to %+v, %v", after, err)
	}
	for _, id := range []rpserver.Identity{rpIdentity(1), rpOther(1)} {
		if by, created := rpSignIn(t, s, id, rpNow); created || by.ID != u.ID {
			t.Errorf("%s signs in %q, created %v", id.Issuer, by.ID, created)
		}
	}
	rpIdentities(t, s, "nobody")
}

func rpLinkTaken(t *testing.T, s RPStore) {
	ctx := context.Background()
	a, _ := rpSignIn(t, s, rpIdentity(1), rpNow)
	b, _ := rpSignIn(t, s, rpIdentity(2), rpNow)
	news := rpIdentity(1)
	news.Name = "Mallory"
	if err := s.Link(ctx, b.ID, news, rpNow); !errors.Is(err, rpserver.ErrIdentityTaken) {
		t.Errorf("linking what another user has: %v", err)
	}
	rpIdentities(t, s, a.ID, rpIdentity(1))
	rpIdentities(t, s, b.ID, rpIdentity(2))
	if err := s.Link(ctx, "nobody", rpOther(1), rpNow); !errors.Is(err, rpserver.ErrNoUser) {
		t.Errorf("linking to nobody: %v", err)
	}
	if err := s.Link(ctx, "nobody", rpIdentity(1), rpNow); !errors.Is(err, rpserver.ErrNoUser) {
		t.Errorf("linking what is taken to nobody: %v", err)
	}
	if _, created := rpSignIn(t, s, rpOther(1), rpNow); !created {
		t.Error("what was linked to nobody is somebody")
	}
}

func rpLinkRace(t *testing.T, s RPStore) {
	const n = 20
	var users [n]string
	for i := range users {
		u, _ := rpSignIn(t, s, rpIdentity(i), rpNow)
		users[i] = u.ID
	}
	var errs [n]error
	rpTogether(n, func(i int) { errs[i] = s.Link(context.Background(), users[i], rpOther(1), rpNow) })
	owner := ""
	for i, err := range errs {
		switch {
		case err == nil && owner == "":
			owner = users[i]
		case !errors.Is(err, rpserver.ErrIdentityTaken):
			t.Errorf("user %d: %v", i, err)
		}
	}
	if u, created := rpSignIn(t, s, rpOther(1), rpNow); created || u.ID != owner {
		t.Errorf("it signs in %q, linked to %q", u.ID, owner)
	}
}

func rpUnlink(t *testing.T, s RPStore) {
	ctx := context.Background()
	u, _ := rpSignIn(t, s, rpIdentity(1), rpNow)
	one, two := rpIdentity(1), rpOther(1)
	if err := s.Unlink(ctx, u.ID, one.Issuer, one.Subject); !errors.Is(err, rpserver.ErrLastIdentity) {
		t.Errorf("the last one: %v", err)
	}
	rpMust(t, s.Unlink(ctx, u.ID, two.Issuer, two.Subject)) // what the user does not have
	rpMust(t, s.Link(ctx, u.ID, two, rpNow))
	other, _ := rpSignIn(t, s, rpIdentity(2), rpNow)
	rpMust(t, s.Unlink(ctx, other.ID, one.Issuer, one.Subject)) // what another one has
	rpIdentities(t, s, u.ID, one, two)
	rpMust(t, s.Unlink(ctx, u.ID, one.Issuer, one.Subject))
	rpIdentities(t, s, u.ID, two)
	if again, created := rpSignIn(t, s, one, rpNow); !created || again.ID == u.ID {
		t.Errorf("what was unlinked signs in %+v, created %v", again, created)
	}
}

func rpUnlinkRace(t *testing.T, s RPStore) {
	u, _ := rpSignIn(t, s, rpIdentity(1), rpNow)
	for round := range 10 {
		rpMust(t, s.Link(context.Background(), u.ID, rpIdentity(1), rpNow))
		rpMust(t, s.Link(context.Background(), u.ID, rpOther(1), rpNow))
		var errs [2]error
		rpTogether(2, func(i int) {
			id := []rpserver.Identity{rpIdentity(1), rpOther(1)}[i]
			errs[i] = s.Unlink(context.Background(), u.ID, id.Issuer, id.Subject)
		})
		left, err := s.Identities(context.Background(), u.ID)
		if err != nil || len(left) != 1 || (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %v, and %d are left, %v", round, errs, len(left), err)
		}
		for _, err := range errs {
			if err != nil && !errors.Is(err, rpserver.ErrLastIdentity) {
				t.Error(err)
			}
		}
	}
}

func rpIdentityNews(t *testing.T, s RPStore) {
	id := rpserver.Identity{
		Issuer: "https://idp.example", Subject: "s", Email: "a@example.test", EmailVerified: true, HostedDomain: "example.test",
		Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", Picture: "https://idp.example/a.png", Locale: "en",
	}
	u, _ := rpSignIn(t, s, id, rpNow)
	rpIdentities(t, s, u.ID, id)
	rpSignIn(t, s, rpserver.Identity{Issuer: id.Issuer, Subject: id.Subject}, rpNow)
	rpIdentities(t, s, u.ID, id) // what is left out stays
	id = rpserver.Identity{
		Issuer: id.Issuer, Subject: id.Subject, Email: "b@example.test", HostedDomain: "b.test",
		Name: "Ada King", GivenName: "A", FamilyName: "King", Picture: "https://idp.example/b.png", Locale: "fr",
	}
	rpSignIn(t, s, id, rpNow)
	rpIdentities(t, s, u.ID, id)
	dirty := id
	dirty.Locale, dirty.Picture, dirty.HostedDomain, dirty.GivenName, dirty.FamilyName = "d\x00e", "\x01p", "h\x7f", "g\n", "\xfff"
	rpSignIn(t, s, dirty, rpNow)
	// An organisation that would be another one without what is taken out counts as left out.
	id.Locale, id.Picture, id.GivenName, id.FamilyName = "de", "p", "g", "f"
	rpIdentities(t, s, u.ID, id)
}
