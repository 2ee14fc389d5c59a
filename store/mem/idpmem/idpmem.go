// Package idpmem keeps in memory what an identity provider keeps. Everything is
// forgotten when the process ends: it is for tests, for trying things out, and for a
// provider whose accounts live elsewhere.
package idpmem

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/internal/lazy"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

// Store is a directory.Store that forgets everything with the process: for tests,
// and for a provider whose accounts live elsewhere. Its zero value is empty and
// ready. It is safe for concurrent use.
type Store struct {
	mu       sync.Mutex
	accounts map[string]directory.Account // by id
	emails   map[string]string            // lower-case address to id
	signIns  map[string][]directory.SignIn
	places   map[string]map[string]time.Time // of signIns: account to browser to when
	grants   map[string][]directory.Grant
	codes    map[codeKey]directory.Code
	sessions map[sessionKey]session

	authorizations   map[string]*directory.Authorization // by id
	authorizationsAt map[place][]*directory.Authorization
}

type codeKey struct {
	purpose string
	hash    [32]byte
}

type sessionKey struct{ kind, token string }

type session struct {
	data    []byte
	expires time.Time
}

var _ directory.Store = (*Store)(nil)

// CreateAccount implements directory.AccountStore.
func (s *Store) CreateAccount(ctx context.Context, a directory.Account) error {
	if err := cmp.Or(ctx.Err(), text.Keys(a.ID, a.Email)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(a.Email)
	if _, taken := s.emails[key]; taken {
		return directory.ErrEmailTaken
	}
	if _, there := s.accounts[a.ID]; there {
		return errors.New("idpmem: account id already there")
	}
	for _, shown := range []*string{&a.Name, &a.GivenName, &a.FamilyName, &a.PreferredUsername, &a.Locale, &a.Zoneinfo} {
		*shown = text.Shown(*shown)
	}
	a.CreatedAt, a.Groups = toMilli(a.CreatedAt), slices.Clone(a.Groups)
	if !a.UpdatedAt.IsZero() {
		a.UpdatedAt = toMilli(a.UpdatedAt)
	}
	lazy.Put(&s.accounts, a.ID, a)
	lazy.Put(&s.emails, key, a.ID)
	return nil
}

// Account implements directory.AccountStore.
func (s *Store) Account(ctx context.Context, id string) (*directory.Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[id]
	if !ok {
		return nil, directory.ErrNotFound
	}
	return &a, nil
}

// AccountByEmail implements directory.AccountStore.
func (s *Store) AccountByEmail(ctx context.Context, email string) (*directory.Account, error) {
	s.mu.Lock()
	id := s.emails[strings.ToLower(email)]
	s.mu.Unlock()
	return s.Account(ctx, id)
}

func (s *Store) change(ctx context.Context, id string, f func(*directory.Account) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[id]
	if !ok || !f(&a) {
		return directory.ErrNotFound
	}
	s.accounts[id] = a
	return nil
}

// MarkEmailVerified implements directory.AccountStore.
func (s *Store) MarkEmailVerified(ctx context.Context, id, email string) error {
	return s.change(ctx, id, func(a *directory.Account) bool {
		a.EmailVerified = a.EmailVerified || strings.EqualFold(a.Email, email)
		return strings.EqualFold(a.Email, email)
	})
}

// SetPasswordHash implements directory.AccountStore.
func (s *Store) SetPasswordHash(ctx context.Context, id, hash string) error {
	return s.change(ctx, id, func(a *directory.Account) bool { a.PasswordHash = hash; return true })
}

// SignIns implements directory.SignInStore.
func (s *Store) SignIns(ctx context.Context, browser string, now time.Time) ([]directory.SignIn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []directory.SignIn
	for _, si := range s.signIns[browser] {
		if si.Expires.After(toMilli(now)) {
			si.AMR = append([]string{}, si.AMR...)
			out = append(out, si)
		}
	}
	slices.SortFunc(out, func(a, b directory.SignIn) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Account, b.Account))
	})
	return out, nil
}

