package idpmem

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/internal/lazy"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

// place is where the authorizations of one account for one client are listed, oldest
// first.
type place struct{ account, client string }

// copied is what a caller may keep and change.
func copied(a *directory.Authorization) directory.Authorization {
	c := *a
	c.Scopes, c.AMR = slices.Clone(c.Scopes), slices.Clone(c.AMR)
	c.Refresh.Answer = bytes.Clone(c.Refresh.Answer)
	return c
}

// AddAuthorization implements directory.AuthorizationStore.
func (s *Store) AddAuthorization(ctx context.Context, a directory.Authorization) error {
	if err := cmp.Or(ctx.Err(), text.Keys(a.ID, a.Account, a.Client, a.SignIn, a.SessionID)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.authorizations[a.ID]; there || a.ID == "" {
		return errors.New("idpmem: an authorization needs an id of its own")
	}
	a = copied(&a)
	for _, t := range []*time.Time{&a.AuthTime, &a.Created, &a.Expires, &a.Revoked, &a.Code.Expires, &a.Code.Used, &a.Refresh.At} {
		if !t.IsZero() {
			*t = toMilli(*t)
		}
	}
	if a.Scopes == nil {
		a.Scopes = []string{}
	}
	if a.AMR == nil {
		a.AMR = []string{}
	}
	lazy.Put(&s.authorizations, a.ID, &a)
	at := place{a.Account, a.Client}
	list := append(s.authorizationsAt[at], &a)
	slices.SortStableFunc(list[:len(list)-1], older)
	for len(list) > directory.MaxAuthorizations {
		delete(s.authorizations, list[0].ID)
		list = slices.Delete(list, 0, 1)
	}
	lazy.Put(&s.authorizationsAt, at, list)
	return nil
}

func older(a, b *directory.Authorization) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
}

// Authorization implements directory.AuthorizationStore.
func (s *Store) Authorization(ctx context.Context, id string) (*directory.Authorization, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.authorizations[id]
	if !ok {
		return nil, directory.ErrNotFound
	}
	c := copied(a)
	return &c, nil
}

// AuthorizationsOf implements directory.AuthorizationStore.
func (s *Store) AuthorizationsOf(ctx context.Context, account string, now time.Time) ([]directory.Authorization, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return list(s.authorizations, func(a *directory.Authorization) bool {
		return a.Account == account && a.Revoked.IsZero() && a.Expires.After(toMilli(now))
	}), nil
}

func list(among map[string]*directory.Authorization, which func(*directory.Authorization) bool) []directory.Authorization {
	var all []directory.Authorization
	for _, a := range among {
		if which(a) {
			all = append(all, copied(a))
		}
	}
	slices.SortFunc(all, func(a, b directory.Authorization) int { return older(&a, &b) })
	return all
}

// RevokeAuthorizations implements directory.AuthorizationStore.
func (s *Store) RevokeAuthorizations(ctx context.Context, w directory.Authorizations, at time.Time) ([]directory.Authorization, error) {
	if err := cmp.Or(ctx.Err(), w.Check(), text.Keys(w.ID, w.Account, w.Client, w.SignIn)); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	of := func(want, have string) bool { return want == "" || want == have }
	among := s.authorizations
	if w.ID != "" {
		among = nil
		if a, ok := s.authorizations[w.ID]; ok {
			among = map[string]*directory.Authorization{w.ID: a}
		}
	}
	return list(among, func(a *directory.Authorization) bool {
		fits := a.Revoked.IsZero() && of(w.ID, a.ID) && of(w.Account, a.Account) && of(w.Client, a.Client) &&
			of(w.SignIn, a.SignIn) && !(w.OnlineAlone && a.Offline)
		if fits {
			a.Revoked, a.Refresh.Answer = toMilli(at), nil
		}
		return fits
	}), nil
}

// TakeAuthorizationCode implements directory.AuthorizationStore.
func (s *Store) TakeAuthorizationCode(ctx context.Context, id string, hash [32]byte, now time.Time, first directory.RefreshToken) (*directory.Authorization, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now = toMilli(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.authorizations[id]
	if !ok || hash == [32]byte{} || a.Code.Hash != hash {
		return nil, directory.ErrNotFound
	}
	if !a.Code.Used.IsZero() {
		c := copied(a)
		return &c, directory.ErrCodeUsed
	}
	if !a.Code.Expires.After(now) || !a.Revoked.IsZero() || !a.Expires.After(now) {
		return nil, directory.ErrNotFound
	}
	a.Code.Used = now
	if a.Refreshable {
		a.Refresh.Family, a.Refresh.Current, a.Refresh.At = first.Family, first.Current, time.Time{}
		if !first.At.IsZero() {
			a.Refresh.At = toMilli(first.At)
		}
	}
	c := copied(a)
	return &c, nil
}

// RotateRefreshToken implements directory.AuthorizationStore.
func (s *Store) RotateRefreshToken(ctx context.Context, id string, from, to [32]byte, answer []byte, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now = toMilli(now)
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.authorizations[id]
	if !ok || from == [32]byte{} || a.Refresh.Current != from || !a.Revoked.IsZero() || !a.Expires.After(now) {
		return directory.ErrNotFound
	}
	a.Refresh.Previous, a.Refresh.Current, a.Refresh.At, a.Refresh.Answer = from, to, now, bytes.Clone(answer)
	return nil
}

// sweepAuthorizations forgets those that had expired.
func (s *Store) sweepAuthorizations(now time.Time) {
	for at, list := range s.authorizationsAt {
		list = slices.DeleteFunc(list, func(a *directory.Authorization) bool {
			over := !a.Expires.After(now)
			if over {
				delete(s.authorizations, a.ID)
			}
			return over
		})
		if s.authorizationsAt[at] = list; len(list) == 0 {
			delete(s.authorizationsAt, at)
		}
	}
}
