//go:build !tinygo

package oidc

import (
	"crypto/sha256"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// PKCEMethod is the only code_challenge_method here (RFC 7636 section 4.2).
const PKCEMethod = "S256"

// NewVerifier returns a PKCE code verifier of 256 random bits in 43 characters
// (RFC 7636 section 4.1). It is a secret of the client until the code is
// exchanged.
func NewVerifier() string { return NewRandom() }

// NewRandom returns 256 random bits in 43 characters of base64url: for state and
// nonce.
func NewRandom() string { return secret.New() }

// Challenge returns the S256 code challenge of a verifier (section 4.2). The
// error is an *Error if the verifier is not 43 to 128 unreserved characters.
func Challenge(verifier string) (string, error) {
	if !isVerifier(verifier) {
		return "", refuse(CodePKCE, "a code verifier has 43 to 128 letters, digits and - . _ ~")
	}
	h := sha256.Sum256([]byte(verifier))
	return jws.EncodeBase64URL(h[:]), nil
}

// CheckVerifier holds the verifier of a token request against the challenge that
// the authorization request gave (section 4.6). Errors are *Error.
func CheckVerifier(verifier, challenge string) error {
	want, err := Challenge(verifier)
	if err != nil {
		return err
	}
	if !equal(want, challenge) {
		return refuse(CodePKCE, "the code verifier does not belong to the challenge of the authorization request")
	}
	return nil
}

// CheckChallenge reports whether challenge has the form of an S256 one: 43
// characters of canonical base64url. Errors are *Error.
func CheckChallenge(challenge string) error {
	if b, ok := jws.DecodeBase64URL(challenge); !ok || len(b) != sha256.Size {
		return refuse(CodePKCE, "an S256 code challenge is 32 bytes in base64url without padding")
	}
	return nil
}

func isVerifier(s string) bool {
	if len(s) < 43 || len(s) > 128 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '-', c == '.', c == '_', c == '~':
		default:
			return false
		}
	}
	return true
}
