// Package rpmem keeps in memory what a relying party keeps. Everything is forgotten
// when the process ends: people sign in again, and nothing else is lost.
package rpmem

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/lazy"
)

// Store is an rpserver.Store and scs.CtxStore that forgets everything with the
// process. Its zero value is empty and ready, and as old as the process: a program
// that makes a store in the place of another one, or has a clock of its own, uses New.
// It is safe for concurrent use.
type Store struct {
	mu         sync.Mutex
	users      map[string]rpserver.User // by id
	identities map[subject]identity
	signIns    map[string]signIn      // by id
	used       map[[32]byte]time.Time // nonces, by hash: when they expire
	sessions   map[string]session

	epoch         time.Time // what was made before it is unknown; zero: began
	sweepSessions time.Time // when to look for expired ones: each time would cost a walk over all
}

// sweepEvery is how much time lies between two walks over the sessions.
const sweepEvery = time.Minute

type session struct {
	data    []byte
	expires time.Time
}

var _ rpserver.Store = (*Store)(nil)

// New makes a store. Nonces that were made before now are refused, since nobody here
// remembers whether they were used.
func New(now time.Time) *Store { return &Store{epoch: now} }

// User implements rpserver.UserStore.
func (s *Store) User(ctx context.Context, id string) (*rpserver.User, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	if !ok {
		return nil, rpserver.ErrNoUser
	}
	return &u, nil
}

// CommitCtx implements scs.CtxStore.
func (s *Store) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); !now.Before(s.sweepSessions) {
		s.sweepSessions = now.Add(sweepEvery)
		for t, old := range s.sessions {
			if !old.expires.After(now) {
				delete(s.sessions, t)
			}
		}
	}
	lazy.Put(&s.sessions, token, session{data: bytes.Clone(b), expires: expiry})
	return nil
}

// FindCtx implements scs.CtxStore.
func (s *Store) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.sessions[token]
	if !ok || !found.expires.After(time.Now()) {
		return nil, false, nil
	}
	return bytes.Clone(found.data), true, nil
}

// DeleteCtx implements scs.CtxStore.
func (s *Store) DeleteCtx(ctx context.Context, token string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, token)
	return nil
}

// Commit implements scs.Store.
func (s *Store) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

// Find implements scs.Store.
func (s *Store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Delete implements scs.Store.
func (s *Store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
