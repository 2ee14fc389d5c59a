package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
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
	ForgetKey(ctx context.Context, keyID uint32) (int64, error)
	Sweep(ctx context.Context, now time.Time) error
	Counts(ctx context.Context, since issuer.Day) ([]issuer.OriginCount, error)
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
		must(t, s.Spend(t.Context(), 1, nonce(1), spentNow))
		must(t, s.Use(t.Context(), sha256.Sum256([]byte("c")), spentNow.Add(time.Hour)))
		must(t, s.Count(t.Context(), "https://a.example", issuer.DayOf(spentNow)))
		take(t, s, "ada", issuer.DayOf(spentNow), 20, 30, 20)
		s = reopen(t, s)
		wantSpent(t, s.Spend(t.Context(), 1, nonce(1), spentNow.Add(time.Hour)), spentNow)
		if err := s.Use(t.Context(), sha256.Sum256([]byte("c")), spentNow.Add(time.Hour)); !errors.Is(err, issuer.ErrUsed) {
			t.Errorf("a used challenge: %v", err)
		}
		take(t, s, "ada", issuer.DayOf(spentNow), 20, 30, 10)
		wantCounts(t, s, issuer.DayOf(spentNow), issuer.OriginCount{Origin: "https://a.example", Day: issuer.DayOf(spentNow), Count: 1})
		must(t, s.Spend(t.Context(), 1, nonce(2), spentNow))
	})
}

// Tokens runs every promise of an issuer.SpentStore.
func Tokens(t *testing.T, open func(*testing.T) issuer.SpentStore) {
	runCases(t, open,
		storeCase[issuer.SpentStore]{"a token is spent once, and the replay learns when", spentOnce},
		storeCase[issuer.SpentStore]{"tokens differ by every bit of the nonce and by key", spentDistinct},
		storeCase[issuer.SpentStore]{"of 200 parallel spends of one token exactly one is first", spentRace},
		storeCase[issuer.SpentStore]{"parallel spends of different tokens are all first", spentParallelDistinct},
		storeCase[issuer.SpentStore]{"a cancelled spend is an error, never a first time", spentCancelled},
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

func wantSpent(t *testing.T, err error, at time.Time) {
	t.Helper()
	var spent *issuer.AlreadySpentError
	if !errors.As(err, &spent) {
		t.Errorf("a spent token: %v", err)
	} else if !spent.At.Equal(at) {
		t.Errorf("spent at %v, want %v", spent.At, at)
	}
}

func spentOnce(t *testing.T, s issuer.SpentStore) {
	must(t, s.Spend(t.Context(), 7, nonce(1), spentNow))
	for range 3 {
		wantSpent(t, s.Spend(t.Context(), 7, nonce(1), spentNow.Add(time.Hour)), spentNow)
	}
}

func spentDistinct(t *testing.T, s issuer.SpentStore) {
	n := nonce(1)
	for _, key := range []uint32{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		must(t, s.Spend(t.Context(), key, n, spentNow))
		wantSpent(t, s.Spend(t.Context(), key, n, spentNow), spentNow)
	}
	for _, bit := range []int{0, 7, 8, 255, 256, 383, 504, 511} {
		other := n
		other[bit/8] ^= 1 << (bit % 8)
		must(t, s.Spend(t.Context(), 1, other, spentNow))
	}
	must(t, s.Spend(t.Context(), 1, [pst.NonceSize]byte{}, spentNow))
	wantSpent(t, s.Spend(t.Context(), 1, [pst.NonceSize]byte{}, spentNow), spentNow)
}

func spentRace(t *testing.T, s issuer.SpentStore) {
	var first, replay atomic.Int32
	parallel(200, func(int) {
		err := s.Spend(t.Context(), 1, nonce(9), spentNow)
		var spent *issuer.AlreadySpentError
		switch {
		case err == nil:
			first.Add(1)
		case errors.As(err, &spent):
			replay.Add(1)
		default:
			t.Error(err)
		}
	})
	if first.Load() != 1 || replay.Load() != 199 {
		t.Errorf("%d first, %d replayed; want 1 and 199", first.Load(), replay.Load())
	}
}

func spentParallelDistinct(t *testing.T, s issuer.SpentStore) {
	parallel(100, func(i int) {
		n := nonce(1)
		n[63] = byte(i)
		if err := s.Spend(t.Context(), 1, n, spentNow); err != nil {
			t.Error(err)
		}
	})
}

func spentCancelled(t *testing.T, s issuer.SpentStore) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var spent *issuer.AlreadySpentError
	if err := s.Spend(ctx, 1, nonce(1), spentNow); err == nil || errors.As(err, &spent) {
		t.Errorf("a cancelled spend: %v", err)
	}
	must(t, s.Spend(t.Context(), 1, nonce(2), spentNow))
	if err := s.Spend(ctx, 1, nonce(2), spentNow); err == nil {
		t.Error("a cancelled replay was a first time")
	}
	// Cancelled at any moment, it is spent or not, never both and never twice.
	for i := range 50 {
		n := nonce(byte(100 + i))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Spend(ctx, 1, n, spentNow) }()
		time.Sleep(time.Duration(i) * 20 * time.Microsecond)
		cancel()
		first := <-done
		if again := s.Spend(t.Context(), 1, n, spentNow); first == nil && again == nil {
			t.Fatal("one token was spent twice")
		}
		wantSpent(t, s.Spend(t.Context(), 1, n, spentNow), spentNow)
	}
}

