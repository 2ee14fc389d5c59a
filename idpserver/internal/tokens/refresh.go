package tokens

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/kdf"
	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// A refresh token works once and gives the next one (RFC 9700 section 4.14.2):
//
//	 1  "r", which no access token begins with
//	26  the id of its authorization
//	43  256 random bits that all of the authorization share
//	43  256 random bits of its own
//
// The store has hashes alone. By the shared part an old token is told from a guess: who
// shows one that was replaced has it from somebody else, or somebody else has theirs,
// and all of the authorization ends.
type refresh struct{ token, family string }

const refreshMark = "r"

// reuseWindow is how long the token before the last one gives the same answer again:
// the answer was lost on its way, or two threads of a client asked at once.
const reuseWindow = 10 * time.Second

func newRefresh(id string) refresh { return refresh{family: secret.New()}.next(id) }

// next is a new token of the same family.
func (r refresh) next(id string) refresh {
	return refresh{refreshMark + id + r.family + secret.New(), r.family}
}

func (r refresh) row(at time.Time) directory.RefreshToken {
	return directory.RefreshToken{Family: secret.Hash(r.family), Current: secret.Hash(r.token), At: at}
}

// parseRefresh cuts a token; false if it has not the size of one.
func parseRefresh(token string) (id string, r refresh, ok bool) {
	rest, ok := strings.CutPrefix(token, refreshMark)
	if !ok || len(rest) != idSize+2*secretSize {
		return "", r, false
	}
	return rest[:idSize], refresh{token, rest[idSize : idSize+secretSize]}, true
}

// ErrInvalidScope refuses a refresh that asks for more than was granted.
var ErrInvalidScope = errors.New("tokens: a scope was not granted")

// Refresh replaces a refresh token. scopes may be fewer than those that were granted;
// none means the same.
func (t *Tokens) Refresh(ctx context.Context, client *directory.Client, token string, scopes []string) (*Bought, error) {
	id, r, ok := parseRefresh(token)
	if !ok {
		return nil, ErrInvalidGrant
	}
	a, err := t.live(ctx, id)
	if errors.Is(err, ErrInvalidToken) {
		return nil, ErrInvalidGrant
	}
	if err != nil {
		return nil, err
	}
	// A client that shows another one's token learns nothing and ends nothing: it cannot
	// have the token from us.
	if a.Client != client.ID || a.Refresh.Family != secret.Hash(r.family) {
		return nil, ErrInvalidGrant
	}
	if a.Refresh.Current != secret.Hash(token) {
		return t.refreshAgain(ctx, a, token)
	}
	now := t.c.Now()
	if now.Sub(a.Refresh.At) > t.c.RefreshIdle {
		return nil, ErrInvalidGrant
	}
	if len(scopes) == 0 {
		scopes = a.Scopes
	}
	for _, s := range scopes {
		if !slices.Contains(a.Scopes, s) {
			return nil, ErrInvalidScope
		}
	}
	// The ID token has no nonce (OpenID Connect Core 1.0 section 12.2).
	bought, err := t.buy(ctx, client, a, scopes, "")
	if err != nil {
		return nil, err
	}
	next := r.next(id)
	bought.RefreshToken = next.token
	answer, err := sealAnswer(token, bought)
	if err != nil {
		return nil, err
	}
	err = t.c.Store.RotateRefreshToken(ctx, id, a.Refresh.Current, secret.Hash(next.token), answer, now)
	if errors.Is(err, directory.ErrNotFound) { // another request was first, or it is revoked
		if a, err = t.live(ctx, id); err == nil {
			return t.refreshAgain(ctx, a, token)
		}
		if errors.Is(err, ErrInvalidToken) {
			err = ErrInvalidGrant
		}
	}
	if err != nil {
		return nil, err
	}
	t.c.Log.InfoContext(ctx, "tokens refreshed", "account", a.Account, "client", client.ID)
	return bought, nil
}

// refreshAgain answers a token of the family that is not the current one.
func (t *Tokens) refreshAgain(ctx context.Context, a *directory.Authorization, token string) (*Bought, error) {
	if a.Refresh.Previous == secret.Hash(token) && t.c.Now().Sub(a.Refresh.At) <= reuseWindow {
		return openAnswer(token, a.Refresh.Answer)
	}
	return nil, t.shownAgain(ctx, a, "refresh token")
}

// answerAEAD has a key that the token alone gives: the row cannot be opened without it.
func answerAEAD(token string) (cipher.AEAD, error) {
	keys, err := kdf.Derive([][]byte{[]byte(token)}, "bonafides provider v1 ", useAnswer)
	if err != nil {
		return nil, err
	}
	return newAEAD(keys[0][useAnswer])
}

// sealAnswer seals what a token gave, with AES-256-GCM behind 12 random bytes.
func sealAnswer(token string, b *Bought) ([]byte, error) {
	aead, err := answerAEAD(token)
	if err != nil {
		return nil, err
	}
	text, err := b.JSON()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(text)+aead.Overhead())
	_, _ = rand.Read(nonce)
	return aead.Seal(nonce, nonce, text, nil), nil
}

func openAnswer(token string, sealed []byte) (*Bought, error) {
	aead, err := answerAEAD(token)
	if err != nil {
		return nil, err
	}
	if len(sealed) < aead.NonceSize() {
		return nil, ErrInvalidGrant
	}
	text, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
	if err != nil {
		return nil, ErrInvalidGrant
	}
	a, err := oidc.ParseTokenAnswer(text, len(text))
	if err != nil { // it was sealed here
		return nil, err
	}
	return &Bought{
		IDToken: a.IDToken, AccessToken: a.AccessToken, RefreshToken: a.RefreshToken,
		Scope: a.Scope, Lifetime: time.Duration(a.ExpiresIn) * time.Second,
	}, nil
}

// Revoke ends everything that a token of the client belongs to (RFC 7009 section 2.1).
// A token that is unknown, over, or another client's is nothing, and no error.
func (t *Tokens) Revoke(ctx context.Context, client *directory.Client, token string) error {
	id, r, isRefresh := parseRefresh(token)
	if !isRefresh {
		var ok bool
		if id, _, ok = t.opened(token); !ok {
			return nil
		}
	}
	a, err := t.live(ctx, id)
	if errors.Is(err, ErrInvalidToken) {
		return nil
	}
	if err != nil {
		return err
	}
	if a.Client != client.ID || isRefresh && a.Refresh.Family != secret.Hash(r.family) {
		return nil
	}
	_, err = t.c.Store.RevokeAuthorizations(ctx, directory.Authorizations{ID: id}, t.c.Now())
	if err == nil {
		t.c.Log.InfoContext(ctx, "revoked by the client", "account", a.Account, "client", client.ID)
	}
	return err
}

// Live finds what a token of either kind stands for; the times of a refresh token are
// those of its authorization. ErrInvalidToken: nothing.
func (t *Tokens) Live(ctx context.Context, token string) (a *Access, isRefresh bool, err error) {
	id, r, ok := parseRefresh(token)
	if !ok {
		a, err = t.Access(ctx, token)
		return a, false, err
	}
	found, err := t.live(ctx, id)
	switch {
	case err != nil:
		return nil, true, err
	case found.Refresh.Family != secret.Hash(r.family) || found.Refresh.Current != secret.Hash(token),
		t.c.Now().Sub(found.Refresh.At) > t.c.RefreshIdle:
		return nil, true, ErrInvalidToken
	}
	return &Access{found, found.Scopes, found.Refresh.At, found.Expires}, true, nil
}
