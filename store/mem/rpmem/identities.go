package rpmem

import (
	"context"
	"slices"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/lazy"
)

// Link implements rpserver.IdentityStore.
func (s *Store) Link(ctx context.Context, userID string, id rpserver.Identity, _ time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.users[userID]; !ok {
		return rpserver.ErrNoUser
	}
	key := subject{id.Issuer, id.Subject}
	switch owner, taken := s.subjects[key]; {
	case taken && owner != userID:
		return rpserver.ErrIdentityTaken
	case taken:
		return nil
	}
	lazy.Put(&s.subjects, key, userID)
	lazy.Put(&s.identities, userID, append(s.identities[userID], key))
	return nil
}

// Unlink implements rpserver.IdentityStore.
func (s *Store) Unlink(ctx context.Context, userID, issuer, sub string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := subject{issuer, sub}
	has := s.identities[userID]
	at := slices.Index(has, key)
	switch {
	case at < 0:
		return rpserver.ErrNoIdentity
	case len(has) == 1:
		return rpserver.ErrLastIdentity
	}
	delete(s.subjects, key)
	s.identities[userID] = slices.Delete(has, at, at+1)
	return nil
}

// Identities implements rpserver.IdentityStore.
func (s *Store) Identities(ctx context.Context, userID string) ([]rpserver.Identity, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []rpserver.Identity
	for _, key := range s.identities[userID] {
		out = append(out, rpserver.Identity{Issuer: key.issuer, Subject: key.subject})
	}
	return out, nil
}
