package exchange

import "crypto/sha256"

// HMAC256 is HMAC-SHA-256 (RFC 2104) under a key of 32 bytes. Package crypto/hmac
// knows every hash of FIPS 140 and brings their code and AES into a small module
// for it, a quarter of the edge guest.
func HMAC256(key *[32]byte, message ...[]byte) [sha256.Size]byte {
	var pad [sha256.BlockSize]byte
	copy(pad[:], key[:])
	for i := range pad {
		pad[i] ^= 0x36
	}
	inner := sha256.New()
	inner.Write(pad[:])
	for _, m := range message {
		inner.Write(m)
	}
	for i := range pad {
		pad[i] ^= 0x36 ^ 0x5c
	}
	outer := sha256.New()
	outer.Write(pad[:])
	clear(pad[:])
	outer.Write(inner.Sum(nil))
	return [sha256.Size]byte(outer.Sum(nil))
}
