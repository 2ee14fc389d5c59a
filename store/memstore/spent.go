package memstore

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// Spent is an issuer.SpentStore, Counter, OnceStore and BudgetStore that forgets
// everything with the process: for tests only, since a token that was spent
// before a restart works again after it. Its zero value is empty and ready. It
// is safe for concurrent use.
type Spent struct {
	mu     sync.Mutex
	spent  map[spentKey]time.Time
	used   map[[32]byte]time.Time
	budget map[budgetKey]int
	counts map[countKey]int64
}

type spentKey struct {
	keyID uint32
	nonce [pst.NonceSize]byte
}

type budgetKey struct {
	day     issuer.Day
	account string
}

type countKey struct {
	day    issuer.Day
	origin string
}

var (
	_ issuer.SpentStore  = (*Spent)(nil)
	_ issuer.Counter     = (*Spent)(nil)
	_ issuer.OnceStore   = (*Spent)(nil)
	_ issuer.BudgetStore = (*Spent)(nil)
)

// Spend spends a token; see issuer.SpentStore.
func (s *Spent) Spend(ctx context.Context, keyID uint32, nonce [pst.NonceSize]byte, at time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := spentKey{keyID, nonce}
	if was, had := s.spent[k]; had {
		return &issuer.AlreadySpentError{At: was}
	}
	if s.spent == nil {
		s.spent = map[spentKey]time.Time{}
	}
	s.spent[k] = at.UTC().Truncate(time.Second)
	return nil
}

// ForgetKey drops what was spent with a key that has expired, and returns how
// many tokens that were. Never call it for a key whose tokens are still redeemed.
func (s *Spent) ForgetKey(ctx context.Context, keyID uint32) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var n int64
	for k := range s.spent {
		if k.keyID == keyID {
			delete(s.spent, k)
			n++
		}
	}
	return n, nil
}

// Use uses a challenge; see issuer.OnceStore.
func (s *Spent) Use(ctx context.Context, id [32]byte, expires time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, had := s.used[id]; had {
		return issuer.ErrUsed
	}
	if s.used == nil {
		s.used = map[[32]byte]time.Time{}
	}
	s.used[id] = expires
	return nil
}

// Sweep drops challenges that expired and budgets of days before yesterday.
func (s *Spent) Sweep(ctx context.Context, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, expires := range s.used {
		if expires.Before(now.Add(-time.Minute)) {
			delete(s.used, id)
		}
	}
	for k := range s.budget {
		if k.day < issuer.DayOf(now)-1 {
			delete(s.budget, k)
		}
	}
	return nil
}

// Take takes from an account's budget; see issuer.BudgetStore.
func (s *Spent) Take(ctx context.Context, account string, day issuer.Day, want, limit int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if want <= 0 || limit <= 0 {
		return 0, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.budget == nil {
		s.budget = map[budgetKey]int{}
	}
	k := budgetKey{day, account}
	got := max(0, min(want, limit-s.budget[k]))
	s.budget[k] += got
	return got, nil
}

// Count counts a redemption; see issuer.Counter.
func (s *Spent) Count(ctx context.Context, origin string, day issuer.Day) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[countKey]int64{}
	}
	s.counts[countKey{day, origin}]++
	return nil
}

// Counts returns the redemptions from the day since on: the latest day first,
// then by count, the greatest first; at most 1,000 rows.
func (s *Spent) Counts(ctx context.Context, since issuer.Day) ([]issuer.OriginCount, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []issuer.OriginCount
	for k, n := range s.counts {
		if k.day >= since {
			out = append(out, issuer.OriginCount{Origin: k.origin, Day: k.day, Count: n})
		}
	}
	slices.SortFunc(out, func(a, b issuer.OriginCount) int {
		return cmp.Or(cmp.Compare(b.Day, a.Day), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Origin, b.Origin))
	})
	return out[:min(len(out), 1000)], nil
}
