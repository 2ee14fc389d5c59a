package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// SpentStore is all that an issuer keeps: what Spent tests.
type SpentStore interface {
	issuer.SpentStore
	issuer.Counter
	issuer.OnceStore
	issuer.BudgetStore
	KeyStore
	ForgetKey(ctx context.Context, keyID uint32) (int64, error)
	Sweep(ctx context.Context, now time.Time) error
	Counts(ctx context.Context, since issuer.Day) ([]issuer.OriginCount, error)
}

// KeyStore forgets keys: what Keys tests.
type KeyStore interface {
	issuer.SpentStore
	// Purge forgets the keys that are gone from the ring and expired at least
	// issuer.SpentGrace before now, and returns their ids.
	Purge(ctx context.Context, ring []issuer.TokenKey, now time.Time) ([]uint32, error)
}

// CountStore is an account of redemptions: what Counts tests.
type CountStore interface {
	issuer.Counter
	Counts(ctx context.Context, since issuer.Day) ([]issuer.OriginCount, error)
}

type storeCase[S any] struct {
	name string
	run  func(*testing.T, S)
}

func runCases[S any](t *testing.T, open func(*testing.T) S, cases ...storeCase[S]) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
}

// Spent runs every promise of the issuer's stores. Each call of open must return
// an empty store. reopen closes a store and opens it again, as after a restart;
// nil for a store that keeps nothing.
func Spent(t *testing.T, open func(*testing.T) SpentStore, reopen func(*testing.T, SpentStore) SpentStore) {
	Tokens(t, func(t *testing.T) issuer.SpentStore { return open(t) })
	Keys(t, func(t *testing.T) KeyStore { return open(t) })
	Once(t, func(t *testing.T) issuer.OnceStore { return open(t) })
	Counts(t, func(t *testing.T) CountStore { return open(t) })
	runCases(t, open,
		storeCase[SpentStore]{"forgetting a key forgets that key alone", spentForget},
		storeCase[SpentStore]{"a sweep removes what expired and nothing else", spentSweep},
		storeCase[SpentStore]{"a budget gives what is left and no more", budgetLeft},
		storeCase[SpentStore]{"budgets are of one account and one day", budgetDistinct},
		storeCase[SpentStore]{"parallel takers together get the limit", budgetRace},
		storeCase[SpentStore]{"hostile accounts are data", budgetHostileText},
		storeCase[SpentStore]{"a cancelled request is an error, not an answer", spentCancelledOthers},
	)
	if reopen == nil {
		return
	}
	t.Run("what was kept is there after a restart", func(t *testing.T) {
		s := open(t)
		must(t, s.Admit(t.Context(), Key(1, "one", keyEnds), Key(2, "two", keyEnds)))
		must(t, s.Spend(t.Context(), 1, nonce(1)))
		if _, err := s.ForgetKey(t.Context(), 2); err != nil {
			t.Fatal(err)
		}
		must(t, s.Use(t.Context(), sha256.Sum256([]byte("c")), spentNow.Add(time.Hour)))
		must(t, s.Count(t.Context(), "https://a.example", issuer.DayOf(spentNow)))
		take(t, s, "ada", issuer.DayOf(spentNow), 20, 30, 20)
		s = reopen(t, s)
		wantSpent(t, s.Spend(t.Context(), 1, nonce(1)))
		if err := s.Use(t.Context(), sha256.Sum256([]byte("c")), spentNow.Add(time.Hour)); !errors.Is(err, issuer.ErrUsed) {
			t.Errorf("a used challenge: %v", err)
		}
		take(t, s, "ada", issuer.DayOf(spentNow), 20, 30, 10)
		wantCounts(t, s, issuer.DayOf(spentNow), issuer.OriginCount{Origin: "https://a.example", Day: issuer.DayOf(spentNow), Count: 1})
		must(t, s.Spend(t.Context(), 1, nonce(2)))
		wantForgotten(t, s.Spend(t.Context(), 2, nonce(1)))
		wantChange(t, s.Admit(t.Context(), Key(1, "another", keyEnds)), 1, issuer.KeyReplaced)
		wantChange(t, s.Admit(t.Context(), Key(2, "two", keyEnds)), 2, issuer.KeyForgotten)
	})
}

// Tokens runs every promise of an issuer.SpentStore.
func Tokens(t *testing.T, open func(*testing.T) issuer.SpentStore) {
	admitted := func(t *testing.T) issuer.SpentStore {
		s := open(t)
		var keys []issuer.TokenKey
		for _, id := range append([]uint32{7}, edgeIDs...) {
			keys = append(keys, Key(id, "key", keyEnds))
		}
		must(t, s.Admit(t.Context(), keys...))
		return s
	}
	runCases(t, admitted,
		storeCase[issuer.SpentStore]{"a token is spent once", spentOnce},
		storeCase[issuer.SpentStore]{"tokens differ by every bit of the nonce and by key", spentDistinct},
		storeCase[issuer.SpentStore]{"of 200 parallel spends of one token exactly one is first", spentRace},
		storeCase[issuer.SpentStore]{"parallel spends of different tokens are all first", spentParallelDistinct},
		storeCase[issuer.SpentStore]{"a cancelled spend is an error, never a first time", spentCancelled},
		storeCase[issuer.SpentStore]{"a token of a key that was never admitted is not spent", spentStrange},
	)
}

