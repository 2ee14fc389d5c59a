package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// IdP runs every promise of directory.Store against the stores that open makes.
// Each call of open must return an empty store.
func IdP(t *testing.T, open func(*testing.T) directory.Store) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, directory.Store)
	}{
		{"an account comes back as it was created", idpAccountRoundTrip},
		{"an address belongs to one account whatever its case", idpEmailUnique},
		{"of many sign-ups with one address one wins", idpEmailRace},
		{"only the address that was mailed becomes verified", idpMarkVerified},
		{"sign-ins are listed oldest first until they expire", idpSignIns},
		{"an account is signed in in the newest browsers alone", idpSignInsBounded},
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
	for _, c := range idpAuthorizationCases {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

var idpNow = time.Date(2026, 5, 4, 12, 0, 0, 123e6, time.UTC)

func idpAccount(n int) directory.Account {
	return directory.Account{
		ID: fmt.Sprintf("subject-%d", n), Email: fmt.Sprintf("Person%d@Example.test", n),
		Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", PreferredUsername: "ada", Locale: "en-GB", Zoneinfo: "Europe/London",
		Groups: []string{"analysts", "Friends of the Engine"}, UpdatedAt: idpNow.Add(time.Second), PasswordHash: "$argon2id$v=19$m=1,t=1,p=1$AAAA$BBBB",
		CreatedAt: idpNow,
	}
}

func idpCreate(t *testing.T, s directory.Store, n int) directory.Account {
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
	if !errors.Is(err, directory.ErrNotFound) {
		t.Fatalf("error = %v, want ErrNotFound", err)
	}
}

func idpAccountRoundTrip(t *testing.T, s directory.Store) {
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

func idpEmailUnique(t *testing.T, s directory.Store) {
	ctx := context.Background()
	first := idpCreate(t, s, 1)
	second := idpAccount(2)
	second.Email = strings.ToUpper(first.Email)
	if err := s.CreateAccount(ctx, second); !errors.Is(err, directory.ErrEmailTaken) {
		t.Fatalf("error = %v, want ErrEmailTaken", err)
	}
	_, err := s.Account(ctx, second.ID)
	wantNotFound(t, err)

	// A subject is never used again, and a clash is not taken for a taken address.
	third := idpAccount(3)
	third.ID = first.ID
	if err := s.CreateAccount(ctx, third); err == nil || errors.Is(err, directory.ErrEmailTaken) {
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

func idpEmailRace(t *testing.T, s directory.Store) {
	var won atomic.Int32
	parallel(16, func(i int) {
		a := idpAccount(i)
		a.Email = "one@example.test"
		switch err := s.CreateAccount(context.Background(), a); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, directory.ErrEmailTaken):
			t.Errorf("error = %v", err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d sign-ups got the address", won.Load())
	}
}

func idpGrants(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a, b := idpCreate(t, s, 1), idpCreate(t, s, 2)
	first := directory.Grant{Account: a.ID, Client: "shop", Fields: []string{"name"}, At: idpNow, LastUsed: idpNow}
	other := directory.Grant{Account: a.ID, Client: "wiki", At: idpNow.Add(time.Second), LastUsed: idpNow.Add(time.Second)}
	must(t, s.PutGrant(ctx, other))
	must(t, s.PutGrant(ctx, first))
	must(t, s.PutGrant(ctx, directory.Grant{Account: b.ID, Client: "shop", At: idpNow, LastUsed: idpNow}))

	later := idpNow.Add(time.Hour)
	must(t, s.PutGrant(ctx, directory.Grant{
		Account: a.ID, Client: "shop", Fields: []string{"name", "email"}, Scopes: []string{"openid", "x"}, At: later, LastUsed: later,
	}))
	got, err := s.Grants(ctx, a.ID)
	must(t, err)
	if len(got) != 2 || got[0].Client != "shop" || got[1].Client != "wiki" {
		t.Fatalf("grants = %+v", got)
	}
	if g := got[0]; !g.At.Equal(idpNow) || !g.LastUsed.Equal(later) || !slices.Equal(g.Fields, []string{"name", "email"}) || !slices.Equal(g.Scopes, []string{"openid", "x"}) {
		t.Errorf("grant = %+v", g)
	}
	if len(got[1].Fields)+len(got[1].Scopes) != 0 {
		t.Errorf("%+v, want no fields and scopes", got[1])
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

func idpSessions(t *testing.T, s directory.Store) {
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

func idpSweep(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a, b := idpCreate(t, s, 1), idpCreate(t, s, 2)
	end := idpNow.Add(time.Minute)
	dead, live := idpCode(1, a.ID), idpCode(2, a.ID)
	dead.Expires, live.Expires = end, end.Add(time.Millisecond)
	must(t, s.PutCode(ctx, dead))
	must(t, s.PutCode(ctx, live))
	must(t, s.CommitSession(ctx, "page", "dead", nil, end))
	must(t, s.CommitSession(ctx, "page", "live", nil, end.Add(time.Millisecond)))
	must(t, s.AddSignIn(ctx, "", "browser", directory.SignIn{Account: a.ID, At: idpNow, Expires: end}))
	must(t, s.AddSignIn(ctx, "browser", "browser", directory.SignIn{Account: b.ID, At: idpNow, Expires: end.Add(time.Millisecond)}))

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

func idpHostileText(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a := idpAccount(1)
	a.Name = `'); DROP TABLE accounts; --` + "\x00\u202e\"<b>"
	must(t, s.CreateAccount(ctx, a))
	got, err := s.Account(ctx, a.ID)
	must(t, err)
	if want := strings.ReplaceAll(a.Name, "\x00", ""); got.Name != want { // which PostgreSQL cannot keep
		t.Errorf("name = %q, want %q", got.Name, want)
	}
	for _, address := range []string{"a\x00b@example.test", "a\xff@example.test"} {
		a := idpAccount(2)
		a.Email = address
		if err := s.CreateAccount(ctx, a); err == nil {
			t.Errorf("an account with the address %q was made", address)
		}
		_, err = s.AccountByEmail(ctx, address)
		wantNotFound(t, err)
	}
	_, err = s.AccountByEmail(ctx, `' OR 1=1 --`)
	wantNotFound(t, err)
	_, err = s.AccountByEmail(ctx, "person%@example.test")
	wantNotFound(t, err)
}

func idpCancelled(t *testing.T, s directory.Store) {
	c := idpCode(1, "a")
	must(t, s.PutCode(context.Background(), c))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.TakeCode(ctx, c.Purpose, c.Hash, idpNow); err == nil || errors.Is(err, directory.ErrNotFound) {
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
