// Package spentmem keeps in memory which tokens were spent. Everything is forgotten
// when the process ends, and an issuer that forgets takes the same tokens again: it
// is for tests.
package spentmem

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// Store is an issuer.SpentStore, Counter, OnceStore and BudgetStore that forgets
// everything with the process: for tests only, since a token that was spent
// before a restart works again after it. Its zero value is empty and ready. It
// is safe for concurrent use.
type Store struct {
	mu     sync.Mutex
	keys   map[uint32]*spentKey
	used   map[[32]byte]time.Time
	budget map[budgetKey]int
	counts map[countKey]int64
}

// spentKey is a token key with what was spent with it.
type spentKey struct {
	issuer.KnownKey
	rows map[[exchange.RowSize]byte]struct{}
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
	_ issuer.SpentStore  = (*Store)(nil)
	_ issuer.Counter     = (*Store)(nil)
	_ issuer.OnceStore   = (*Store)(nil)
	_ issuer.BudgetStore = (*Store)(nil)
)

// Admit makes keys known; see issuer.SpentStore.
func (s *Store) Admit(ctx context.Context, keys ...issuer.TokenKey) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		if had := s.keys[k.ID]; had != nil {
			if err := issuer.JudgeKey(had.KnownKey, k); err != nil {
				return err
			}
		}
	}
	if s.keys == nil {
		s.keys = map[uint32]*spentKey{}
	}
	for _, k := range keys {
		if s.keys[k.ID] == nil {
			s.keys[k.ID] = &spentKey{issuer.KnownKey{TokenKey: k}, map[[exchange.RowSize]byte]struct{}{}}
		}
	}
	return nil
}

// Spend spends a token; see issuer.SpentStore.
func (s *Store) Spend(ctx context.Context, keyID uint32, nonce [pst.NonceSize]byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	row := exchange.SpentRow(keyID, nonce)
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys[keyID]
	switch {
	case k == nil:
		return fmt.Errorf("spend: token key %d was never admitted", keyID)
	case k.Forgotten:
		return issuer.ErrKeyForgotten
	}
	if _, had := k.rows[row]; had {
		return issuer.ErrAlreadySpent
	}
	k.rows[row] = struct{}{}
	return nil
}

// ForgetKey drops what was spent with a key and returns how many tokens that was.
// Nothing is ever spent under the key's id again. Never call it for a key whose
// tokens are still redeemed: Purge knows which ones may go.
func (s *Store) ForgetKey(ctx context.Context, keyID uint32) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.forget(keyID), nil
}

func (s *Store) forget(keyID uint32) int64 {
	if s.keys == nil {
		s.keys = map[uint32]*spentKey{}
	}
	k := s.keys[keyID]
	if k == nil {
		k = &spentKey{}
		s.keys[keyID] = k
	}
	n := len(k.rows)
	k.Forgotten, k.rows = true, nil
	return int64(n)
}

// Purge forgets the keys that expired at least issuer.SpentGrace before now and are
// not in ring, the keys that the issuer has. It returns their ids.
func (s *Store) Purge(ctx context.Context, ring []issuer.TokenKey, now time.Time) (forgotten []uint32, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, k := range s.keys {
		inRing := slices.ContainsFunc(ring, func(r issuer.TokenKey) bool { return r.ID == id })
		if !k.Forgotten && !inRing && k.Expires.Before(now.Add(-issuer.SpentGrace)) {
			s.forget(id)
			forgotten = append(forgotten, id)
		}
	}
	slices.Sort(forgotten)
	return forgotten, nil
}

// Use uses a challenge; see issuer.OnceStore.
func (s *Store) Use(ctx context.Context, id [32]byte, expires time.Time) error {
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
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
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
func (s *Store) Take(ctx context.Context, account string, day issuer.Day, want, limit int) (int, error) {
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
func (s *Store) Count(ctx context.Context, origin string, day issuer.Day) error {
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
func (s *Store) Counts(ctx context.Context, since issuer.Day) ([]issuer.OriginCount, error) {
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
