package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

var rpSignInCases = []rpCase{
	{"a sign-in comes back as it was added", rpSignInRoundTrip},
	{"a user's sign-ins are those that last", rpSignInsOf},
	{"to end means the rows that were meant", rpEndWhere},
	{"of many who end a sign-in one counts it", rpEndRace},
	{"to end nothing in particular is refused", rpEndRefused},
	{"a sweep forgets what is over for more than a day", rpSweepSignIns},
	{"a sweep takes more than one statement may", rpSweepMany},
	{"what PostgreSQL cannot find rows by is refused by all", rpSignInKeys},
}

func rpSignInRow(n int) rpserver.SignIn {
	return rpserver.SignIn{
		ID: fmt.Sprintf("sign-in-%d", n), UserID: "user", Provider: "idp", Issuer: "https://idp.example",
		Subject: "subject", SessionID: fmt.Sprintf("session-%d", n),
		Created: rpNow.Add(time.Duration(n) * time.Second), Expires: rpNow.Add(24 * time.Hour),
	}
}

func rpAdd(t *testing.T, s RPStore, in rpserver.SignIn) {
	t.Helper()
	rpMust(t, s.AddSignIn(context.Background(), in))
}

func rpFind(t *testing.T, s RPStore, want rpserver.SignIn) {
	t.Helper()
	if got, err := s.FindSignIn(context.Background(), want.ID); err != nil || !reflect.DeepEqual(*got, want) {
		t.Errorf("sign-in %v\n got %+v\nwant %+v", err, got, want)
	}
}

func rpSignInRoundTrip(t *testing.T, s RPStore) {
	ctx := context.Background()
	full := rpSignInRow(1)
	full.AuthTime, full.Automatic, full.Tokens = rpNow.Add(-time.Hour), true, []byte("\x00sealed\xff")
	bare := rpserver.SignIn{ID: "bare", Expires: rpNow, Created: rpNow}
	ended := rpSignInRow(2)
	ended.Ended = rpNow
	for _, in := range []rpserver.SignIn{full, bare, ended} {
		rpAdd(t, s, in)
		rpFind(t, s, in)
	}
	if got, err := s.FindSignIn(ctx, full.ID); err != nil {
		t.Error(err)
	} else {
		got.Tokens[0] = 'x' // is the caller's own
		rpFind(t, s, full)
	}
	again := rpSignInRow(3)
	again.ID = full.ID
	if err := s.AddSignIn(ctx, again); err == nil {
		t.Error("an id that is taken was added")
	}
	rpFind(t, s, full)
	again.ID = ""
	if err := s.AddSignIn(ctx, again); err == nil {
		t.Error("a sign-in without an id was added")
	}
	for _, id := range []string{"", "nobody's", strings.ToUpper(full.ID)} {
		if got, err := s.FindSignIn(ctx, id); !errors.Is(err, rpserver.ErrNoSignIn) || got != nil {
			t.Errorf("id %q: %v, %v", id, got, err)
		}
	}
}

func rpSignInsOf(t *testing.T, s RPStore) {
	ctx := context.Background()
	first, second, ended, expired, other := rpSignInRow(1), rpSignInRow(2), rpSignInRow(3), rpSignInRow(4), rpSignInRow(5)
	ended.Ended, expired.Expires, other.UserID = rpNow, rpNow.Add(time.Minute), "another"
	for _, in := range []rpserver.SignIn{first, ended, second, expired, other} {
		rpAdd(t, s, in)
	}
	for at, want := range map[time.Duration][]rpserver.SignIn{
		time.Minute - time.Millisecond: {expired, second, first},
		time.Minute:                    {second, first},
		24 * time.Hour:                 nil,
	} {
		if got, err := s.SignInsOf(ctx, "user", rpNow.Add(at)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("after %v, %v\n got %+v\nwant %+v", at, err, got, want)
		}
	}
	if got, err := s.SignInsOf(ctx, "", rpNow); err != nil || got != nil {
		t.Errorf("nobody's: %v, %v", got, err)
	}
}

func rpEndWhere(t *testing.T, s RPStore) {
	type where = rpserver.SignInsWhere
	rows := []struct{ id, user, issuer, subject, session string }{
		{"0", "u", "https://a.example", "s", "x"}, {"1", "u", "https://a.example", "s", "y"},
		{"2", "v", "https://a.example", "t", "x"}, {"3", "u", "https://b.example", "s", "x"},
		{"4", "w", "https://b.example", "S", ""}, {"6", "w", "https://b.example", "S", "y"}, {"5", "u ", "https://a.example/", "s ", "X"},
	}
	for i, c := range []struct {
		where where
		want  string
	}{
		{where{ID: "1"}, "1"}, {where{UserID: "u"}, "013"}, {where{Issuer: "https://a.example"}, "012"},
		{where{Issuer: "https://a.example", Subject: "s"}, "01"}, {where{Issuer: "https://a.example", SessionID: "x"}, "02"},
		{where{Issuer: "https://a.example", Subject: "s", SessionID: "x"}, "0"}, {where{Issuer: "https://b.example", Subject: "S"}, "46"},
		// With a subject also those that name no session of the provider's; without, none of them.
		{where{Issuer: "https://b.example", Subject: "S", SessionID: "x"}, "4"}, {where{Issuer: "https://b.example", Subject: "S", SessionID: "y"}, "46"},
		{where{Issuer: "https://b.example", SessionID: "x"}, "3"},
		{where{ID: "1", UserID: "v"}, ""}, {where{UserID: "' OR 1=1 --"}, ""}, {where{Issuer: "https://b.example", SessionID: "z"}, ""},
	} {
		prefix := fmt.Sprint("case", i, "-") // each case has rows of its own
		own := func(v string) string {
			if v == "" {
				return ""
			}
			return prefix + v
		}
		for _, r := range rows {
			in := rpSignInRow(1)
			in.ID, in.UserID, in.Issuer, in.Subject, in.SessionID = own(r.id), own(r.user), own(r.issuer), own(r.subject), own(r.session)
			rpAdd(t, s, in)
		}
		w := where{ID: own(c.where.ID), UserID: own(c.where.UserID), Issuer: own(c.where.Issuer), Subject: own(c.where.Subject), SessionID: own(c.where.SessionID)}
		at := rpNow.Add(time.Minute)
		for try, want := range []int{len(c.want), 0} {
			if n, err := s.EndSignIns(context.Background(), w, at.Add(time.Duration(try)*time.Hour)); err != nil || n != want {
				t.Errorf("%+v, try %d: ended %d, %v; want %d", c.where, try, n, err, want)
			}
		}
		ended := ""
		for _, r := range rows {
			in, err := s.FindSignIn(context.Background(), own(r.id))
			rpMust(t, err)
			if !in.Ended.IsZero() {
				ended += r.id
				if !in.Ended.Equal(at) {
					t.Errorf("%+v: ended at %v", c.where, in.Ended)
				}
			}
		}
		if ended != c.want {
			t.Errorf("%+v ended %q, want %q", c.where, ended, c.want)
		}
	}
}

