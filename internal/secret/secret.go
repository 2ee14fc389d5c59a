// Package secret makes the secrets that stand for somebody: 256 random bits as text,
// for cookies, codes, tokens and passwords of programs. They cannot be guessed and do
// not collide. It is pure but for the randomness.
package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

const size = 32 // bytes

// New returns 256 random bits in 43 characters of base64url (RFC 4648 section 5)
// without padding.
func New() string {
	var b [size]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Is tells whether s can be of New. What has another spelling of the same bits, or
// line breaks, which decoders pass over, is not.
func Is(s string) bool {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return err == nil && len(b) == size && base64.RawURLEncoding.EncodeToString(b) == s
}

// Hash is what a store keeps of a secret. It is of the text, so that nothing which is
// not exactly the text that was made finds it. A plain hash is enough: there is
// nothing to try.
func Hash(s string) [sha256.Size]byte { return sha256.Sum256([]byte(s)) }
