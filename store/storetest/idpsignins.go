package storetest

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

func idpMarkVerified(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a := idpCreate(t, s, 1)
	wantNotFound(t, s.MarkEmailVerified(ctx, a.ID, "other@example.test"))
	wantNotFound(t, s.MarkEmailVerified(ctx, "nobody", a.Email))
	got, err := s.Account(ctx, a.ID)
	must(t, err)
	if got.EmailVerified {
		t.Fatal("verified by the wrong address")
	}
	must(t, s.MarkEmailVerified(ctx, a.ID, a.Email))
	got, err = s.Account(ctx, a.ID)
	must(t, err)
	if !got.EmailVerified {
		t.Error("not verified")
	}
}

func idpSignInAt(account string, at time.Time) directory.SignIn {
	return directory.SignIn{
		ID: account + at.Format(time.StampMilli), Account: account, At: at, Expires: at.Add(time.Hour), AMR: []string{"pwd"},
	}
}

func idpListed(t *testing.T, s directory.Store, browser string, now time.Time) []string {
	t.Helper()
	list, err := s.SignIns(context.Background(), browser, now)
	must(t, err)
	var ids []string
	for _, si := range list {
		ids = append(ids, si.Account)
	}
	return ids
}

func wantIDs(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("signed in = %v, want %v", got, want)
	}
}

func idpSignIns(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a, b := idpCreate(t, s, 1), idpCreate(t, s, 2)
	late := idpSignInAt(a.ID, idpNow.Add(2*time.Second))
	must(t, s.AddSignIn(ctx, "", "browser", late))
	must(t, s.AddSignIn(ctx, "browser", "browser", idpSignInAt(b.ID, idpNow)))
	wantIDs(t, idpListed(t, s, "browser", idpNow), b.ID, a.ID)
	wantIDs(t, idpListed(t, s, "browser", idpNow.Add(time.Hour)), a.ID) // the end is not part of it
	wantIDs(t, idpListed(t, s, "browser", late.Expires))
	wantIDs(t, idpListed(t, s, "another", idpNow))
	wantIDs(t, idpListed(t, s, "", idpNow))

	again := idpSignInAt(b.ID, idpNow.Add(time.Minute))
	again.AMR = []string{"pwd", "otp", "mfa"}
	must(t, s.AddSignIn(ctx, "browser", "browser", again))
	again.ID = idpSignInAt(b.ID, idpNow).ID // what it was
	wantIDs(t, idpListed(t, s, "browser", idpNow), a.ID, b.ID)
	list, err := s.SignIns(ctx, "browser", idpNow)
	must(t, err)
	if !reflect.DeepEqual(list, []directory.SignIn{late, again}) {
		t.Errorf("sign-ins = %+v", list)
	}
}

func idpSignInsBounded(t *testing.T, s directory.Store) {
	ctx, a, b := context.Background(), idpCreate(t, s, 1), idpCreate(t, s, 2)
	must(t, s.AddSignIn(ctx, "", "browser 0", idpSignInAt(b.ID, idpNow)))
	name := func(i int) string { return "browser " + strconv.Itoa(i) }
	for i := range directory.MaxSignIns + 3 {
		must(t, s.AddSignIn(ctx, "", name(i), idpSignInAt(a.ID, idpNow.Add(time.Duration(i)*time.Second))))
	}
	// A clock that was behind: what was just added stays in any case.
	must(t, s.AddSignIn(ctx, "", "late", idpSignInAt(a.ID, idpNow.Add(-time.Minute))))
	for i := range directory.MaxSignIns + 3 {
		var want []string
		if i == 0 {
			want = append(want, b.ID)
		}
		if i >= 4 {
			want = append(want, a.ID)
		}
		wantIDs(t, idpListed(t, s, name(i), idpNow), want...)
	}
	wantIDs(t, idpListed(t, s, "late", idpNow), a.ID)
}

func idpSignInsMove(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a, b, c := idpCreate(t, s, 1), idpCreate(t, s, 2), idpCreate(t, s, 3)
	must(t, s.AddSignIn(ctx, "", "old", idpSignInAt(a.ID, idpNow)))
	must(t, s.AddSignIn(ctx, "", "stranger", idpSignInAt(c.ID, idpNow)))
	must(t, s.AddSignIn(ctx, "old", "new", idpSignInAt(b.ID, idpNow.Add(time.Second))))
	wantIDs(t, idpListed(t, s, "old", idpNow))
	wantIDs(t, idpListed(t, s, "new", idpNow), a.ID, b.ID)
	wantIDs(t, idpListed(t, s, "stranger", idpNow), c.ID)

	// The account that signs in again is among those that move.
	must(t, s.AddSignIn(ctx, "new", "newer", idpSignInAt(a.ID, idpNow.Add(time.Minute))))
	wantIDs(t, idpListed(t, s, "newer", idpNow), b.ID, a.ID)
	list, err := s.SignIns(ctx, "newer", idpNow)
	must(t, err)
	if first := idpSignInAt(a.ID, idpNow).ID; list[1].ID != first {
		t.Errorf("the sign-in became %q, it was %q", list[1].ID, first)
	}
}

func idpSignOut(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a, b := idpCreate(t, s, 1), idpCreate(t, s, 2)
	for i, id := range []string{a.ID, b.ID} {
		at := idpNow.Add(time.Duration(i) * time.Second)
		must(t, s.AddSignIn(ctx, "one", "one", idpSignInAt(id, at)))
		must(t, s.AddSignIn(ctx, "two", "two", idpSignInAt(id, at)))
	}
	must(t, s.RemoveSignIn(ctx, "one", a.ID))
	must(t, s.RemoveSignIn(ctx, "one", a.ID))
	must(t, s.RemoveSignIn(ctx, "unknown", a.ID))
	wantIDs(t, idpListed(t, s, "one", idpNow), b.ID)
	wantIDs(t, idpListed(t, s, "two", idpNow), a.ID, b.ID)
	must(t, s.RemoveSignIn(ctx, "one", b.ID))
	wantIDs(t, idpListed(t, s, "one", idpNow))
}
