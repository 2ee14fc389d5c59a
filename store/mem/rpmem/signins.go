package rpmem

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/lazy"
)

type signIn struct {
	rpserver.SignIn
	holder string // of the lease on Tokens, "" if there is none
	until  time.Time
}

// keepEnded is how long a sign-in stays after it ended or expired.
const keepEnded = 24 * time.Hour

// AddSignIn implements rpserver.SignInStore.
func (s *Store) AddSignIn(ctx context.Context, in rpserver.SignIn) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in.Tokens, in.Ended = bytes.Clone(in.Tokens), time.Time{}
	lazy.Put(&s.signIns, in.ID, signIn{SignIn: in})
	return nil
}

func (in *signIn) copy() *rpserver.SignIn {
	out := in.SignIn
	out.Tokens = bytes.Clone(in.Tokens)
	return &out
}

// FindSignIn implements rpserver.SignInStore.
func (s *Store) FindSignIn(ctx context.Context, id string) (*rpserver.SignIn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.signIns[id]
	if !ok {
		return nil, rpserver.ErrNoSignIn
	}
	return in.copy(), nil
}

// SignInsOf implements rpserver.SignInStore.
func (s *Store) SignInsOf(ctx context.Context, userID string, now time.Time) ([]rpserver.SignIn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []rpserver.SignIn
	for _, in := range s.signIns {
		if in.UserID == userID && in.Ended.IsZero() && now.Before(in.Expires) {
			out = append(out, *in.copy())
		}
	}
	slices.SortFunc(out, func(a, b rpserver.SignIn) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// EndSignIns implements rpserver.SignInStore.
func (s *Store) EndSignIns(ctx context.Context, which rpserver.SignInsWhere, at time.Time) (int, error) {
	if err := cmp.Or(ctx.Err(), which.Check()); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	equal := func(want, is string) bool { return want == "" || want == is }
	n := 0
	for id, in := range s.signIns {
		if in.Ended.IsZero() && equal(which.ID, in.ID) && equal(which.UserID, in.UserID) && equal(which.Issuer, in.Issuer) &&
			equal(which.Subject, in.Subject) && equal(which.SessionID, in.SessionID) {
			in.Ended = at.UTC()
			s.signIns[id] = in
			n++
		}
	}
	return n, nil
}

// LeaseTokens implements rpserver.SignInStore.
func (s *Store) LeaseTokens(ctx context.Context, id, holder string, now, until time.Time) (*rpserver.SignIn, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.signIns[id]
	switch {
	case !ok || !in.Ended.IsZero():
		return nil, false, rpserver.ErrNoSignIn
	case in.holder != "" && now.Before(in.until):
		return nil, false, nil
	}
	in.holder, in.until = holder, until
	s.signIns[id] = in
	return in.copy(), true, nil
}

// SaveTokens implements rpserver.SignInStore.
func (s *Store) SaveTokens(ctx context.Context, id, holder string, tokens []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	in, ok := s.signIns[id]
	if !ok || holder == "" || in.holder != holder {
		return rpserver.ErrLeaseLost
	}
	in.Tokens, in.holder, in.until = bytes.Clone(tokens), "", time.Time{}
	s.signIns[id] = in
	return nil
}

// SweepSignIns implements rpserver.SignInStore.
func (s *Store) SweepSignIns(ctx context.Context, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	cut := now.Add(-keepEnded)
	for id, in := range s.signIns {
		if in.Expires.Before(cut) || !in.Ended.IsZero() && in.Ended.Before(cut) {
			delete(s.signIns, id)
		}
	}
	return nil
}