// Once runs every promise of an issuer.OnceStore.
func Once(t *testing.T, open func(*testing.T) issuer.OnceStore) {
	runCases(t, open,
		storeCase[issuer.OnceStore]{"a challenge works once", onceOnce},
		storeCase[issuer.OnceStore]{"of 200 parallel uses of one challenge exactly one is first", onceRace},
		storeCase[issuer.OnceStore]{"a cancelled use is an error, never a first time", onceCancelled},
	)
}

// Counts runs every promise of an account of redemptions.
func Counts(t *testing.T, open func(*testing.T) CountStore) {
	runCases(t, open,
		storeCase[CountStore]{"redemptions are counted by origin and day", counted},
		storeCase[CountStore]{"hostile origins are data", countHostileText},
		storeCase[CountStore]{"a cancelled count is an error", countCancelled},
	)
}

var spentNow = time.Date(2026, 5, 4, 14, 2, 0, 0, time.UTC)

func nonce(n byte) (b [pst.NonceSize]byte) {
	for i := range b {
		b[i] = byte(i) ^ n
	}
	return b
}

// edgeIDs are ids that a store could take for one another.
var edgeIDs = []uint32{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1}

func spentStrange(t *testing.T, s issuer.SpentStore) {
	for range 2 {
		if err := s.Spend(t.Context(), 12345, nonce(1)); err == nil || errors.Is(err, issuer.ErrAlreadySpent) || errors.Is(err, issuer.ErrKeyForgotten) {
			t.Errorf("a key that was never admitted: %v", err)
		}
	}
}

func wantSpent(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, issuer.ErrAlreadySpent) {
		t.Errorf("a spent token: %v", err)
	}
}

func onceOnce(t *testing.T, s issuer.OnceStore) {
	a, b := sha256.Sum256([]byte("a")), sha256.Sum256([]byte("b"))
	must(t, s.Use(t.Context(), a, spentNow.Add(time.Minute)))
	must(t, s.Use(t.Context(), b, spentNow.Add(time.Minute)))
	for range 2 {
		if err := s.Use(t.Context(), a, spentNow.Add(time.Hour)); !errors.Is(err, issuer.ErrUsed) {
			t.Errorf("a used challenge: %v", err)
		}
	}
}

func onceRace(t *testing.T, s issuer.OnceStore) {
	var first atomic.Int32
	parallel(200, func(int) {
		switch err := s.Use(t.Context(), sha256.Sum256([]byte("a")), spentNow); {
		case err == nil:
			first.Add(1)
		case !errors.Is(err, issuer.ErrUsed):
			t.Error(err)
		}
	})
	if first.Load() != 1 {
		t.Errorf("%d were first", first.Load())
	}
}

func spentSweep(t *testing.T, s SpentStore) {
	old, live := sha256.Sum256([]byte("old")), sha256.Sum256([]byte("live"))
	today := issuer.DayOf(spentNow)
	must(t, s.Admit(t.Context(), Key(1, "one", spentNow.Add(-1000*time.Hour))))
	must(t, s.Use(t.Context(), old, spentNow.Add(-time.Hour)))
	must(t, s.Use(t.Context(), live, spentNow.Add(time.Second)))
	must(t, s.Spend(t.Context(), 1, nonce(1)))
	must(t, s.Count(t.Context(), "https://a.example", today-400))
	for _, d := range []issuer.Day{today - 2, today - 1, today} {
		take(t, s, "ada", d, 5, 5, 5)
	}
	must(t, s.Sweep(t.Context(), spentNow))
	must(t, s.Use(t.Context(), old, spentNow.Add(time.Hour)))
	if err := s.Use(t.Context(), live, spentNow); !errors.Is(err, issuer.ErrUsed) {
		t.Errorf("a live challenge was swept: %v", err)
	}
	take(t, s, "ada", today-2, 5, 5, 5)
	take(t, s, "ada", today-1, 5, 5, 0)
	take(t, s, "ada", today, 5, 5, 0)
	wantSpent(t, s.Spend(t.Context(), 1, nonce(1)))
	wantCounts(t, s, 0, issuer.OriginCount{Origin: "https://a.example", Day: today - 400, Count: 1})
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func onceCancelled(t *testing.T, s issuer.OnceStore) {
	if err := s.Use(cancelled(t), [32]byte{}, spentNow); err == nil || errors.Is(err, issuer.ErrUsed) {
		t.Errorf("Use: %v", err)
	}
}

func countCancelled(t *testing.T, s CountStore) {
	if err := s.Count(cancelled(t), "https://a.example", 1); err == nil {
		t.Error("Count: no error")
	}
	if _, err := s.Counts(cancelled(t), 0); err == nil {
		t.Error("Counts: no error")
	}
}

func spentCancelledOthers(t *testing.T, s SpentStore) {
	ctx := cancelled(t)
	if n, err := s.Take(ctx, "ada", 1, 5, 5); err == nil || n != 0 {
		t.Errorf("Take: %d, %v", n, err)
	}
	if err := s.Sweep(ctx, spentNow); err == nil {
		t.Error("Sweep: no error")
	}
	if _, err := s.ForgetKey(ctx, 1); err == nil {
		t.Error("ForgetKey: no error")
	}
}
