package rpmem

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/lazy"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

const (
	keepSignIns  = 24 * time.Hour // after they expired or ended
	sweepSignIns = 10_000         // at most so many in one sweep
)

type signIn struct {
	rpserver.SignIn
	holder string // of the lease; "" if nobody
	until  time.Time
}

// copied is what a caller may keep and change.
func (s signIn) copied() rpserver.SignIn {
	c := s.SignIn
	c.Tokens = append([]byte(nil), c.Tokens...) // nil if there are none
	return c
}

// AddSignIn implements rpserver.SignInStore.
func (s *Store) AddSignIn(ctx context.Context, in rpserver.SignIn) error {
	if err := cmp.Or(ctx.Err(), text.Keys(in.ID, in.UserID, in.Provider, in.Issuer, in.Subject, in.SessionID)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.signIns[in.ID]; taken || in.ID == "" {
		return errors.New("rpmem: a sign-in needs an id of its own")
	}
	for _, t := range []*time.Time{&in.Created, &in.Expires, &in.Ended, &in.AuthTime} {
		if !t.IsZero() {
			*t = t.UTC().Truncate(time.Millisecond)
		}
	}
	in.Tokens = bytes.Clone(in.Tokens)
	lazy.Put(&s.signIns, in.ID, signIn{SignIn: in})
	return nil
}

// FindSignIn implements rpserver.SignInStore.
func (s *Store) FindSignIn(ctx context.Context, id string) (*rpserver.SignIn, error) {
	if err := cmp.Or(ctx.Err(), text.Keys(id)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.signIns[id]
	if !ok {
		return nil, rpserver.ErrNoSignIn
	}
	c := found.copied()
	return &c, nil
}

// SignInsOf implements rpserver.SignInStore.
func (s *Store) SignInsOf(ctx context.Context, userID string, now time.Time) ([]rpserver.SignIn, error) {
	if err := cmp.Or(ctx.Err(), text.Keys(userID)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []rpserver.SignIn
	for _, in := range s.signIns {
		if in.UserID == userID && in.Ended.IsZero() && in.Expires.After(now) {
			all = append(all, in.copied())
		}
	}
	slices.SortFunc(all, func(a, b rpserver.SignIn) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// EndSignIns implements rpserver.SignInStore.
func (s *Store) EndSignIns(ctx context.Context, w rpserver.SignInsWhere, at time.Time) (int, error) {
	if err := cmp.Or(ctx.Err(), w.Check(), text.Keys(w.ID, w.UserID, w.Issuer, w.Subject, w.SessionID)); err != nil {
		return 0, err
	}
	is := func(want, have string) bool { return want == "" || want == have }
	s.mu.Lock()
	defer s.mu.Unlock()
	ended := 0
	for id, in := range s.signIns {
		if !in.Ended.IsZero() || !is(w.ID, id) || !is(w.UserID, in.UserID) || !is(w.Issuer, in.Issuer) ||
			!is(w.Subject, in.Subject) || !is(w.SessionID, in.SessionID) && (w.Subject == "" || in.SessionID != "") {
			continue
		}
		in.Ended, in.holder = at.UTC().Truncate(time.Millisecond), ""
		s.signIns[id] = in
		ended++
	}
	return ended, nil
}

// LeaseTokens implements rpserver.SignInStore.
func (s *Store) LeaseTokens(ctx context.Context, id, holder string, now, until time.Time) (*rpserver.SignIn, bool, error) {
	if err := cmp.Or(ctx.Err(), text.Keys(id, holder)); err != nil {
		return nil, false, err
	}
	if holder == "" {
		return nil, false, errors.New("rpmem: a lease needs a holder")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.signIns[id]
	if !ok {
		return nil, false, rpserver.ErrNoSignIn
	}
	free := in.holder == "" || !in.until.After(now)
	leased := free && in.Ended.IsZero() && in.Expires.After(now)
	if leased {
		in.holder, in.until = holder, until
		s.signIns[id] = in
	}
	c := in.copied()
	return &c, leased, nil
}

// SaveTokens implements rpserver.SignInStore.
func (s *Store) SaveTokens(ctx context.Context, id, holder string, tokens []byte) error {
	if err := cmp.Or(ctx.Err(), text.Keys(id, holder)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.signIns[id]
	if !ok || holder == "" || in.holder != holder || !in.Ended.IsZero() {
		return rpserver.ErrLeaseLost
	}
	in.Tokens, in.holder = bytes.Clone(tokens), ""
	s.signIns[id] = in
	return nil
}

// SweepSignIns implements rpserver.SignInStore.
func (s *Store) SweepSignIns(ctx context.Context, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cut, swept := now.Add(-keepSignIns), 0
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, in := range s.signIns {
		if in.Expires.Before(cut) || !in.Ended.IsZero() && in.Ended.Before(cut) {
			delete(s.signIns, id)
			if swept++; swept == sweepSignIns {
				break
			}
		}
	}
	return nil
}
