package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// RPStore is everything that a relying party keeps.
type RPStore interface {
	rpserver.Store
	scs.CtxStore
}

type rpCase struct {
	name string
	run  func(*testing.T, RPStore)
}

// RP runs every promise of the stores that rpserver.Store is made of, and scs's of a
// session store, against the stores that open makes. Each call of open must
// return an empty store that is as old as the call.
func RP(t *testing.T, open func(*testing.T) RPStore) {
	for _, c := range slices.Concat(rpCases, rpLinkCases, rpSignInCases, rpLeaseCases) {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

var rpCases = []rpCase{
	{"a user comes back as they signed in", rpUserRoundTrip},
	{"a second sign-in finds the same user and takes the news", rpUserReturns},
	{"what a provider leaves out stays as it was", rpUserKeeps},
	{"users are told apart by issuer and subject to the byte", rpUserDistinct},
	{"an address belongs to nobody", rpUserSharedEmail},
	{"of many first sign-ins of one person one makes the user", rpUserRace},
	{"an unknown id is no user", rpUserUnknown},
	{"a nonce is used once", rpNonceOnce},
	{"to check a nonce uses nothing up", rpNonceCheck},
	{"a nonce is not used on or after its expiry", rpNonceExpiry},
	{"of many users of one nonce one gets it", rpNonceRace},
	{"a nonce that is older than the store is unknown", rpNonceOld},
	{"a used nonce is told so for an hour after its expiry", rpNonceKeep},
	{"what a sweep forgets is refused, whatever the clock", rpNonceForget},
	{"the epoch never goes back", rpNonceEpoch},
	{"uses and sweeps at once let nobody in twice", rpNonceSweepRace},
	{"a session comes back until it is deleted or expires", rpSessions},
	{"hostile text is data", rpHostileText},
	{"a cancelled request is an error, not an answer", rpCancelled},
}

// rpNow is later than the stores: what is older than they are is unknown to them.
var rpNow = time.Now().UTC().Truncate(time.Second).Add(time.Hour + 123*time.Millisecond)

func rpIdentity(n int) rpserver.Identity {
	return rpserver.Identity{
		Issuer: "https://idp.example", Subject: fmt.Sprintf("subject-%d", n),
		Name: "Ada Lovelace", Email: "ada@example.test", EmailVerified: true,
	}
}

func rpSignIn(t *testing.T, s RPStore, id rpserver.Identity, at time.Time) (rpserver.User, bool) {
	t.Helper()
	u, created, err := s.SignIn(context.Background(), id, at)
	rpMust(t, err)
	return *u, created
}

func rpMust(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func rpUserRoundTrip(t *testing.T, s RPStore) {
	u, created := rpSignIn(t, s, rpIdentity(1), rpNow)
	want := rpserver.User{
		ID: u.ID, Name: "Ada Lovelace",
		Email: "ada@example.test", EmailVerified: true, Created: rpNow, LastSignIn: rpNow,
	}
	if !created || u != want {
		t.Errorf("created %v\n got %+v\nwant %+v", created, u, want)
	}
	if len(u.ID) < 20 {
		t.Errorf("the id %q can be guessed", u.ID)
	}
	again, err := s.User(context.Background(), u.ID)
	rpMust(t, err)
	if *again != want {
		t.Errorf("by id\n got %+v\nwant %+v", *again, want)
	}
}

func rpUserReturns(t *testing.T, s RPStore) {
	first, _ := rpSignIn(t, s, rpIdentity(1), rpNow)
	id := rpIdentity(1)
	id.Name, id.Email, id.EmailVerified = "Ada King", "king@example.test", false
	u, created := rpSignIn(t, s, id, rpNow.Add(time.Hour))
	want := first
	want.Name, want.Email, want.EmailVerified = "Ada King", "king@example.test", false
	want.LastSignIn = rpNow.Add(time.Hour)
	if created || u != want {
		t.Errorf("created %v\n got %+v\nwant %+v", created, u, want)
	}
}

func rpUserKeeps(t *testing.T, s RPStore) {
	first, _ := rpSignIn(t, s, rpIdentity(1), rpNow)
	u, _ := rpSignIn(t, s, rpserver.Identity{Issuer: rpIdentity(1).Issuer, Subject: rpIdentity(1).Subject}, rpNow)
	if u != first {
		t.Errorf("a token without claims changed the user\n got %+v\nwant %+v", u, first)
	}
	bare := rpserver.Identity{Issuer: rpIdentity(1).Issuer, Subject: "bare", EmailVerified: true}
	if u, _ := rpSignIn(t, s, bare, rpNow); u.EmailVerified {
		t.Error("no address, and yet a verified one")
	}
}

func rpUserDistinct(t *testing.T, s RPStore) {
	seen := map[string]string{}
	for _, pair := range [][2]string{
		{"https://idp.example", "abc"},
		{"https://idp.example", "ABC"},
		{"https://idp.example", "abc "},
		{"https://idp.example", " abc"},
		{"https://idp.example", "0123"},
		{"https://idp.example", "123"},
		{"https://idp.example/", "abc"},
		{"https://other.example", "abc"},
		{"https://idp.exampleabc", ""},
		{"https://idp.example", strings.Repeat("x", 255)},
		{"https://idp.example", strings.Repeat("x", 254)},
	} {
		u, created := rpSignIn(t, s, rpserver.Identity{Issuer: pair[0], Subject: pair[1]}, rpNow)
		if before, taken := seen[u.ID]; taken || !created {
			t.Errorf("%q is the user of %q", pair, before)
		}
		seen[u.ID] = pair[0] + " " + pair[1]
	}
}

func rpUserSharedEmail(t *testing.T, s RPStore) {
	a, _ := rpSignIn(t, s, rpIdentity(1), rpNow)
	b, created := rpSignIn(t, s, rpIdentity(2), rpNow)
	if !created || a.ID == b.ID {
		t.Error("two people with one address became one user")
	}
}

func rpUserRace(t *testing.T, s RPStore) {
	var made atomic.Int32
	ids := make([]string, 50)
	rpTogether(len(ids), func(i int) {
		u, created, err := s.SignIn(context.Background(), rpIdentity(1), rpNow)
		if err != nil {
			t.Error(err)
			return
		}
		ids[i] = u.ID
		if created {
			made.Add(1)
		}
	})
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("one person became %q and %q", ids[0], id)
		}
	}
	if made.Load() != 1 {
		t.Errorf("created %d times", made.Load())
	}
}

func rpUserUnknown(t *testing.T, s RPStore) {
	for _, id := range []string{"", "nobody"} {
		if u, err := s.User(context.Background(), id); !errors.Is(err, rpserver.ErrNoUser) || u != nil {
			t.Errorf("id %q: %v, %v", id, u, err)
		}
	}
}

// rpTogether runs f n times at once, all beginning at the same moment.
func rpTogether(n int, f func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	wg.Wait()
}

func rpHash(s string) [32]byte { return sha256.Sum256([]byte(s)) }

func rpSessions(t *testing.T, s RPStore) {
	ctx := context.Background()
	find := func(token, want string) {
		t.Helper()
		b, found, err := s.FindCtx(ctx, token)
		if err != nil || found != (want != "") || string(b) != want {
			t.Errorf("session %s: %q, %v, %v; want %q", token, b, found, err, want)
		}
	}
	soon := time.Now().Add(time.Hour)
	find("a", "")
	rpMust(t, s.CommitCtx(ctx, "a", []byte("data of a"), soon))
	rpMust(t, s.CommitCtx(ctx, "b", []byte("data of b"), soon))
	rpMust(t, s.CommitCtx(ctx, "a", []byte("new data of a"), soon))
	rpMust(t, s.CommitCtx(ctx, "late", []byte("data"), time.Now().Add(-time.Second)))
	find("a", "new data of a")
	find("b", "data of b")
	find("late", "")
	find("A", "")
	rpMust(t, s.DeleteCtx(ctx, "a"))
	rpMust(t, s.DeleteCtx(ctx, "a"))
	find("a", "")
	find("b", "data of b")
	rpMust(t, s.CommitCtx(ctx, "b", []byte("data"), time.Now().Add(-time.Second)))
	find("b", "")
	// scs calls these where it has no context.
	rpMust(t, s.Commit("c", []byte("data of c"), soon))
	if b, found, err := s.Find("c"); err != nil || !found || string(b) != "data of c" {
		t.Errorf("session c: %q, %v, %v", b, found, err)
	}
	rpMust(t, s.Delete("c"))
	find("c", "")
}
