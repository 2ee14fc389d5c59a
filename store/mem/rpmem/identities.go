package rpmem

import (
	"cmp"
	"context"
	"crypto/rand"
	"slices"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/lazy"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

type subject struct{ issuer, subject string }

// identity is what a provider said last, whose it is and since when.
type identity struct {
	rpserver.Identity
	user   string
	linked time.Time
}

// SignIn implements rpserver.UserStore.
func (s *Store) SignIn(ctx context.Context, id rpserver.Identity, now time.Time) (*rpserver.User, bool, error) {
	if err := cmp.Or(ctx.Err(), text.Keys(id.Issuer, id.Subject)); err != nil {
		return nil, false, err
	}
	id = id.Cleaned()
	s.mu.Lock()
	defer s.mu.Unlock()
	have, returning := s.identities[subject{id.Issuer, id.Subject}]
	u := s.users[have.user]
	if !returning {
		u = rpserver.User{ID: rand.Text(), Created: now.UTC()}
	}
	s.keep(u.ID, id, now)
	if id.Name != "" {
		u.Name = id.Name
	}
	if id.Email != "" {
		u.Email, u.EmailVerified = id.Email, id.EmailVerified
	}
	u.LastSignIn = now.UTC()
	lazy.Put(&s.users, u.ID, u)
	return &u, !returning, nil
}

// keep takes the news of an identity; what it leaves empty stays. s.mu is held.
func (s *Store) keep(user string, id rpserver.Identity, now time.Time) {
	key := subject{id.Issuer, id.Subject}
	had, known := s.identities[key]
	if !known {
		had.linked = now
	}
	if id.Email == "" {
		id.Email, id.EmailVerified = had.Email, had.EmailVerified
	}
	id.HostedDomain = cmp.Or(id.HostedDomain, had.HostedDomain)
	id.Name = cmp.Or(id.Name, had.Name)
	id.GivenName = cmp.Or(id.GivenName, had.GivenName)
	id.FamilyName = cmp.Or(id.FamilyName, had.FamilyName)
	id.Picture = cmp.Or(id.Picture, had.Picture)
	id.Locale = cmp.Or(id.Locale, had.Locale)
	lazy.Put(&s.identities, key, identity{Identity: id, user: user, linked: had.linked})
}

// Link implements rpserver.IdentityStore.
func (s *Store) Link(ctx context.Context, userID string, id rpserver.Identity, now time.Time) error {
	if err := cmp.Or(ctx.Err(), text.Keys(userID, id.Issuer, id.Subject)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.users[userID]; !ok {
		return rpserver.ErrNoUser
	}
	if has, taken := s.identities[subject{id.Issuer, id.Subject}]; taken && has.user != userID {
		return rpserver.ErrIdentityTaken
	}
	s.keep(userID, id.Cleaned(), now)
	return nil
}

// Unlink implements rpserver.IdentityStore.
func (s *Store) Unlink(ctx context.Context, userID, issuer, sub string) error {
	if err := cmp.Or(ctx.Err(), text.Keys(userID, issuer, sub)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := subject{issuer, sub}
	if has, ok := s.identities[key]; !ok || has.user != userID {
		return nil
	}
	if len(s.of(userID)) == 1 {
		return rpserver.ErrLastIdentity
	}
	delete(s.identities, key)
	return nil
}

// Identities implements rpserver.IdentityStore.
func (s *Store) Identities(ctx context.Context, userID string) ([]rpserver.Identity, error) {
	if err := cmp.Or(ctx.Err(), text.Keys(userID)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []rpserver.Identity
	for _, i := range s.of(userID) {
		ids = append(ids, i.Identity)
	}
	return ids, nil
}

// of walks over all identities: people look at their own seldom. s.mu is held.
func (s *Store) of(userID string) []identity {
	var ids []identity
	for _, i := range s.identities {
		if i.user == userID {
			ids = append(ids, i)
		}
	}
	slices.SortFunc(ids, func(a, b identity) int {
		return cmp.Or(a.linked.Compare(b.linked), cmp.Compare(a.Issuer, b.Issuer), cmp.Compare(a.Subject, b.Subject))
	})
	return ids
}
