package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

func rpHostileText(t *testing.T, s RPStore) {
	for i, c := range []struct{ text, shown string }{
		{`'; DROP TABLE users; --`, `'; DROP TABLE users; --`}, {`" OR "1"="1`, `" OR "1"="1`},
		{`%`, `%`}, {`_`, `_`}, {`\`, `\`}, {"$1 ? :a @b", "$1 ? :a @b"}, {"Zoë 名 🙂", "Zoë 名 🙂"},
		{"tab\tnewline\n\x7f", "tabnewline"},
	} {
		id := rpserver.Identity{Issuer: c.text, Subject: c.text, Name: c.text, Email: c.text}
		u, created := rpSignIn(t, s, id, rpNow)
		if !created || u.Name != c.shown || u.Email != c.shown {
			t.Errorf("case %d: %+v", i, u)
		}
		again, err := s.User(context.Background(), u.ID)
		rpMust(t, err)
		if *again != u {
			t.Errorf("case %d comes back as %+v", i, *again)
		}
		if back, created := rpSignIn(t, s, id, rpNow); created || back.ID != u.ID {
			t.Errorf("case %d is another user the second time", i)
		}
	}
	// What PostgreSQL cannot hold is dropped where it is shown, and refused where rows
	// are found by it, on every store.
	id := rpserver.Identity{Issuer: "https://idp.example", Subject: "nul", Name: "A\x00d\x01a\xff", Email: "\x00", EmailVerified: true}
	if u, _ := rpSignIn(t, s, id, rpNow); u.Name != "Ada" || u.Email != "" || u.EmailVerified {
		t.Errorf("%+v", u)
	}
	for _, bad := range []string{"\x00", "a\xff"} {
		id.Subject = bad
		if u, _, err := s.SignIn(context.Background(), id, rpNow); err == nil {
			t.Errorf("subject %q is user %+v", bad, u)
		}
	}
}

func rpCancelled(t *testing.T, s RPStore) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.UseNonce(ctx, rpHash("n"), rpNow, rpNow.Add(time.Minute), rpNow); !errors.Is(err, context.Canceled) {
		t.Errorf("using a nonce: %v", err)
	}
	if err := s.CheckNonce(ctx, rpHash("n"), rpNow); !errors.Is(err, context.Canceled) {
		t.Errorf("checking a nonce: %v", err)
	}
	if err := s.SweepNonces(ctx, rpNow.Add(48*time.Hour)); !errors.Is(err, context.Canceled) {
		t.Errorf("sweeping: %v", err)
	}
	if _, _, err := s.SignIn(ctx, rpIdentity(1), rpNow); !errors.Is(err, context.Canceled) {
		t.Errorf("signing in: %v", err)
	}
	if _, err := s.User(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("looking up a user: %v", err)
	}
	if _, _, err := s.FindCtx(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("finding a session: %v", err)
	}
	if err := s.Link(ctx, "x", rpIdentity(1), rpNow); !errors.Is(err, context.Canceled) {
		t.Errorf("linking: %v", err)
	}
	if err := s.Unlink(ctx, "x", "i", "s"); !errors.Is(err, context.Canceled) {
		t.Errorf("unlinking: %v", err)
	}
	if err := s.AddSignIn(ctx, rpSignInRow(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("adding a sign-in: %v", err)
	}
	if _, err := s.EndSignIns(ctx, rpserver.SignInsWhere{ID: "x"}, rpNow); !errors.Is(err, context.Canceled) {
		t.Errorf("ending sign-ins: %v", err)
	}
	if _, _, err := s.LeaseTokens(ctx, "x", "h", rpNow, rpNow); !errors.Is(err, context.Canceled) {
		t.Errorf("leasing: %v", err)
	}
	if err := s.SaveTokens(ctx, "x", "h", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("saving: %v", err)
	}
	if err := s.SweepSignIns(ctx, rpNow); !errors.Is(err, context.Canceled) {
		t.Errorf("sweeping sign-ins: %v", err)
	}
	rpUse(t, s, "n", rpNow, rpNow, nil) // nothing was used up, nothing swept
	if _, created := rpSignIn(t, s, rpIdentity(1), rpNow); !created {
		t.Error("the cancelled sign-in made the user")
	}
}
