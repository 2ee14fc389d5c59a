package tokens

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/kdf"
)

// An access token is no row: it names its authorization, which is looked up wherever
// the token is shown, so that what ends the authorization ends the token. To clients it
// is opaque. Its bytes, in base64url without padding:
//
//	 1  form, 1
//	12  random
//	..  AES-256-GCM for the issuer of
//	     8  when it was issued, Unix seconds, big endian
//	     8  when it expires
//	    26  the id of its authorization
//	    ..  its scopes, with a space between them
//
// The key is HKDF-SHA256 of a secret of Config.Secrets. A token of a secret that is
// gone is unknown.
const (
	accessForm    = 1
	accessTextAt  = 1 + 12
	accessIDAt    = 8 + 8
	accessScopeAt = accessIDAt + idSize

	maxAccess = 4 << 10 // characters
)

type use string

const (
	useAccess use = "access token"
	useAnswer use = "answer to a refresh token" // of the token, no secret of the server
)

func newAccessKeys(secrets [][]byte) ([]cipher.AEAD, error) {
	derived, err := kdf.Derive(secrets, "bonafides provider v1 ", useAccess)
	if err != nil {
		return nil, err
	}
	all := make([]cipher.AEAD, 0, len(derived))
	for _, keys := range derived {
		aead, err := newAEAD(keys[useAccess])
		if err != nil {
			return nil, err
		}
		all = append(all, aead)
	}
	return all, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// ErrInvalidToken refuses a token that is unknown, expired or revoked.
var ErrInvalidToken = errors.New("tokens: the token is unknown, expired or revoked")

// Access is what an access token stands for.
type Access struct {
	Authorization   *directory.Authorization
	Scopes          []string // of this token, no more than those of the authorization
	Issued, Expires time.Time
}

func (t *Tokens) newAccess(authorization string, scopes []string) string {
	now := t.c.Now()
	text := make([]byte, accessIDAt, accessScopeAt+64)
	binary.BigEndian.PutUint64(text, uint64(now.Unix()))
	binary.BigEndian.PutUint64(text[8:], uint64(now.Add(t.c.AccessLifetime).Unix()))
	text = append(text, authorization...)
	text = append(text, strings.Join(scopes, " ")...)
	aead := t.access[0]
	b := make([]byte, accessTextAt, accessTextAt+len(text)+aead.Overhead())
	b[0] = accessForm
	_, _ = rand.Read(b[1:]) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(aead.Seal(b, b[1:accessTextAt], text, []byte(t.c.Issuer)))
}

// opened reads what newAccess wrote, without asking the store.
func (t *Tokens) opened(token string) (id string, a Access, ok bool) {
	if len(token) > maxAccess {
		return "", a, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) < accessTextAt || b[0] != accessForm || strings.ContainsAny(token, "\r\n") {
		return "", a, false
	}
	for _, aead := range t.access {
		text, err := aead.Open(nil, b[1:accessTextAt], b[accessTextAt:], []byte(t.c.Issuer))
		if err != nil || len(text) < accessScopeAt {
			continue
		}
		a.Issued = time.Unix(int64(binary.BigEndian.Uint64(text)), 0)
		a.Expires = time.Unix(int64(binary.BigEndian.Uint64(text[8:])), 0)
		a.Scopes = strings.Fields(string(text[accessScopeAt:]))
		return string(text[accessIDAt:accessScopeAt]), a, true
	}
	return "", a, false
}

// Access finds what an access token stands for now. ErrInvalidToken: nothing.
func (t *Tokens) Access(ctx context.Context, token string) (*Access, error) {
	id, a, ok := t.opened(token)
	if !ok || !t.c.Now().Before(a.Expires) {
		return nil, ErrInvalidToken
	}
	found, err := t.live(ctx, id)
	if err != nil {
		return nil, err
	}
	a.Authorization = found
	return &a, nil
}

// live is an authorization that is good for something, or ErrInvalidToken.
func (t *Tokens) live(ctx context.Context, id string) (*directory.Authorization, error) {
	a, err := t.c.Store.Authorization(ctx, id)
	switch {
	case errors.Is(err, directory.ErrNotFound):
		return nil, ErrInvalidToken
	case err != nil:
		return nil, err
	case !a.Revoked.IsZero() || !t.c.Now().Before(a.Expires):
		return nil, ErrInvalidToken
	}
	return a, nil
}

// Has tells whether the token opens what a scope stands for.
func (a *Access) Has(scope string) bool { return slices.Contains(a.Scopes, scope) }