// AddSignIn implements directory.SignInStore.
func (s *Store) AddSignIn(ctx context.Context, from, to string, si directory.SignIn) error {
	if err := cmp.Or(ctx.Err(), text.Keys(from, to, si.Account, si.ID)); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.signIns[to])
	if from != to {
		list = append(list, s.signIns[from]...)
		s.setSignIns(from, nil)
	}
	list = slices.DeleteFunc(list, func(o directory.SignIn) bool {
		if o.Account == si.Account {
			si.ID = o.ID
		}
		return o.Account == si.Account
	})
	si.At, si.Expires = toMilli(si.At), toMilli(si.Expires)
	si.AMR = append([]string{}, si.AMR...)
	s.setSignIns(to, append(list, si))
	for len(s.places[si.Account]) > directory.MaxSignIns {
		oldest := ""
		for b, at := range s.places[si.Account] {
			if b == to {
				continue
			}
			if first := s.places[si.Account][oldest]; oldest == "" || at.Before(first) || at.Equal(first) && b > oldest {
				oldest = b
			}
		}
		s.removeSignIn(oldest, si.Account)
	}
	return nil
}

// setSignIns replaces the list of a browser, and keeps places in step.
func (s *Store) setSignIns(browser string, list []directory.SignIn) {
	for _, si := range s.signIns[browser] {
		delete(s.places[si.Account], browser)
		if len(s.places[si.Account]) == 0 {
			delete(s.places, si.Account)
		}
	}
	if len(list) == 0 {
		delete(s.signIns, browser)
		return
	}
	lazy.Put(&s.signIns, browser, list)
	for _, si := range list {
		of := s.places[si.Account]
		lazy.Put(&of, browser, si.At)
		lazy.Put(&s.places, si.Account, of)
	}
}

// RemoveSignIn implements directory.SignInStore.
func (s *Store) RemoveSignIn(ctx context.Context, browser, account string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removeSignIn(browser, account)
	return nil
}

func (s *Store) removeSignIn(browser, account string) {
	s.setSignIns(browser, slices.DeleteFunc(slices.Clone(s.signIns[browser]),
		func(o directory.SignIn) bool { return o.Account == account }))
}

// Grants implements directory.GrantStore.
func (s *Store) Grants(ctx context.Context, account string) ([]directory.Grant, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.grants[account])
	for i := range out {
		out[i].Fields, out[i].Scopes = slices.Clone(out[i].Fields), slices.Clone(out[i].Scopes)
	}
	slices.SortFunc(out, func(a, b directory.Grant) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Client, b.Client))
	})
	return out, nil
}

// PutGrant implements directory.GrantStore.
func (s *Store) PutGrant(ctx context.Context, g directory.Grant) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g.Fields, g.Scopes = slices.Clone(g.Fields), slices.Clone(g.Scopes)
	g.At, g.LastUsed = toMilli(g.At), toMilli(g.LastUsed)
	list := s.grants[g.Account]
	for i := range list {
		if list[i].Client == g.Client {
			g.At = list[i].At
			list[i] = g
			return nil
		}
	}
	lazy.Put(&s.grants, g.Account, append(list, g))
	return nil
}

// DeleteGrant implements directory.GrantStore.
func (s *Store) DeleteGrant(ctx context.Context, account, client string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants[account] = slices.DeleteFunc(s.grants[account],
		func(g directory.Grant) bool { return g.Client == client })
	return nil
}

// Sweep implements directory.SessionStore.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now = toMilli(now)
	for k, c := range s.codes {
		if !c.Expires.After(now) {
			delete(s.codes, k)
		}
	}
	for k, e := range s.sessions {
		if !e.expires.After(now) {
			delete(s.sessions, k)
		}
	}
	s.sweepAuthorizations(now)
	for browser, list := range s.signIns {
		s.setSignIns(browser, slices.DeleteFunc(slices.Clone(list), func(si directory.SignIn) bool { return !si.Expires.After(now) }))
	}
	return nil
}

// toMilli keeps times as the SQL stores do, so that both answer alike.
func toMilli(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }
