package memstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// RP is an rpserver.UserStore, rpserver.NonceStore and scs.CtxStore that forgets
// everything with the process. Its zero value is empty and ready. It is safe for
// concurrent use.
type RP struct {
	mu       sync.Mutex
	users    map[string]rpserver.User // by id
	subjects map[rpSubject]string     // to id
	nonces   map[[32]byte]rpNonce     // by hash
	sessions map[string]session

	// When to look for what expired: each time would cost a walk over all of it.
	sweepNonces, sweepSessions time.Time
}

// sweepEvery is how much time lies between two walks.
const sweepEvery = time.Minute

type rpSubject struct{ issuer, subject string }

type rpNonce struct {
	browser [32]byte
	expires time.Time
	used    bool
}

var (
	_ rpserver.UserStore  = (*RP)(nil)
	_ rpserver.NonceStore = (*RP)(nil)
)

// SignIn implements rpserver.UserStore.
func (s *RP) SignIn(ctx context.Context, id rpserver.Identity, now time.Time) (*rpserver.User, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := rpSubject{id.Issuer, id.Subject}
	known, returning := s.subjects[key]
	u := s.users[known]
	if !returning {
		u = rpserver.User{ID: rand.Text(), Issuer: id.Issuer, Subject: id.Subject, Created: now.UTC()}
		put(&s.subjects, key, u.ID)
	}
	if id.Name != "" {
		u.Name = id.Name
	}
	if id.Email != "" {
		u.Email, u.EmailVerified = id.Email, id.EmailVerified
	}
	u.LastSignIn = now.UTC()
	put(&s.users, u.ID, u)
	return &u, !returning, nil
}

// User implements rpserver.UserStore.
func (s *RP) User(ctx context.Context, id string) (*rpserver.User, error) {
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

// PutNonce implements rpserver.NonceStore.
func (s *RP) PutNonce(ctx context.Context, n rpserver.Nonce) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !n.Issued.Before(s.sweepNonces) {
		s.sweepNonces = n.Issued.Add(sweepEvery)
		for hash, old := range s.nonces {
			if old.expires.Before(n.Issued.Add(-time.Hour)) {
				delete(s.nonces, hash)
			}
		}
	}
	put(&s.nonces, n.Hash, rpNonce{browser: n.Browser, expires: n.Expires})
	return nil
}

// TakeNonce implements rpserver.NonceStore.
func (s *RP) TakeNonce(ctx context.Context, hash, browser [32]byte, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, ok := s.nonces[hash]
	switch {
	case !ok:
		return rpserver.ErrNonceUnknown
	case n.used:
		return rpserver.ErrNonceUsed
	case n.browser != browser:
		return rpserver.ErrNonceOtherBrowser
	case !n.expires.After(now):
		return rpserver.ErrNonceExpired
	}
	n.used = true
	s.nonces[hash] = n
	return nil
}

// CommitCtx implements scs.CtxStore.
func (s *RP) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
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
	put(&s.sessions, token, session{data: bytes.Clone(b), expires: expiry})
	return nil
}

// FindCtx implements scs.CtxStore.
func (s *RP) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
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
func (s *RP) DeleteCtx(ctx context.Context, token string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, token)
	return nil
}

// Commit implements scs.Store.
func (s *RP) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

// Find implements scs.Store.
func (s *RP) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Delete implements scs.Store.
func (s *RP) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
