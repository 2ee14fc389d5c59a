//go:build !tinygo

package oidc

import (
	"crypto/sha256"
	"crypto/sha512"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// CheckAccessToken holds an access token that came with the ID token against its
// at_hash (OpenID Connect Core section 3.1.3.6). Errors are *Error: one code if
// the ID token has no at_hash, another if it belongs to another access token.
func (t *IDToken) CheckAccessToken(accessToken string) error {
	switch {
	case t.AccessTokenHash == "":
		return refuse(CodeAtHashMissing, "the ID token has no at_hash, so it does not tell which access token belongs to it")
	case !equal(t.AccessTokenHash, AccessTokenHash(t.Algorithm, accessToken)):
		return refuse(CodeAtHash, "the access token is not the one that the ID token was issued with (at_hash)")
	}
	return nil
}

// AccessTokenHash returns the at_hash of an access token: the left half of its
// hash, by the hash of the ID token's signature algorithm (Ed25519: SHA-512), in
// base64url. The c_hash of an authorization code is made the same way.
func AccessTokenHash(a jws.Algorithm, accessToken string) string {
	switch a.HashBits() {
	case 384:
		h := sha512.Sum384([]byte(accessToken))
		return jws.EncodeBase64URL(h[:24])
	case 512:
		h := sha512.Sum512([]byte(accessToken))
		return jws.EncodeBase64URL(h[:32])
	}
	h := sha256.Sum256([]byte(accessToken))
	return jws.EncodeBase64URL(h[:16])
}
