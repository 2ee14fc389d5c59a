//go:build !tinygo

package sha256

import "crypto/sha256"

// Sum256 is the SHA-256 of the parts, one after the other.
func Sum256(parts ...[]byte) (out [Size]byte) {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(out[:0])
	return out
}
