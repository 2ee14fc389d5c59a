package idpmem

import (
	"context"
	"slices"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/internal/lazy"
)

// FindSession implements directory.SessionStore.
func (s *Store) FindSession(ctx context.Context, kind, token string, now time.Time) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.sessions[sessionKey{kind, token}]
	if !ok || !e.expires.After(toMilli(now)) {
		return nil, directory.ErrNotFound
	}
	return slices.Clone(e.data), nil
}

// CommitSession implements directory.SessionStore.
func (s *Store) CommitSession(ctx context.Context, kind, token string, data []byte, expires time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	lazy.Put(&s.sessions, sessionKey{kind, token}, session{slices.Clone(data), toMilli(expires)})
	return nil
}

// DeleteSession implements directory.SessionStore.
func (s *Store) DeleteSession(ctx context.Context, kind, token string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, sessionKey{kind, token})
	return nil
}
