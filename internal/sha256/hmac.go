package sha256

// HMAC is HMAC-SHA-256 (RFC 2104) under a key of 32 bytes. Package crypto/hmac
// knows every hash of FIPS 140 and brings their code and AES into a small module
// for it, a quarter of the edge guest.
func HMAC(key *[32]byte, message ...[]byte) [Size]byte {
	var inner, outer [BlockSize]byte
	for i := range inner {
		inner[i], outer[i] = 0x36, 0x5c
	}
	for i, k := range key {
		inner[i] ^= k
		outer[i] ^= k
	}
	sum := Sum256(append([][]byte{inner[:]}, message...)...)
	sum = Sum256(outer[:], sum[:])
	clear(inner[:])
	clear(outer[:])
	return sum
}
