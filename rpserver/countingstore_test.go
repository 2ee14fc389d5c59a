package rpserver_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// failures are the errors that parts of a store answer with, if any.
type failures struct{ users, nonces, sweeps, sessions error }

func (s *countingStore) setFail(f failures) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

func (s *countingStore) failing() failures {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fail
}

// countingStore counts what was created, and fails when told to.
type countingStore struct {
	*rpmem.Store
	mu              sync.Mutex
	users, sessions int
	uses, checks    int // of nonces
	sweeps          int
	fail            failures
	seen            [][]byte // everything that was written to it
}

func (s *countingStore) SignIn(ctx context.Context, id rpserver.Identity, now time.Time) (*rpserver.User, bool, error) {
	if err := s.failing().users; err != nil {
		return nil, false, err
	}
	u, created, err := s.Store.SignIn(ctx, id, now)
	s.mu.Lock()
	defer s.mu.Unlock()
	if created {
		s.users++
	}
	return u, created, err
}

func (s *countingStore) UseNonce(ctx context.Context, hash [32]byte, made, expires, now time.Time) error {
	s.called(&s.uses, hash[:])
	if err := s.failing().nonces; err != nil {
		return err
	}
	return s.Store.UseNonce(ctx, hash, made, expires, now)
}

func (s *countingStore) CheckNonce(ctx context.Context, hash [32]byte, made time.Time) error {
	s.called(&s.checks, hash[:])
	if err := s.failing().nonces; err != nil {
		return err
	}
	return s.Store.CheckNonce(ctx, hash, made)
}

func (s *countingStore) SweepNonces(ctx context.Context, now time.Time) error {
	s.called(&s.sweeps, nil)
	if err := s.failing().sweeps; err != nil {
		return err
	}
	return s.Store.SweepNonces(ctx, now)
}

func (s *countingStore) called(count *int, written []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*count++
	s.seen = append(s.seen, bytes.Clone(written))
}

// asked returns how often nonces were used, checked and swept so far.
func (s *countingStore) asked() [3]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return [3]int{s.uses, s.checks, s.sweeps}
}

func (s *countingStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	if err := s.failing().sessions; err != nil {
		return err
	}
	s.mu.Lock()
	s.sessions++
	s.seen = append(s.seen, []byte(token), bytes.Clone(b))
	s.mu.Unlock()
	return s.Store.CommitCtx(ctx, token, b, expiry)
}

// created returns how many users and sessions were made so far.
func (s *countingStore) created() [2]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return [2]int{s.users, s.sessions}
}

// failingSignIns is a store of sign-ins that ends none while it fails.
type failingSignIns struct {
	rpserver.SignInStore
	fails atomic.Bool
}

func (s *failingSignIns) EndSignIns(ctx context.Context, which rpserver.SignInsWhere, at time.Time) (int, error) {
	if s.fails.Load() {
		return 0, errors.New("the store is down")
	}
	return s.SignInStore.EndSignIns(ctx, which, at)
}
