//go:build tinygo

package sha256

// Sum256 is the SHA-256 of the parts, one after the other.
func Sum256(parts ...[]byte) [Size]byte { return sum(parts...) }
