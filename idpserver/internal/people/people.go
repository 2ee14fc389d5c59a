// Package people keeps who has an account at an identity provider and which
// accounts are signed in in which browser: accounts, passwords, mailed codes, the
// cookies, and the limits of all that. It draws no page and knows no relying
// party.
package people

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/kdf"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// Store is what is kept of people.
type Store interface {
	directory.AccountStore
	directory.SignInStore
	directory.CodeStore
	directory.SessionStore
}

// Config is what the room needs; all fields but Secrets are required.
type Config struct {
	Issuer, Name                 string
	Store                        Store
	Mail                         func(ctx context.Context, to, subject, text string) error
	Domains                      []string // the operator's own
	SessionLifetime, SessionIdle time.Duration
	CodeLifetime                 time.Duration
	Passwords                    Costs
	Secrets                      [][]byte // none: one for as long as this process
	ClientAddr                   func(*http.Request) netip.Addr
	Now                          func() time.Time
	Log                          *slog.Logger
}

// People are the accounts and browsers of a provider. It is safe for concurrent
// use.
type People struct {
	c       Config
	domains map[string]bool
	hasher  *hasher
	limits  limits
	keys    []kdf.Keys[use] // the first makes, all know what was made
	page    cookie
	fedcm   cookie
	known   cookie       // device.go
	begun   cookie       // signup.go; no session is behind it
	swept   atomic.Int64 // Unix seconds of the last sweep
	nowhere sync.Once    // of a request without an address
}

// New makes the room. It writes nothing to the store.
func New(c Config) (*People, error) {
	keys, err := newKeys(c.Secrets)
	if err != nil {
		return nil, err
	}
	p := &People{c: c, domains: map[string]bool{}, limits: newLimits(), keys: keys}
	for _, d := range c.Domains {
		p.domains[d] = true
	}
	p.page, p.fedcm, p.known, p.begun = cookies(c.Issuer)
	p.hasher = newHasher(c.Passwords, keys[0][useCosts])
	return p, nil
}

// ErrNotYours refuses an account that is not signed in in this browser.
var ErrNotYours = web.NewProblem(http.StatusForbidden, "account_not_signed_in",
	"This account is not signed in in this browser. Sign in with it first.")

// HostedDomain is the operator's domain that the account belongs to, or empty.
// Only a verified address shows that somebody belongs to its domain.
func (p *People) HostedDomain(a *directory.Account) string {
	_, domain, err := ParseEmail(a.Email)
	if err != nil || !a.EmailVerified || !p.domains[domain] {
		return ""
	}
	return domain
}

// Hinted lists the accounts that the hints leave: login is an address or an
// account id, domain a domain of the operator, or "*" or "any" for any of them. A
// hint is no rule: the client holds the token against what it wanted.
func (p *People) Hinted(people []*directory.Account, login, domain string) []*directory.Account {
	return slices.DeleteFunc(slices.Clone(people), func(a *directory.Account) bool {
		own := p.HostedDomain(a)
		return login != "" && login != a.ID && !strings.EqualFold(login, a.Email) ||
			domain != "" && own != domain && (own == "" || domain != "*" && domain != "any")
	})
}

// Pick is the account with that id, or nil.
func Pick(people []*directory.Account, id string) *directory.Account {
	for _, a := range people {
		if a.ID == id {
			return a
		}
	}
	return nil
}

// Sweep forgets what has expired, at most every ten minutes. It follows whatever adds
// a row that expires, so nothing runs where nothing grows. One that fails refuses
// nobody.
func (p *People) Sweep(ctx context.Context) {
	now := p.c.Now()
	last := p.swept.Load()
	if now.Unix()-last < 600 || !p.swept.CompareAndSwap(last, now.Unix()) {
		return
	}
	if err := p.c.Store.Sweep(ctx, now); err != nil {
		p.c.Log.ErrorContext(ctx, "sweep failed", "error", err.Error())
	}
}