func spentForget(t *testing.T, s SpentStore) {
	must(t, s.Spend(t.Context(), 1, nonce(1), spentNow))
	must(t, s.Spend(t.Context(), 1, nonce(2), spentNow))
	must(t, s.Spend(t.Context(), 2, nonce(1), spentNow))
	if n, err := s.ForgetKey(t.Context(), 1); err != nil || n != 2 {
		t.Errorf("forgot %d, %v; want 2", n, err)
	}
	if n, err := s.ForgetKey(t.Context(), 1); err != nil || n != 0 {
		t.Errorf("forgot %d, %v; want none", n, err)
	}
	wantSpent(t, s.Spend(t.Context(), 2, nonce(1), spentNow), spentNow)
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
	must(t, s.Use(t.Context(), old, spentNow.Add(-time.Hour)))
	must(t, s.Use(t.Context(), live, spentNow.Add(time.Second)))
	must(t, s.Spend(t.Context(), 1, nonce(1), spentNow.Add(-1000*time.Hour)))
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
	wantSpent(t, s.Spend(t.Context(), 1, nonce(1), spentNow), spentNow.Add(-1000*time.Hour))
	wantCounts(t, s, 0, issuer.OriginCount{Origin: "https://a.example", Day: today - 400, Count: 1})
}

func take(t *testing.T, s SpentStore, account string, day issuer.Day, ask, limit, want int) {
	t.Helper()
	if got, err := s.Take(t.Context(), account, day, ask, limit); err != nil || got != want {
		t.Errorf("took %d, %v; want %d", got, err, want)
	}
}

func budgetLeft(t *testing.T, s SpentStore) {
	for _, c := range []struct{ ask, limit, want int }{
		{10, 30, 10}, {15, 30, 15}, {15, 30, 5}, {1, 30, 0}, {30, 30, 0},
		{10, 20, 0},           // the limit was lowered
		{10, 36, 6},           // and raised
		{0, 99, 0},            // nothing asked for
		{-5, 99, 0},           // nor less
		{5, 0, 0}, {5, -1, 0}, // no budget
		{100, 40, 4},
	} {
		take(t, s, "ada", 20000, c.ask, c.limit, c.want)
	}
}

func budgetDistinct(t *testing.T, s SpentStore) {
	take(t, s, "ada", 20000, 30, 30, 30)
	take(t, s, "grace", 20000, 30, 30, 30)
	take(t, s, "Ada", 20000, 30, 30, 30)
	take(t, s, "ada", 20001, 30, 30, 30)
	take(t, s, "ada", 20000, 30, 30, 0)
}

func budgetRace(t *testing.T, s SpentStore) {
	var sum atomic.Int64
	parallel(50, func(int) {
		n, err := s.Take(t.Context(), "ada", 20000, 7, 100)
		if err != nil {
			t.Error(err)
		}
		sum.Add(int64(n))
	})
	if sum.Load() != 100 {
		t.Errorf("together they got %d of 100", sum.Load())
	}
}

func wantCounts(t *testing.T, s CountStore, since issuer.Day, want ...issuer.OriginCount) {
	t.Helper()
	got, err := s.Counts(t.Context(), since)
	if err != nil || len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("counts %v, %v; want %v", got, err, want)
	}
}

func counted(t *testing.T, s CountStore) {
	wantCounts(t, s, 0)
	parallel(60, func(i int) {
		o := []string{"https://a.example", "https://b.example", "https://b.example"}[i%3]
		if err := s.Count(t.Context(), o, 20000); err != nil {
			t.Error(err)
		}
	})
	must(t, s.Count(t.Context(), "https://b.example", 20001))
	must(t, s.Count(t.Context(), "https://c.example", 20000))
	wantCounts(t, s, 20000,
		issuer.OriginCount{Origin: "https://b.example", Day: 20001, Count: 1},
		issuer.OriginCount{Origin: "https://b.example", Day: 20000, Count: 40},
		issuer.OriginCount{Origin: "https://a.example", Day: 20000, Count: 20},
		issuer.OriginCount{Origin: "https://c.example", Day: 20000, Count: 1})
	wantCounts(t, s, 20001, issuer.OriginCount{Origin: "https://b.example", Day: 20001, Count: 1})
	wantCounts(t, s, 20002)
}

var hostileText = []string{"'; DROP TABLE spent; --", `"`, "", "ünï", "%_", fmt.Sprintf("%0500d", 1)}

func budgetHostileText(t *testing.T, s SpentStore) {
	for _, text := range hostileText {
		take(t, s, text, 20000, 5, 5, 5)
		take(t, s, text, 20000, 5, 5, 0)
	}
}

func countHostileText(t *testing.T, s CountStore) {
	for i, text := range hostileText {
		must(t, s.Count(t.Context(), text, issuer.Day(30000+i)))
		wantCounts(t, s, issuer.Day(30000+i), issuer.OriginCount{Origin: text, Day: issuer.Day(30000 + i), Count: 1})
	}
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
