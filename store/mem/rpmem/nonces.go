package rpmem

import (
	"context"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/lazy"
)

// began is the epoch of the zero Store: no store of this process was made earlier.
var began = time.Now()

// keepExpired is how long a used nonce stays after its expiry, so that who comes late
// is told so, and so that clocks may differ.
const keepExpired = time.Hour

// UseNonce implements rpserver.NonceStore.
func (s *Store) UseNonce(ctx context.Context, hash [32]byte, made, expires, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.check(hash, made); err != nil {
		return err
	}
	if !expires.After(now) {
		return rpserver.ErrNonceExpired
	}
	lazy.Put(&s.used, hash, expires)
	return nil
}

// CheckNonce implements rpserver.NonceStore.
func (s *Store) CheckNonce(ctx context.Context, hash [32]byte, made time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.check(hash, made)
}

func (s *Store) check(hash [32]byte, made time.Time) error {
	if _, used := s.used[hash]; used {
		return rpserver.ErrNonceUsed
	}
	if made.Before(s.since()) {
		return rpserver.ErrNonceUnknown
	}
	return nil
}

func (s *Store) since() time.Time {
	if s.epoch.IsZero() {
		return began
	}
	return s.epoch
}

// SweepNonces implements rpserver.NonceStore. What is dropped expired before the new
// epoch and was made earlier still, so it is refused from now on.
func (s *Store) SweepNonces(ctx context.Context, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cut := now.Add(-keepExpired)
	if cut.After(s.since()) {
		s.epoch = cut
	}
	for hash, expires := range s.used {
		if expires.Before(cut) {
			delete(s.used, hash)
		}
	}
	return nil
}
