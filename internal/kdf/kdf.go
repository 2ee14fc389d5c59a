// Package kdf derives the keys of a server from the secrets that its operator gives
// it: HKDF (RFC 5869) with SHA-256, a key for each use.
package kdf

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
)

// MinSize is the least that a secret has, in bytes. They are to be random: HKDF
// makes no long secret of a short one.
const MinSize = 32

// Keys are what one secret is good for: a key of 32 bytes for each use.
type Keys[Use ~string] map[Use][]byte

// Derive returns the keys of each secret, in their order: the first is for what is
// made from now on, all are for what was made before. Without any it makes one up,
// which is good for as long as this process and for no other. The info of a key is
// that of the server and the use, without a salt.
func Derive[Use ~string](given [][]byte, server string, uses ...Use) ([]Keys[Use], error) {
	if len(given) == 0 {
		own := make([]byte, MinSize)
		_, _ = rand.Read(own) // never fails: it ends the program instead
		given = [][]byte{own}
	}
	all := make([]Keys[Use], 0, len(given))
	for i, secret := range given {
		if len(secret) < MinSize {
			return nil, fmt.Errorf("field Secrets[%d] has %d bytes: give at least %d random ones", i, len(secret), MinSize)
		}
		keys := Keys[Use]{}
		for _, use := range uses {
			key, err := hkdf.Key(sha256.New, secret, nil, server+string(use), sha256.Size)
			if err != nil {
				return nil, err
			}
			keys[use] = key
		}
		all = append(all, keys)
	}
	return all, nil
}

// MAC is HMAC-SHA256 of the parts in a row. Where one may end sooner or later is for
// the caller to mark.
func MAC(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}
