package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

func rpIdentities(t *testing.T, s RPStore) {
	ctx := context.Background()
	u, _ := rpSignIn(t, s, rpIdentity(1), rpNow)
	second := rpserver.Identity{Issuer: "https://other.example", Subject: "subject-1"}
	rpMust(t, s.Link(ctx, u.ID, second, rpNow.Add(time.Second)))
	rpMust(t, s.Link(ctx, u.ID, second, rpNow.Add(time.Minute))) // has it already
	if again, created := rpSignIn(t, s, second, rpNow); created || again.ID != u.ID {
		t.Errorf("with the second identity they are %+v, made now: %v", again, created)
	}
	ids, err := s.Identities(ctx, u.ID)
	rpMust(t, err)
	if len(ids) != 2 || ids[0].Subject != rpIdentity(1).Subject || ids[0].Issuer != rpIdentity(1).Issuer || ids[1].Issuer != second.Issuer || ids[1].Subject != second.Subject {
		t.Errorf("identities %+v", ids)
	}
	other, _ := rpSignIn(t, s, rpIdentity(2), rpNow)
	for _, c := range []struct {
		what string
		err  error
		want error
	}{
		{"another's identity", s.Link(ctx, other.ID, second, rpNow), rpserver.ErrIdentityTaken},
		{"a user that is not there", s.Link(ctx, "nobody", rpIdentity(3), rpNow), rpserver.ErrNoUser},
		{"to unlink another's", s.Unlink(ctx, other.ID, second.Issuer, second.Subject), nil},
		{"to unlink the only one", s.Unlink(ctx, other.ID, rpIdentity(2).Issuer, rpIdentity(2).Subject), rpserver.ErrLastIdentity},
		{"to unlink one of two", s.Unlink(ctx, u.ID, rpIdentity(1).Issuer, rpIdentity(1).Subject), nil},
		{"to unlink it again", s.Unlink(ctx, u.ID, rpIdentity(1).Issuer, rpIdentity(1).Subject), nil},
		{"to unlink the other", s.Unlink(ctx, u.ID, second.Issuer, second.Subject), rpserver.ErrLastIdentity},
	} {
		if !errors.Is(c.err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, c.err, c.want)
		}
	}
	if fresh, created := rpSignIn(t, s, rpIdentity(1), rpNow); !created || fresh.ID == u.ID {
		t.Error("an identity that was taken away still leads to its user")
	}
}

func rpIdentityRace(t *testing.T, s RPStore) {
	ctx := context.Background()
	users := make([]string, 8)
	for i := range users {
		u, _ := rpSignIn(t, s, rpIdentity(i), rpNow)
		users[i] = u.ID
	}
	wanted := rpserver.Identity{Issuer: "https://other.example", Subject: "one"}
	var got atomic.Int32
	rpTogether(len(users), func(i int) {
		switch err := s.Link(ctx, users[i], wanted, rpNow); {
		case err == nil:
			got.Add(1)
		case !errors.Is(err, rpserver.ErrIdentityTaken):
			t.Error(err)
		}
	})
	if got.Load() != 1 {
		t.Errorf("%d users got it", got.Load())
	}
}

func rpUnlinkRace(t *testing.T, s RPStore) {
	ctx := context.Background()
	for n := range 5 {
		u, _ := rpSignIn(t, s, rpIdentity(n), rpNow)
		second := rpserver.Identity{Issuer: "https://other.example", Subject: rpIdentity(n).Subject}
		rpMust(t, s.Link(ctx, u.ID, second, rpNow))
		both := []rpserver.Identity{rpIdentity(n), second}
		rpTogether(2, func(i int) {
			if err := s.Unlink(ctx, u.ID, both[i].Issuer, both[i].Subject); err != nil && !errors.Is(err, rpserver.ErrLastIdentity) {
				t.Error(err)
			}
		})
		if ids, err := s.Identities(ctx, u.ID); err != nil || len(ids) != 1 {
			t.Fatalf("%d identities are left, %v", len(ids), err)
		}
	}
}