func rpEndRace(t *testing.T, s RPStore) {
	rpAdd(t, s, rpSignInRow(1))
	counts := make([]int, 20)
	rpTogether(len(counts), func(i int) {
		var err error
		if counts[i], err = s.EndSignIns(context.Background(), rpserver.SignInsWhere{UserID: "user"}, rpNow); err != nil {
			t.Error(err)
		}
	})
	sum := 0
	for _, n := range counts {
		sum += n
	}
	if sum != 1 {
		t.Errorf("counted %d times", sum)
	}
}

func rpEndRefused(t *testing.T, s RPStore) {
	rpAdd(t, s, rpSignInRow(1))
	for _, w := range []rpserver.SignInsWhere{{}, {Subject: "subject"}, {SessionID: "session-1"}, {UserID: "user", Subject: "subject"}} {
		if n, err := s.EndSignIns(context.Background(), w, rpNow); err == nil || n != 0 {
			t.Errorf("%+v: ended %d, %v", w, n, err)
		}
	}
	rpFind(t, s, rpSignInRow(1))
}

func rpSweepSignIns(t *testing.T, s RPStore) {
	lasts, expired, ended := rpSignInRow(1), rpSignInRow(2), rpSignInRow(3)
	lasts.Expires, expired.Expires, ended.Expires = rpNow.Add(1000*time.Hour), rpNow, rpNow.Add(1000*time.Hour)
	ended.Ended = rpNow
	for _, in := range []rpserver.SignIn{lasts, expired, ended} {
		rpAdd(t, s, in)
	}
	rpMust(t, s.SweepSignIns(context.Background(), rpNow.Add(24*time.Hour)))
	for _, in := range []rpserver.SignIn{lasts, expired, ended} {
		rpFind(t, s, in)
	}
	rpMust(t, s.SweepSignIns(context.Background(), rpNow.Add(24*time.Hour+time.Millisecond)))
	rpFind(t, s, lasts)
	for _, in := range []rpserver.SignIn{expired, ended} {
		if got, err := s.FindSignIn(context.Background(), in.ID); !errors.Is(err, rpserver.ErrNoSignIn) {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func rpSweepMany(t *testing.T, s RPStore) {
	const rows = 2500 // more than one statement takes
	rpTogether(10, func(worker int) {
		for i := range rows / 10 {
			in := rpSignInRow(worker*rows + i)
			in.Expires = rpNow
			if err := s.AddSignIn(context.Background(), in); err != nil {
				t.Error(err)
				return
			}
		}
	})
	rpMust(t, s.SweepSignIns(context.Background(), rpNow.Add(25*time.Hour)))
	if got, err := s.SignInsOf(context.Background(), "user", rpNow.Add(-time.Hour)); err != nil || len(got) != 0 {
		t.Errorf("%d are left, %v", len(got), err)
	}
}

// rpRandomText cannot be pressed into less by a database.
func rpRandomText(n int) string {
	b := ""
	for len(b) < n {
		b += rand.Text()
	}
	return b[:n]
}

func rpSignInKeys(t *testing.T, s RPStore) {
	ctx := context.Background()
	for _, bad := range []string{"a\x00", "a\xff", strings.Repeat("x", 769)} {
		for i, in := range []rpserver.SignIn{{ID: bad}, {ID: "1", UserID: bad}, {ID: "2", Provider: bad}, {ID: "3", Issuer: bad}, {ID: "4", Subject: bad}, {ID: "5", SessionID: bad}} {
			if err := s.AddSignIn(ctx, in); err == nil {
				t.Errorf("%q, %d: added", bad, i)
			}
		}
		if _, err := s.EndSignIns(ctx, rpserver.SignInsWhere{Issuer: "i", SessionID: bad}, rpNow); err == nil {
			t.Errorf("%q: ended", bad)
		}
	}
	long := rpSignInRow(1)
	long.UserID, long.Issuer, long.Subject, long.SessionID = rpRandomText(768), rpRandomText(768), rpRandomText(768), rpRandomText(768)
	rpAdd(t, s, long)
	rpFind(t, s, long)
}
