package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

var rpLeaseCases = []rpCase{
	{"tokens are leased to one holder, who saves them", rpLeaseAndSave},
	{"a lease that is over goes to the next, and the late holder has lost it", rpLeaseOver},
	{"a late holder saves as long as nobody followed", rpLeaseLate},
	{"what ended or expired is leased to nobody", rpLeaseEnded},
	{"of many holders one gets the lease, and of many who follow one", rpLeaseRace},
}

const rpLeaseTime = 30 * time.Second

// rpLease tries to lease sign-in-1 and wants to see its tokens.
func rpLease(t *testing.T, s RPStore, holder string, now time.Time, want bool, tokens string) {
	t.Helper()
	in, leased, err := s.LeaseTokens(context.Background(), "sign-in-1", holder, now, now.Add(rpLeaseTime))
	if err != nil || leased != want || string(in.Tokens) != tokens {
		t.Errorf("%s: leased %v, %v, %+v; want %v and %q", holder, leased, err, in, want, tokens)
	}
}

func rpSave(t *testing.T, s RPStore, holder, tokens string, want error) {
	t.Helper()
	if err := s.SaveTokens(context.Background(), "sign-in-1", holder, []byte(tokens)); !errors.Is(err, want) {
		t.Errorf("%s saves: %v, want %v", holder, err, want)
	}
}

func rpLeaseRow(t *testing.T, s RPStore) {
	in := rpSignInRow(1)
	in.Tokens = []byte("old")
	rpAdd(t, s, in)
	other := rpSignInRow(2)
	other.Tokens = []byte("of another")
	rpAdd(t, s, other)
}

func rpLeaseAndSave(t *testing.T, s RPStore) {
	rpLeaseRow(t, s)
	rpSave(t, s, "", "x", rpserver.ErrLeaseLost)
	rpSave(t, s, "a", "x", rpserver.ErrLeaseLost)
	rpLease(t, s, "a", rpNow, true, "old")
	rpLease(t, s, "b", rpNow, false, "old")
	rpLease(t, s, "a", rpNow, false, "old") // not even to itself
	rpSave(t, s, "b", "x", rpserver.ErrLeaseLost)
	rpSave(t, s, "", "x", rpserver.ErrLeaseLost)
	rpSave(t, s, "a", "new", nil)
	rpSave(t, s, "a", "x", rpserver.ErrLeaseLost) // the lease is over
	rpLease(t, s, "b", rpNow, true, "new")
	rpSave(t, s, "b", "", nil)
	rpLease(t, s, "c", rpNow, true, "")
	if in, err := s.FindSignIn(context.Background(), "sign-in-2"); err != nil || string(in.Tokens) != "of another" {
		t.Errorf("another sign-in is %+v, %v", in, err)
	}
	for _, id := range []string{"", "nobody's"} {
		if _, leased, err := s.LeaseTokens(context.Background(), id, "a", rpNow, rpNow.Add(time.Hour)); leased || !errors.Is(err, rpserver.ErrNoSignIn) {
			t.Errorf("id %q: %v, %v", id, leased, err)
		}
		if err := s.SaveTokens(context.Background(), id, "a", nil); !errors.Is(err, rpserver.ErrLeaseLost) {
			t.Errorf("id %q: %v", id, err)
		}
	}
	if _, leased, err := s.LeaseTokens(context.Background(), "sign-in-2", "", rpNow, rpNow.Add(time.Hour)); leased || err == nil {
		t.Errorf("leased %v to nobody, %v", leased, err)
	}
}

func rpLeaseOver(t *testing.T, s RPStore) {
	rpLeaseRow(t, s)
	rpLease(t, s, "a", rpNow, true, "old")
	rpLease(t, s, "b", rpNow.Add(rpLeaseTime-time.Millisecond), false, "old")
	rpLease(t, s, "b", rpNow.Add(rpLeaseTime), true, "old")
	rpSave(t, s, "a", "late", rpserver.ErrLeaseLost)
	rpSave(t, s, "b", "new", nil)
	rpSave(t, s, "a", "late", rpserver.ErrLeaseLost)
	rpLease(t, s, "c", rpNow, true, "new")
}

func rpLeaseLate(t *testing.T, s RPStore) {
	rpLeaseRow(t, s)
	rpLease(t, s, "a", rpNow, true, "old")
	rpSave(t, s, "a", "late", nil)
	rpLease(t, s, "b", rpNow.Add(time.Hour), true, "late")
}

func rpLeaseEnded(t *testing.T, s RPStore) {
	rpLeaseRow(t, s)
	expires := rpSignInRow(1).Expires
	rpLease(t, s, "a", expires, false, "old")
	rpLease(t, s, "a", expires.Add(-time.Millisecond), true, "old")
	if n, err := s.EndSignIns(context.Background(), rpserver.SignInsWhere{ID: "sign-in-1"}, rpNow); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	rpSave(t, s, "a", "x", rpserver.ErrLeaseLost)
	rpLease(t, s, "b", rpNow, false, "old")
	want := rpSignInRow(1)
	want.Ended, want.Tokens = rpNow, []byte("old")
	if in, _, err := s.LeaseTokens(context.Background(), want.ID, "b", rpNow, rpNow.Add(time.Hour)); err != nil || !reflect.DeepEqual(*in, want) {
		t.Errorf("got %+v, %v", in, err)
	}
}

func rpLeaseRace(t *testing.T, s RPStore) { rpLeaseRaceOf(t, s, s) }

// rpLeaseRaceOf has many holders at once, at several handles of one store.
func rpLeaseRaceOf(t *testing.T, of ...RPStore) {
	rpLeaseRow(t, of[0])
	const holders = 50
	tokens := "old"
	for round := range 3 {
		now := rpNow.Add(time.Duration(round) * rpLeaseTime) // those of the round before died
		var got [holders]bool
		rpTogether(holders, func(i int) {
			in, leased, err := of[i%len(of)].LeaseTokens(context.Background(), "sign-in-1", fmt.Sprint(round, " ", i), now, now.Add(rpLeaseTime))
			if err != nil || string(in.Tokens) != tokens {
				t.Errorf("holder %d: %+v, %v", i, in, err)
			}
			got[i] = leased
		})
		holder := -1
		for i, leased := range got {
			if leased && holder >= 0 {
				t.Errorf("round %d: both %d and %d", round, holder, i)
			}
			if leased {
				holder = i
			}
		}
		if holder < 0 {
			t.Fatalf("round %d: nobody", round)
		}
		if round == 2 { // those before are late: of all who save, the holder does
			var errs [3 * holders]error
			rpTogether(len(errs), func(i int) {
				errs[i] = of[i%len(of)].SaveTokens(context.Background(), "sign-in-1", fmt.Sprint(i/holders, " ", i%holders), []byte("new"))
			})
			for i, err := range errs {
				if want := i == 2*holders+holder; (err == nil) != want || !want && !errors.Is(err, rpserver.ErrLeaseLost) {
					t.Errorf("holder %d of round %d: %v", i%holders, i/holders, err)
				}
			}
		}
	}
}
