package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
)

// IdP runs every promise of idpserver.Store against the stores that open makes.
// Each call of open must return an empty store.
func IdP(t *testing.T, open func(*testing.T) idpserver.Store) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, idpserver.Store)
	}{
		{"an account comes back as it was created", idpAccountRoundTrip},
		{"an address belongs to one account whatever its case", idpEmailUnique},
		{"of many sign-ups with one address one wins", idpEmailRace},
		{"only the address that was mailed becomes verified", idpMarkVerified},
		{"sign-ins are listed oldest first until they expire", idpSignIns},
		{"moving sign-ins leaves nothing under the old browser", idpSignInsMove},
		{"a sign-out ends one account in one browser", idpSignOut},
		{"a grant keeps its first time and takes the new fields", idpGrants},
		{"a code works once", idpCodeOnce},
		{"a code is bound to its purpose and its time", idpCodeBound},
		{"of many takers of one code one gets it", idpCodeRace},
		{"dropped codes are gone, others stay", idpCodeDrop},
		{"a session token of one kind finds nothing under another", idpSessions},
		{"a sweep removes what expired and nothing else", idpSweep},
		{"hostile text is data", idpHostileText},
		{"a cancelled request is an error, not an answer", idpCancelled},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

var idpNow = time.Date(2026, 5, 4, 12, 0, 0, 123e6, time.UTC)

func idpAccount(n int) idpserver.Account {
	return idpserver.Account{
		ID: fmt.Sprintf("subject-%d", n), Email: fmt.Sprintf("Person%d@Example.test", n),
		Name: "Ada Lovelace", GivenName: "Ada", PasswordHash: "$argon2id$v=19$m=1,t=1,p=1$AAAA$BBBB",
		CreatedAt: idpNow,
	}
}

func idpCreate(t *testing.T, s idpserver.Store, n int) idpserver.Account {
	t.Helper()
	a := idpAccount(n)
	must(t, s.CreateAccount(context.Background(), a))
	return a
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantNotFound(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, idpserver.ErrNotFound) {
		t.Fatalf("error = %v, want ErrNotFound", err)
	}
}

func idpAccountRoundTrip(t *testing.T, s idpserver.Store) {
	ctx := context.Background()
	want := idpCreate(t, s, 1)
	got, err := s.Account(ctx, want.ID)
	must(t, err)
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("Account = %+v\nwant      %+v", *got, want)
	}
	got, err = s.AccountByEmail(ctx, "PERSON1@example.TEST")
	must(t, err)
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("AccountByEmail = %+v\nwant %+v", *got, want)
	}
	_, err = s.Account(ctx, "nobody")
	wantNotFound(t, err)
	_, err = s.AccountByEmail(ctx, "nobody@example.test")
	wantNotFound(t, err)
	_, err = s.AccountByEmail(ctx, "")
	wantNotFound(t, err)

	must(t, s.SetPasswordHash(ctx, want.ID, "new"))
	got, err = s.Account(ctx, want.ID)
	must(t, err)
	if got.PasswordHash != "new" {
		t.Errorf("PasswordHash = %q after SetPasswordHash", got.PasswordHash)
	}
	wantNotFound(t, s.SetPasswordHash(ctx, "nobody", "new"))
}

func idpEmailUnique(t *testing.T, s idpserver.Store) {
	ctx := context.Background()
	first := idpCreate(t, s, 1)
	second := idpAccount(2)
	second.Email = strings.ToUpper(first.Email)
	if err := s.CreateAccount(ctx, second); !errors.Is(err, idpserver.ErrEmailTaken) {
		t.Fatalf("error = %v, want ErrEmailTaken", err)
	}
	_, err := s.Account(ctx, second.ID)
	wantNotFound(t, err)

	// A subject is never used again, and a clash is not taken for a taken address.
	third := idpAccount(3)
	third.ID = first.ID
	if err := s.CreateAccount(ctx, third); err == nil || errors.Is(err, idpserver.ErrEmailTaken) {
		t.Fatalf("a second account with the same id: error = %v", err)
	}
	got, err := s.Account(ctx, first.ID)
	must(t, err)
	if got.Email != first.Email {
		t.Errorf("the first account became %+v", got)
	}
	_, err = s.AccountByEmail(ctx, third.Email)
	wantNotFound(t, err)
}

