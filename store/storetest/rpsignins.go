package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// rpRow is a sign-in of user n.
func rpRow(id string, n int) rpserver.SignIn {
	return rpserver.SignIn{
		ID: id, UserID: fmt.Sprintf("user-%d", n), Provider: "idp", Issuer: "https://idp.example",
		Subject: fmt.Sprintf("subject-%d", n), SessionID: "sid-" + id,
		Created: rpNow, Expires: rpNow.Add(24 * time.Hour), AuthTime: rpNow.Add(-time.Minute), Automatic: true,
		Tokens: []byte{0, 1, 255, '\''},
	}
}

func rpAdd(t *testing.T, s RPStore, rows ...rpserver.SignIn) {
	t.Helper()
	for _, row := range rows {
		rpMust(t, s.AddSignIn(context.Background(), row))
	}
}

func rpSignInRoundTrip(t *testing.T, s RPStore) {
	ctx := context.Background()
	full, bare := rpRow("full", 1), rpserver.SignIn{ID: "bare", UserID: "user-1", Created: rpNow.Add(time.Second), Expires: rpNow.Add(time.Hour)}
	rpAdd(t, s, full, bare)
	got, err := s.FindSignIn(ctx, "full")
	rpMust(t, err)
	if !reflect.DeepEqual(*got, full) {
		t.Errorf("\n got %+v\nwant %+v", *got, full)
	}
	if got, err = s.FindSignIn(ctx, "bare"); err != nil || !got.AuthTime.IsZero() || !got.Ended.IsZero() || len(got.Tokens) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := s.FindSignIn(ctx, "FULL"); !errors.Is(err, rpserver.ErrNoSignIn) {
		t.Error(err)
	}
	all, err := s.SignInsOf(ctx, "user-1", rpNow)
	if err != nil || len(all) != 2 || all[0].ID != "bare" || all[1].ID != "full" {
		t.Errorf("%+v, %v", all, err)
	}
	if all, err = s.SignInsOf(ctx, "user-1", bare.Expires); err != nil || len(all) != 1 || all[0].ID != "full" {
		t.Errorf("when one has expired: %+v, %v", all, err)
	}
}

func rpSignInEnds(t *testing.T, s RPStore) {
	ctx, at := context.Background(), rpNow.Add(time.Minute)
	rpAdd(t, s, rpRow("a", 1))
	for i, want := range []int{1, 0} {
		if n, err := s.EndSignIns(ctx, rpserver.SignInsWhere{ID: "a"}, at.Add(time.Duration(i)*time.Hour)); n != want || err != nil {
			t.Errorf("%d ended, %v", n, err)
		}
	}
	got, err := s.FindSignIn(ctx, "a")
	rpMust(t, err)
	if !got.Ended.Equal(at) {
		t.Errorf("ended at %v, and not when it was first", got.Ended)
	}
	if all, err := s.SignInsOf(ctx, "user-1", at); err != nil || len(all) != 0 {
		t.Errorf("%+v, %v", all, err)
	}
	if _, ours, err := s.LeaseTokens(ctx, "a", "me", at, at.Add(time.Minute)); ours {
		t.Errorf("tokens of what has ended: %v", err)
	}
}

func rpSignInsWhere(t *testing.T, s RPStore) {
	ctx := context.Background()
	elsewhere := rpRow("other issuer", 1)
	elsewhere.Issuer = "https://other.example"
	same := rpRow("same person again", 1)
	rows := []rpserver.SignIn{rpRow("a", 1), rpRow("b", 2), same, elsewhere}
	for i := range rows {
		rows[i].ID = fmt.Sprint(rows[i].ID, i)
	}
	rpAdd(t, s, rows...)
	const issuer = "https://idp.example"
	for _, w := range []rpserver.SignInsWhere{
		{}, {Issuer: issuer}, {Subject: "subject-1"}, {SessionID: "sid-a"}, {Subject: "subject-1", SessionID: "sid-a"},
	} {
		if n, err := s.EndSignIns(ctx, w, rpNow); n != 0 || !errors.Is(err, rpserver.ErrSelector) {
			t.Errorf("%+v: %d, %v", w, n, err)
		}
	}
	for _, c := range []struct {
		w    rpserver.SignInsWhere
		want int
	}{
		{rpserver.SignInsWhere{Issuer: issuer, SessionID: "sid-nobody"}, 0},
		{rpserver.SignInsWhere{Issuer: issuer, Subject: "subject-2", SessionID: "sid-a"}, 0},
		{rpserver.SignInsWhere{Issuer: issuer, Subject: "SUBJECT-1"}, 0},
		{rpserver.SignInsWhere{Issuer: issuer, SessionID: "sid-a"}, 1},
		{rpserver.SignInsWhere{Issuer: issuer, Subject: "subject-1"}, 1}, // the one that is left there
		{rpserver.SignInsWhere{UserID: "user-1"}, 1},                     // the one of the other issuer
		{rpserver.SignInsWhere{UserID: "user-2", Issuer: issuer}, 1},
	} {
		if n, err := s.EndSignIns(ctx, c.w, rpNow); n != c.want || err != nil {
			t.Errorf("%+v: %d, %v; want %d", c.w, n, err, c.want)
		}
	}
}

