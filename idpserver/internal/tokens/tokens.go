// Package tokens decides what a person lets a site know, and makes the codes and
// tokens that say so. Whichever way a sign-in goes, FedCM's own dialog, the
// provider's window or a redirect, it ends in Authorize.
package tokens

import (
	"context"
	"crypto/cipher"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/logout"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Store is what is kept of what sites may know.
type Store interface {
	directory.AccountStore
	directory.GrantStore
	directory.AuthorizationStore
}

// Config is what the room needs; all fields but Secrets and Claims are required.
type Config struct {
	Issuer  string
	Store   Store
	People  *people.People
	Clients directory.ClientStore
	Logout  *logout.Queue
	Secrets [][]byte // none: one for as long as this process

	TokenLifetime, CodeLifetime, AccessLifetime time.Duration
	// RefreshIdle is how long a refresh token works that is not used, OfflineLifetime
	// how long all of an authorization that outlives the sign-in.
	RefreshIdle, OfflineLifetime time.Duration
	// Claims are an operator's own claims about an account, for a client with these
	// scopes.
	Claims func(context.Context, *directory.Account, *directory.Client, []string) (map[string]any, error)
	Now    func() time.Time
	Log    *slog.Logger
}

// Tokens makes them. It is safe for concurrent use.
type Tokens struct {
	c       Config
	access  []cipher.AEAD // the first seals access tokens, all open them
	signers atomic.Pointer[[]jws.Signer]

	published atomic.Pointer[jws.KeySet] // hints are checked with
}

// New makes the room. SetSigners has to be called before the first token.
func New(c Config) (*Tokens, error) {
	access, err := newAccessKeys(c.Secrets)
	if err != nil {
		return nil, err
	}
	return &Tokens{c: c, access: access}, nil
}

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
	// SignIn is the person's sign-in here; zero where it is not told.
	SignIn directory.SignIn
	// Code asks for an authorization code instead of an ID token.
	Code *Code
	// Log is said beside what is logged, as slog wants it.
	Log []any
}

// Code is what an authorization code is bound to, and what it is for.
type Code struct {
	RedirectURI, Challenge string
	Scopes                 []string // openid first
	Claims                 string   // the claims parameter; may be empty
	Offline                bool     // the person agreed to access while they are away
}

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
	granted, err := t.granted(ctx, a.Account.ID, a.Client.ID)
	if err != nil {
		return "", err
	}
	release, remember := disclosed(a.Wanted, a.Shown, granted.Fields)
	var scopes []string
	if a.Code != nil {
		scopes = a.Code.Scopes
	}
	if err := t.remember(ctx, a, granted, remember, scopes); err != nil {
		return "", err
	}
	said := append([]any{"account", a.Account.ID, "client", a.Client.ID}, a.Log...)
	if a.Code != nil {
		code, err := t.putCode(ctx, a)
		if err == nil {
			t.c.Log.InfoContext(ctx, "authorization code issued", said...)
		}
		return code, err
	}
	token, err := t.sign(ctx, signer, a.Account, idToken{
		client: a.Client, nonce: a.Nonce, claims: claimsOfFields(release), signedIn: unix(a.SignIn.At), amr: a.SignIn.AMR,
	})
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

// Disconnect ends what an account lets a client know, and everything that the client
// has of it.
func (t *Tokens) Disconnect(ctx context.Context, account, client string) error {
	// In this order: a site that still has something is still listed, to be disconnected again.
	_, err := t.c.Store.RevokeAuthorizations(ctx, directory.Authorizations{Account: account, Client: client}, t.c.Now())
	if err != nil {
		return err
	}
	if err := t.c.Store.DeleteGrant(ctx, account, client); err != nil {
		return err
	}
	t.c.Log.InfoContext(ctx, "site disconnected", "account", account, "client", client)
	return nil
}

func (t *Tokens) account(ctx context.Context, id string) (*directory.Account, error) {
	a, err := t.c.Store.Account(ctx, id)
	if errors.Is(err, directory.ErrNotFound) {
		return nil, ErrInvalidToken
	}
	return a, err
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
