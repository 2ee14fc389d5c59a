package rpserver

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// keptTokens are what a provider gave at a sign-in and since. They are kept in its
// row, encrypted: who reads the store, or a copy of it, can neither call an API with
// them nor show an ID token to the provider.
//
//	 1  form, 1
//	12  random
//	..  AES-256-GCM of this struct as JSON, for the origin and the id of the sign-in
//
// The key is HKDF-SHA256 of a secret of Config.Secrets, as in sealed.go, with the
// label "tokens". A row of a secret that is gone is as if the provider had given
// nothing: the person is asked again.
type keptTokens struct {
	IDToken string `json:"id_token,omitempty"` // for id_token_hint
	Access  string `json:"access_token,omitempty"`
	Expires int64  `json:"expires,omitempty"` // of Access, Unix seconds; 0: the provider did not say
	Refresh string `json:"refresh_token,omitempty"`
	Scope   string `json:"scope,omitempty"`
}

const labelTokens label = "tokens"

const (
	tokensForm    = 1
	tokensNonceAt = 1
	tokensTextAt  = tokensNonceAt + 12
)

// with returns the tokens after the provider gave these: what a new answer lacks stays
// as it was (RFC 6749 section 6 for the refresh token).
func (k keptTokens) with(a *oidc.TokenAnswer, now time.Time) keptTokens {
	k.Access, k.Expires = a.AccessToken, 0
	if a.ExpiresIn > 0 {
		k.Expires = now.Unix() + a.ExpiresIn
	}
	if a.IDToken != "" {
		k.IDToken = a.IDToken
	}
	if a.RefreshToken != "" {
		k.Refresh = a.RefreshToken
	}
	if a.Scope != "" {
		k.Scope = a.Scope
	}
	return k
}

func (k sealKeys) tokens() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k[labelTokens])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (rp *RP) tokensFor(signIn string) []byte { return []byte(rp.origin + "\x00" + signIn) }

// sealTokens makes the bytes of a row of this sign-in.
func (rp *RP) sealTokens(signIn string, k keptTokens) ([]byte, error) {
	text, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	aead, err := rp.keys[0].tokens()
	if err != nil {
		return nil, err
	}
	b := make([]byte, tokensTextAt, tokensTextAt+len(text)+aead.Overhead())
	b[0] = tokensForm
	_, _ = rand.Read(b[tokensNonceAt:]) // never fails: it ends the program instead
	return aead.Seal(b, b[tokensNonceAt:], text, rp.tokensFor(signIn)), nil
}

// openTokens reads the bytes of a row. What cannot be opened is nothing.
func (rp *RP) openTokens(signIn string, b []byte) keptTokens {
	var k keptTokens
	if len(b) < tokensTextAt || b[0] != tokensForm {
		return k
	}
	for _, keys := range rp.keys {
		aead, err := keys.tokens()
		if err != nil {
			continue
		}
		text, err := aead.Open(nil, b[tokensNonceAt:tokensTextAt], b[tokensTextAt:], rp.tokensFor(signIn))
		if err == nil {
			return readTokens(text)
		}
	}
	return k
}

// refreshOf is the refresh token of the sign-in that another one is to replace, "" unless
// both are the same person's at the same provider. Some, Google for one, give it at the
// first sign-in alone, and it is good for as long as the grant.
func (rp *RP) refreshOf(ctx context.Context, before string, s *SignIn) string {
	old, err := rp.signIns.FindSignIn(ctx, before)
	if err != nil || !old.Ended.IsZero() || !s.Created.Before(old.Expires) || old.UserID != s.UserID ||
		old.Provider != s.Provider || old.Issuer != s.Issuer || old.Subject != s.Subject {
		return ""
	}
	return rp.openTokens(old.ID, old.Tokens).Refresh
}

func readTokens(text []byte) (k keptTokens) {
	v, err := strictjson.Parse(text, strictjson.Limits{MaxSize: len(text)})
	if err != nil { // it was sealed here
		return k
	}
	k.IDToken, _ = v.Get("id_token").Text()
	k.Access, _ = v.Get("access_token").Text()
	k.Expires, _ = v.Get("expires").Int()
	k.Refresh, _ = v.Get("refresh_token").Text()
	k.Scope, _ = v.Get("scope").Text()
	return k
}
