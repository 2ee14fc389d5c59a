package memstore

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
)

// IdP is an idpserver.Store that forgets everything with the process: for tests,
// and for a provider whose accounts live elsewhere. Its zero value is empty and
// ready. It is safe for concurrent use.
type IdP struct {
	mu       sync.Mutex
	accounts map[string]idpserver.Account // by id
	emails   map[string]string            // lower-case address to id
	signIns  map[string][]idpserver.SignIn
	grants   map[string][]idpserver.Grant
	codes    map[codeKey]idpserver.Code
	sessions map[sessionKey]session
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

var _ idpserver.Store = (*IdP)(nil)

func put[K comparable, V any](m *map[K]V, k K, v V) {
	if *m == nil {
		*m = make(map[K]V)
	}
	(*m)[k] = v
}

// CreateAccount implements idpserver.AccountStore.
func (s *IdP) CreateAccount(ctx context.Context, a idpserver.Account) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(a.Email)
	if _, taken := s.emails[key]; taken {
		return idpserver.ErrEmailTaken
	}
	if _, there := s.accounts[a.ID]; there {
		return errors.New("memstore: account id already there")
	}
	a.CreatedAt = toMilli(a.CreatedAt)
	put(&s.accounts, a.ID, a)
	put(&s.emails, key, a.ID)
	return nil
}

// Account implements idpserver.AccountStore.
func (s *IdP) Account(ctx context.Context, id string) (*idpserver.Account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[id]
	if !ok {
		return nil, idpserver.ErrNotFound
	}
	return &a, nil
}

// AccountByEmail implements idpserver.AccountStore.
func (s *IdP) AccountByEmail(ctx context.Context, email string) (*idpserver.Account, error) {
	s.mu.Lock()
	id := s.emails[strings.ToLower(email)]
	s.mu.Unlock()
	return s.Account(ctx, id)
}

func (s *IdP) change(ctx context.Context, id string, f func(*idpserver.Account) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[id]
	if !ok || !f(&a) {
		return idpserver.ErrNotFound
	}
	s.accounts[id] = a
	return nil
}

// MarkEmailVerified implements idpserver.AccountStore.
func (s *IdP) MarkEmailVerified(ctx context.Context, id, email string) error {
	return s.change(ctx, id, func(a *idpserver.Account) bool {
		a.EmailVerified = a.EmailVerified || strings.EqualFold(a.Email, email)
		return strings.EqualFold(a.Email, email)
	})
}

// SetPasswordHash implements idpserver.AccountStore.
func (s *IdP) SetPasswordHash(ctx context.Context, id, hash string) error {
	return s.change(ctx, id, func(a *idpserver.Account) bool { a.PasswordHash = hash; return true })
}

// SignIns implements idpserver.SignInStore.
func (s *IdP) SignIns(ctx context.Context, browser string, now time.Time) ([]idpserver.SignIn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []idpserver.SignIn
	for _, si := range s.signIns[browser] {
		if si.Expires.After(toMilli(now)) {
			out = append(out, si)
		}
	}
	slices.SortFunc(out, func(a, b idpserver.SignIn) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Account, b.Account))
	})
	return out, nil
}

// AddSignIn implements idpserver.SignInStore.
func (s *IdP) AddSignIn(ctx context.Context, from, to string, si idpserver.SignIn) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.signIns[to])
	if from != to {
		list = append(list, s.signIns[from]...)
		delete(s.signIns, from)
	}
	list = slices.DeleteFunc(list, func(o idpserver.SignIn) bool { return o.Account == si.Account })
	si.At, si.Expires = toMilli(si.At), toMilli(si.Expires)
	put(&s.signIns, to, append(list, si))
	return nil
}

// RemoveSignIn implements idpserver.SignInStore.
func (s *IdP) RemoveSignIn(ctx context.Context, browser, account string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := slices.DeleteFunc(slices.Clone(s.signIns[browser]),
		func(o idpserver.SignIn) bool { return o.Account == account })
	if len(rest) == 0 {
		delete(s.signIns, browser)
		return nil
	}
	s.signIns[browser] = rest
	return nil
}

// Grants implements idpserver.GrantStore.
func (s *IdP) Grants(ctx context.Context, account string) ([]idpserver.Grant, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.grants[account])
	for i := range out {
		out[i].Fields = slices.Clone(out[i].Fields)
	}
	slices.SortFunc(out, func(a, b idpserver.Grant) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Client, b.Client))
	})
	return out, nil
}

// PutGrant implements idpserver.GrantStore.
func (s *IdP) PutGrant(ctx context.Context, g idpserver.Grant) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g.Fields = slices.Clone(g.Fields)
	g.At, g.LastUsed = toMilli(g.At), toMilli(g.LastUsed)
	list := s.grants[g.Account]
	for i := range list {
		if list[i].Client == g.Client {
			g.At = list[i].At
			list[i] = g
			return nil
		}
	}
	put(&s.grants, g.Account, append(list, g))
	return nil
}

// DeleteGrant implements idpserver.GrantStore.
func (s *IdP) DeleteGrant(ctx context.Context, account, client string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants[account] = slices.DeleteFunc(s.grants[account],
		func(g idpserver.Grant) bool { return g.Client == client })
	return nil
}

// PutCode implements idpserver.CodeStore.
func (s *IdP) PutCode(ctx context.Context, c idpserver.Code) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := codeKey{c.Purpose, c.Hash}
	if _, there := s.codes[k]; there {
		return errors.New("memstore: code already there")
	}
	c.Data, c.Expires = slices.Clone(c.Data), toMilli(c.Expires)
	put(&s.codes, k, c)
	return nil
}

// TakeCode implements idpserver.CodeStore.
func (s *IdP) TakeCode(ctx context.Context, purpose string, hash [32]byte, now time.Time) (*idpserver.Code, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := codeKey{purpose, hash}
	c, ok := s.codes[k]
	if !ok || !c.Expires.After(toMilli(now)) {
		return nil, idpserver.ErrNotFound
	}
	delete(s.codes, k)
	return &c, nil
}

// DropCodes implements idpserver.CodeStore.
func (s *IdP) DropCodes(ctx context.Context, purpose, account string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, c := range s.codes {
		if c.Purpose == purpose && c.Account == account {
			delete(s.codes, k)
		}
	}
	return nil
}

// FindSession implements idpserver.SessionStore.
func (s *IdP) FindSession(ctx context.Context, kind, token string, now time.Time) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := s.sessions[sessionKey{kind, token}]
	if !ok || !e.expires.After(toMilli(now)) {
		return nil, idpserver.ErrNotFound
	}
	return slices.Clone(e.data), nil
}

// CommitSession implements idpserver.SessionStore.
func (s *IdP) CommitSession(ctx context.Context, kind, token string, data []byte, expires time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	put(&s.sessions, sessionKey{kind, token}, session{slices.Clone(data), toMilli(expires)})
	return nil
}

// DeleteSession implements idpserver.SessionStore.
func (s *IdP) DeleteSession(ctx context.Context, kind, token string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, sessionKey{kind, token})
	return nil
}

// Sweep implements idpserver.SessionStore.
func (s *IdP) Sweep(ctx context.Context, now time.Time) error {
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
	for browser, list := range s.signIns {
		rest := slices.DeleteFunc(slices.Clone(list),
			func(si idpserver.SignIn) bool { return !si.Expires.After(now) })
		if len(rest) == 0 {
			delete(s.signIns, browser)
		} else {
			s.signIns[browser] = rest
		}
	}
	return nil
}

// toMilli keeps times as the SQL stores do, so that both answer alike.
func toMilli(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }
