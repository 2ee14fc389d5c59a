// Package tokens decides what a person lets a site know, and makes the codes and
// tokens that say so. Whichever way a sign-in goes, FedCM's own dialog, the
// provider's window or a redirect, it ends in Authorize.
package tokens

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Store is what is kept of what sites may know.
type Store interface {
	directory.AccountStore
	directory.GrantStore
	directory.CodeStore
}

// Config is what the room needs; all fields are required.
type Config struct {
	Issuer                      string
	Store                       Store
	People                      *people.People
	TokenLifetime, CodeLifetime time.Duration
	Now                         func() time.Time
	Log                         *slog.Logger
}

// Tokens makes them. It is safe for concurrent use.
type Tokens struct {
	c       Config
	signers atomic.Pointer[[]jws.Signer]
}

// New makes the room. SetSigners has to be called before the first token.
func New(c Config) *Tokens { return &Tokens{c: c} }

// SetSigners says what signs from now on: for a client the first with its algorithm.
func (t *Tokens) SetSigners(signers []jws.Signer) { t.signers.Store(&signers) }

// An Authorization is what a person agreed to.
type Authorization struct {
	Account *directory.Account
	Client  *directory.Client
	// Wanted are the groups of claims that the client asks for, Shown those that the
	// person was shown before they agreed.
	Wanted, Shown []string
	Nonce         string
	// SignedIn is when the person signed in here; zero where that is not told.
	SignedIn time.Time
	// Code asks for an authorization code instead of an ID token.
	Code *Code
	// Log is said beside what is logged, as slog wants it.
	Log []any
}

// Code is what an authorization code is bound to.
type Code struct{ RedirectURI, Challenge, Scope string }

// ErrNoAlgorithm refuses a client that is registered for an algorithm that no
// configured key has.
var ErrNoAlgorithm = web.NewProblem(http.StatusInternalServerError, "server_error",
	"The provider has no key for the algorithm that this client is registered with. Nothing was done.")

// Authorize records what the person agreed to and returns an ID token, or a code
// for one. The grant is stored before anything is signed: a token that somebody
// holds is always visible on the account page.
func (t *Tokens) Authorize(ctx context.Context, a Authorization) (string, error) {
	signer, err := t.signer(ctx, a.Client)
	if err != nil {
		return "", err
	}
	granted, _, err := t.Granted(ctx, a.Account.ID, a.Client.ID)
	if err != nil {
		return "", err
	}
	release, remember := disclosed(a.Wanted, a.Shown, granted)
	now := t.c.Now()
	err = t.c.Store.PutGrant(ctx, directory.Grant{
		Account: a.Account.ID, Client: a.Client.ID, Fields: remember, At: now, LastUsed: now,
	})
	if err != nil {
		return "", err
	}
	said := append([]any{"account", a.Account.ID, "client", a.Client.ID}, a.Log...)
	if a.Code != nil {
		code, err := t.putCode(ctx, a, release)
		if err == nil {
			t.c.Log.InfoContext(ctx, "authorization code issued", said...)
		}
		return code, err
	}
	token, err := t.sign(signer, a.Account, idToken{client: a.Client.ID, nonce: a.Nonce, release: release, signedIn: unix(a.SignedIn)})
	if err == nil {
		t.c.Log.InfoContext(ctx, "ID token issued", said...)
	}
	return token, err
}

func unix(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.Unix()
}

// Granted returns the fields that the person agreed to for a client, and whether
// there is a grant at all.
func (t *Tokens) Granted(ctx context.Context, account, client string) ([]string, bool, error) {
	grants, err := t.c.Store.Grants(ctx, account)
	if err != nil {
		return nil, false, err
	}
	for _, g := range grants {
		if g.Client == client {
			return g.Fields, true, nil
		}
	}
	return nil, false, nil
}

// Grants lists what an account lets sites know, oldest first.
func (t *Tokens) Grants(ctx context.Context, account string) ([]directory.Grant, error) {
	return t.c.Store.Grants(ctx, account)
}

// Disconnect ends what an account lets a client know.
func (t *Tokens) Disconnect(ctx context.Context, account, client string) error {
	if err := t.c.Store.DeleteGrant(ctx, account, client); err != nil {
		return err
	}
	t.c.Log.InfoContext(ctx, "site disconnected", "account", account, "client", client)
	return nil
}

// signer is the first key with the algorithm of a client, or ErrNoAlgorithm.
func (t *Tokens) signer(ctx context.Context, c *directory.Client) (jws.Signer, error) {
	for _, s := range *t.signers.Load() {
		if s.Algorithm() == c.Algorithm() {
			return s, nil
		}
	}
	t.c.Log.ErrorContext(ctx, "client cannot be served: no key has its algorithm", "client", c.ID, "algorithm", string(c.Algorithm()))
	return nil, ErrNoAlgorithm
}

// Algorithms lists what these sign with, each once.
func Algorithms(signers []jws.Signer) []string {
	var all []string
	for _, s := range signers {
		if a := string(s.Algorithm()); !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}
