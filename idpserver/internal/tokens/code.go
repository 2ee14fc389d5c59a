package tokens

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

const (
	idSize     = 26 // characters of the id of an authorization, which rand.Text makes
	secretSize = 43 // of what secret.New makes
)

// putCode stores the authorization with its code:
//
//	26  the id of the authorization
//	43  256 random bits
func (t *Tokens) putCode(ctx context.Context, a Authorization) (string, error) {
	now, id := t.c.Now(), rand.Text()
	code := id + secret.New()
	offline := a.Code.Offline
	expires := a.SignIn.Expires
	if offline {
		expires = now.Add(t.c.OfflineLifetime)
	}
	return code, t.c.Store.AddAuthorization(ctx, directory.Authorization{
		ID: id, Account: a.Account.ID, Client: a.Client.ID, SignIn: a.SignIn.ID, SessionID: sessionID(a.SignIn, a.Client),
		Scopes: a.Code.Scopes, Claims: a.Code.Claims, AuthTime: a.SignIn.At, AMR: a.SignIn.AMR,
		Refreshable: offline || a.Client.RefreshTokens, Offline: offline, Created: now, Expires: expires,
		Code: directory.AuthorizationCode{
			Hash: secret.Hash(code), Expires: now.Add(t.c.CodeLifetime),
			RedirectURI: a.Code.RedirectURI, Challenge: a.Code.Challenge, Nonce: a.Nonce,
		},
	})
}

// ErrInvalidGrant refuses a code or a refresh token: it is unknown, used already, too
// old, or was made for another client, redirect URI or code verifier.
var ErrInvalidGrant = errors.New("tokens: the grant buys nothing")

// Bought is what a code or a refresh token is worth.
type Bought struct {
	IDToken, AccessToken, RefreshToken string // RefreshToken may be empty
	Scope                              string
	Lifetime                           time.Duration // of the access token
}

// JSON is the answer of RFC 6749 section 5.1.
func (b *Bought) JSON() ([]byte, error) {
	var w strictjson.Writer
	w.String("access_token", b.AccessToken)
	w.String("token_type", "Bearer")
	w.Int("expires_in", int64(b.Lifetime.Seconds()))
	w.OptString("refresh_token", b.RefreshToken)
	w.String("scope", b.Scope)
	w.String("id_token", b.IDToken)
	return w.Bytes()
}

// Exchange takes a code, in one statement, before it looks at anything else about
// it: whoever shows a code has used it up, with a right verifier or a wrong one. A code
// that is shown again ends everything that it was worth (RFC 9700 section 4.5).
func (t *Tokens) Exchange(ctx context.Context, client *directory.Client, code, redirectURI, verifier string) (*Bought, error) {
	if len(code) != idSize+secretSize {
		return nil, ErrInvalidGrant
	}
	id, now := code[:idSize], t.c.Now()
	refresh := newRefresh(id)
	a, err := t.c.Store.TakeAuthorizationCode(ctx, id, secret.Hash(code), now, refresh.row(now))
	switch {
	case errors.Is(err, directory.ErrCodeUsed):
		return nil, t.shownAgain(ctx, a, "authorization code")
	case errors.Is(err, directory.ErrNotFound):
		return nil, ErrInvalidGrant
	case err != nil:
		return nil, err
	}
	if a.Client != client.ID || a.Code.RedirectURI != redirectURI || !proves(a.Code, verifier) {
		return nil, ErrInvalidGrant
	}
	// Whoever disconnected the site while this code was being made gave it nothing.
	if _, ok, err := t.Granted(ctx, a.Account, client.ID); err != nil {
		return nil, err
	} else if !ok {
		return nil, ErrInvalidGrant
	}
	bought, err := t.buy(ctx, client, a, a.Scopes, a.Code.Nonce)
	if err != nil {
		return nil, err
	}
	if a.Refreshable {
		bought.RefreshToken = refresh.token
	}
	t.c.Log.InfoContext(ctx, "ID token issued", "account", a.Account, "client", client.ID, "by", "code")
	return bought, nil
}

// proves tells whether the verifier is that of the code. A code without a challenge
// takes no verifier: somebody would have taken the challenge out of the request (RFC
// 9700 section 4.8.2).
func proves(c directory.AuthorizationCode, verifier string) bool {
	if c.Challenge == "" {
		return verifier == ""
	}
	return oidc.CheckVerifier(verifier, c.Challenge) == nil
}

// shownAgain revokes what a secret gave that should have been gone: somebody else has
// it, and who of the two is the thief is not to be known.
func (t *Tokens) shownAgain(ctx context.Context, a *directory.Authorization, what string) error {
	_, err := t.c.Store.RevokeAuthorizations(ctx, directory.Authorizations{ID: a.ID}, t.c.Now())
	if err != nil {
		return err
	}
	t.c.Log.WarnContext(ctx, "shown again: everything that it gave is revoked", "what", what, "account", a.Account, "client", a.Client)
	return ErrInvalidGrant
}

// buy makes the tokens of an authorization.
func (t *Tokens) buy(ctx context.Context, client *directory.Client, a *directory.Authorization, scopes []string, nonce string) (*Bought, error) {
	account, err := t.account(ctx, a.Account)
	if errors.Is(err, ErrInvalidToken) {
		return nil, ErrInvalidGrant
	}
	if err != nil {
		return nil, err
	}
	signer, err := t.signer(ctx, client)
	if err != nil {
		return nil, err
	}
	access := t.newAccess(a.ID, scopes)
	token, err := t.signFor(ctx, signer, client, account, a, scopes, nonce, access)
	if err != nil {
		return nil, err
	}
	return &Bought{IDToken: token, AccessToken: access, Scope: strings.Join(scopes, " "), Lifetime: t.c.AccessLifetime}, nil
}

func (t *Tokens) signFor(ctx context.Context, signer jws.Signer, client *directory.Client, account *directory.Account,
	a *directory.Authorization, scopes []string, nonce, access string) (string, error) {
	wanted := claimsOf(scopes)
	if client.ClaimsAtUserinfo {
		wanted = nil
	}
	wanted = append(wanted, claimsAsked(a.Claims, inIDToken)...)
	return t.sign(ctx, signer, account, idToken{
		client: client, nonce: nonce, claims: wanted, scopes: scopes, sid: a.SessionID, amr: a.AMR,
		signedIn: unix(a.AuthTime), accessTokenHash: oidc.AccessTokenHash(signer.Algorithm(), access),
	})
}