func idpEmailRace(t *testing.T, s idpserver.Store) {
	var won atomic.Int32
	parallel(16, func(i int) {
		a := idpAccount(i)
		a.Email = "one@example.test"
		switch err := s.CreateAccount(context.Background(), a); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, idpserver.ErrEmailTaken):
			t.Errorf("error = %v", err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d sign-ups got the address", won.Load())
	}
}

func idpMarkVerified(t *testing.T, s idpserver.Store) {
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

func idpSignInAt(account string, at time.Time) idpserver.SignIn {
	return idpserver.SignIn{Account: account, At: at, Expires: at.Add(time.Hour)}
}

func idpListed(t *testing.T, s idpserver.Store, browser string, now time.Time) []string {
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

func idpSignIns(t *testing.T, s idpserver.Store) {
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
	must(t, s.AddSignIn(ctx, "browser", "browser", again))
	wantIDs(t, idpListed(t, s, "browser", idpNow), a.ID, b.ID)
	list, err := s.SignIns(ctx, "browser", idpNow)
	must(t, err)
	if !reflect.DeepEqual(list, []idpserver.SignIn{late, again}) {
		t.Errorf("sign-ins = %+v", list)
	}
}

func idpSignInsMove(t *testing.T, s idpserver.Store) {
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
}

func idpSignOut(t *testing.T, s idpserver.Store) {
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

func idpGrants(t *testing.T, s idpserver.Store) {
	ctx := context.Background()
	a, b := idpCreate(t, s, 1), idpCreate(t, s, 2)
	first := idpserver.Grant{Account: a.ID, Client: "shop", Fields: []string{"name"}, At: idpNow, LastUsed: idpNow}
	other := idpserver.Grant{Account: a.ID, Client: "wiki", At: idpNow.Add(time.Second), LastUsed: idpNow.Add(time.Second)}
	must(t, s.PutGrant(ctx, other))
	must(t, s.PutGrant(ctx, first))
	must(t, s.PutGrant(ctx, idpserver.Grant{Account: b.ID, Client: "shop", At: idpNow, LastUsed: idpNow}))

	later := idpNow.Add(time.Hour)
	must(t, s.PutGrant(ctx, idpserver.Grant{
		Account: a.ID, Client: "shop", Fields: []string{"name", "email"}, At: later, LastUsed: later,
	}))
	got, err := s.Grants(ctx, a.ID)
	must(t, err)
	if len(got) != 2 || got[0].Client != "shop" || got[1].Client != "wiki" {
		t.Fatalf("grants = %+v", got)
	}
	if g := got[0]; !g.At.Equal(idpNow) || !g.LastUsed.Equal(later) || !slices.Equal(g.Fields, []string{"name", "email"}) {
		t.Errorf("grant = %+v", g)
	}
	if len(got[1].Fields) != 0 {
		t.Errorf("fields = %q, want none", got[1].Fields)
	}
	must(t, s.DeleteGrant(ctx, a.ID, "shop"))
	must(t, s.DeleteGrant(ctx, a.ID, "shop"))
	got, err = s.Grants(ctx, a.ID)
	must(t, err)
	if len(got) != 1 || got[0].Client != "wiki" {
		t.Errorf("grants after DeleteGrant = %+v", got)
	}
	got, err = s.Grants(ctx, b.ID)
	must(t, err)
	if len(got) != 1 {
		t.Errorf("another account's grants = %+v", got)
	}
}

func idpCode(n int, account string) idpserver.Code {
	return idpserver.Code{
		Purpose: idpserver.CodeEmail, Hash: sha256.Sum256(fmt.Append(nil, n)),
		Account: account, Data: []byte("ada@example.test"), Expires: idpNow.Add(time.Minute),
	}
}

func idpCodeOnce(t *testing.T, s idpserver.Store) {
	ctx := context.Background()
	want := idpCode(1, "a")
	must(t, s.PutCode(ctx, want))
	if err := s.PutCode(ctx, want); err == nil {
		t.Error("a hash that is already there was accepted")
	}
	got, err := s.TakeCode(ctx, want.Purpose, want.Hash, idpNow)
	must(t, err)
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("code = %+v\nwant   %+v", *got, want)
	}
	_, err = s.TakeCode(ctx, want.Purpose, want.Hash, idpNow)
	wantNotFound(t, err)
}

func idpCodeBound(t *testing.T, s idpserver.Store) {
	ctx := context.Background()
	c := idpCode(1, "a")
	must(t, s.PutCode(ctx, c))
	_, err := s.TakeCode(ctx, "another purpose", c.Hash, idpNow)
	wantNotFound(t, err)
	_, err = s.TakeCode(ctx, c.Purpose, sha256.Sum256([]byte("guess")), idpNow)
	wantNotFound(t, err)
	_, err = s.TakeCode(ctx, c.Purpose, c.Hash, c.Expires)
	wantNotFound(t, err)
	_, err = s.TakeCode(ctx, c.Purpose, c.Hash, c.Expires.Add(-time.Millisecond))
	must(t, err)
}

func idpCodeRace(t *testing.T, s idpserver.Store) {
	for round := range 5 {
		c := idpCode(round, "a")
		must(t, s.PutCode(context.Background(), c))
		var won atomic.Int32
		parallel(24, func(int) {
			switch _, err := s.TakeCode(context.Background(), c.Purpose, c.Hash, idpNow); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, idpserver.ErrNotFound):
				t.Errorf("error = %v", err)
			}
		})
		if won.Load() != 1 {
			t.Fatalf("%d takers got the code", won.Load())
		}
	}
}

func idpCodeDrop(t *testing.T, s idpserver.Store) {
	ctx := context.Background()
	mine, mine2, other := idpCode(1, "a"), idpCode(2, "a"), idpCode(3, "b")
	kind := idpCode(4, "a")
	kind.Purpose = "another purpose"
	for _, c := range []idpserver.Code{mine, mine2, other, kind} {
		must(t, s.PutCode(ctx, c))
	}
	must(t, s.DropCodes(ctx, idpserver.CodeEmail, "a"))
	for _, c := range []idpserver.Code{mine, mine2} {
		_, err := s.TakeCode(ctx, c.Purpose, c.Hash, idpNow)
		wantNotFound(t, err)
	}
	for _, c := range []idpserver.Code{other, kind} {
		_, err := s.TakeCode(ctx, c.Purpose, c.Hash, idpNow)
		must(t, err)
	}
}

func idpSessions(t *testing.T, s idpserver.Store) {
	ctx := context.Background()
	end := idpNow.Add(time.Minute)
	must(t, s.CommitSession(ctx, "page", "token", []byte{0, 1, 255}, end))
	got, err := s.FindSession(ctx, "page", "token", idpNow)
	must(t, err)
	if !slices.Equal(got, []byte{0, 1, 255}) {
		t.Errorf("data = %v", got)
	}
	_, err = s.FindSession(ctx, "fedcm", "token", idpNow)
	wantNotFound(t, err)
	_, err = s.FindSession(ctx, "page", "Token", idpNow)
	wantNotFound(t, err)
	_, err = s.FindSession(ctx, "page", "token", end)
	wantNotFound(t, err)

	must(t, s.CommitSession(ctx, "page", "token", nil, end.Add(time.Minute)))
	got, err = s.FindSession(ctx, "page", "token", end)
	must(t, err)
	if len(got) != 0 {
		t.Errorf("data after replacing = %v", got)
	}
	must(t, s.DeleteSession(ctx, "fedcm", "token"))
	_, err = s.FindSession(ctx, "page", "token", idpNow)
	must(t, err)
	must(t, s.DeleteSession(ctx, "page", "token"))
	must(t, s.DeleteSession(ctx, "page", "token"))
	_, err = s.FindSession(ctx, "page", "token", idpNow)
	wantNotFound(t, err)
}

func idpSweep(t *testing.T, s idpserver.Store) {
	ctx := context.Background()
	a, b := idpCreate(t, s, 1), idpCreate(t, s, 2)
	end := idpNow.Add(time.Minute)
	dead, live := idpCode(1, a.ID), idpCode(2, a.ID)
	dead.Expires, live.Expires = end, end.Add(time.Millisecond)
	must(t, s.PutCode(ctx, dead))
	must(t, s.PutCode(ctx, live))
	must(t, s.CommitSession(ctx, "page", "dead", nil, end))
	must(t, s.CommitSession(ctx, "page", "live", nil, end.Add(time.Millisecond)))
	must(t, s.AddSignIn(ctx, "", "browser", idpserver.SignIn{Account: a.ID, At: idpNow, Expires: end}))
	must(t, s.AddSignIn(ctx, "browser", "browser", idpserver.SignIn{Account: b.ID, At: idpNow, Expires: end.Add(time.Millisecond)}))

	must(t, s.Sweep(ctx, end))
	// Asked as of before the sweep, what it removed is still not there.
	wantIDs(t, idpListed(t, s, "browser", idpNow), b.ID)
	_, err := s.TakeCode(ctx, dead.Purpose, dead.Hash, idpNow)
	wantNotFound(t, err)
	_, err = s.FindSession(ctx, "page", "dead", idpNow)
	wantNotFound(t, err)
	_, err = s.TakeCode(ctx, live.Purpose, live.Hash, end)
	must(t, err)
	_, err = s.FindSession(ctx, "page", "live", end)
	must(t, err)
	_, err = s.Account(ctx, a.ID)
	must(t, err)
}

func idpHostileText(t *testing.T, s idpserver.Store) {
	ctx := context.Background()
	a := idpAccount(1)
	a.Name = `'); DROP TABLE accounts; --` + "\x00\u202e\"<b>"
	must(t, s.CreateAccount(ctx, a))
	got, err := s.Account(ctx, a.ID)
	must(t, err)
	if got.Name != a.Name {
		t.Errorf("name = %q", got.Name)
	}
	_, err = s.AccountByEmail(ctx, `' OR 1=1 --`)
	wantNotFound(t, err)
	_, err = s.AccountByEmail(ctx, "person%@example.test")
	wantNotFound(t, err)
}

func idpCancelled(t *testing.T, s idpserver.Store) {
	c := idpCode(1, "a")
	must(t, s.PutCode(context.Background(), c))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.TakeCode(ctx, c.Purpose, c.Hash, idpNow); err == nil || errors.Is(err, idpserver.ErrNotFound) {
		t.Errorf("TakeCode with a cancelled context: error = %v", err)
	}
	if _, err := s.SignIns(ctx, "browser", idpNow); err == nil {
		t.Error("SignIns with a cancelled context: no error")
	}
	_, err := s.TakeCode(context.Background(), c.Purpose, c.Hash, idpNow)
	must(t, err)
}

// parallel runs f n times at once and waits.
func parallel(n int, f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; f(i) })
	}
	close(start)
	wg.Wait()
}
