package wasm

import (
	"crypto/rand"
	"encoding/base64"
)

// newNonce is a CSP nonce: 128 random bits.
func newNonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return base64.StdEncoding.EncodeToString(b[:])
}