func rpLeaseRace(t *testing.T, s RPStore) {
	ctx := context.Background()
	rpAdd(t, s, rpRow("a", 1))
	var holders atomic.Int32
	rpTogether(20, func(i int) {
		got, ours, err := s.LeaseTokens(ctx, "a", fmt.Sprint("holder ", i), rpNow, rpNow.Add(time.Minute))
		switch {
		case err != nil:
			t.Error(err)
		case ours && (got == nil || got.ID != "a" || !bytes.Equal(got.Tokens, rpRow("a", 1).Tokens)):
			t.Errorf("the holder got %+v", got)
		case ours:
			holders.Add(1)
		}
	})
	if holders.Load() != 1 {
		t.Errorf("%d holders", holders.Load())
	}
}

func rpLeaseOver(t *testing.T, s RPStore) {
	ctx, until := context.Background(), rpNow.Add(time.Minute)
	rpAdd(t, s, rpRow("a", 1))
	lease := func(holder string, now time.Time, want bool) {
		t.Helper()
		if _, ours, err := s.LeaseTokens(ctx, "a", holder, now, now.Add(time.Minute)); ours != want || err != nil {
			t.Errorf("%s: %v, %v", holder, ours, err)
		}
	}
	lease("first", rpNow, true)
	lease("first", rpNow, false) // not even its holder takes it again
	lease("second", until.Add(-time.Millisecond), false)
	lease("second", until, true)
	if err := s.SaveTokens(ctx, "a", "first", []byte("late")); !errors.Is(err, rpserver.ErrLeaseLost) {
		t.Errorf("the first one is late: %v", err)
	}
	rpMust(t, s.SaveTokens(ctx, "a", "second", []byte("new")))
	for _, holder := range []string{"second", ""} {
		if err := s.SaveTokens(ctx, "a", holder, []byte("twice")); !errors.Is(err, rpserver.ErrLeaseLost) {
			t.Errorf("%q saves without a lease: %v", holder, err)
		}
	}
	got, err := s.FindSignIn(ctx, "a")
	if err != nil || string(got.Tokens) != "new" {
		t.Errorf("%+v, %v", got, err)
	}
	lease("third", until, true)
	if _, _, err := s.LeaseTokens(ctx, "nobody", "x", rpNow, until); !errors.Is(err, rpserver.ErrNoSignIn) {
		t.Error(err)
	}
	if err := s.SaveTokens(ctx, "nobody", "x", nil); !errors.Is(err, rpserver.ErrLeaseLost) {
		t.Error(err)
	}
}

func rpSignInSweep(t *testing.T, s RPStore) {
	ctx := context.Background()
	rpAdd(t, s, rpRow("expires", 1), rpRow("ended", 2), rpRow("lives", 3))
	long := rpRow("lives long", 3)
	long.Expires = rpNow.Add(90 * 24 * time.Hour)
	rpAdd(t, s, long)
	if _, err := s.EndSignIns(ctx, rpserver.SignInsWhere{ID: "ended"}, rpNow); err != nil {
		t.Fatal(err)
	}
	there := func(want ...string) {
		t.Helper()
		var is []string
		for _, id := range []string{"expires", "ended", "lives", "lives long"} {
			if _, err := s.FindSignIn(ctx, id); err == nil {
				is = append(is, id)
			} else if !errors.Is(err, rpserver.ErrNoSignIn) {
				t.Error(err)
			}
		}
		if !reflect.DeepEqual(is, want) {
			t.Errorf("there are %q, want %q", is, want)
		}
	}
	rpMust(t, s.SweepSignIns(ctx, rpNow.Add(24*time.Hour)))
	there("expires", "ended", "lives", "lives long")
	rpMust(t, s.SweepSignIns(ctx, rpNow.Add(24*time.Hour+time.Millisecond)))
	there("expires", "lives", "lives long")
	rpMust(t, s.SweepSignIns(ctx, rpNow.Add(48*time.Hour+time.Millisecond)))
	there("lives long")
}
