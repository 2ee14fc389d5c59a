//go:build !tinygo

package jws

import (
	"crypto/ed25519"
	"errors"
)

type ed25519Signer struct {
	kid string
	key ed25519.PrivateKey
}

// NewEd25519Signer returns a Signer whose signatures are deterministic
// (RFC 8032): equal input gives equal bytes. A key of the wrong length makes every
// Sign fail.
func NewEd25519Signer(kid string, key ed25519.PrivateKey) Signer {
	return &ed25519Signer{kid, key}
}

func (s *ed25519Signer) Algorithm() Algorithm { return EdDSA }
func (s *ed25519Signer) KeyID() string        { return s.kid }

func (s *ed25519Signer) Sign(input []byte) ([]byte, error) {
	if len(s.key) != ed25519.PrivateKeySize {
		return nil, errors.New("an Ed25519 private key has 64 bytes")
	}
	return ed25519.Sign(s.key, input), nil
}
