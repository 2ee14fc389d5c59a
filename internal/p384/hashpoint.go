//go:build !nistec

package p384

// HashToCurve returns hash_to_curve(msg) of the suite
// P384_XMD:SHA-384_SSWU_RO_ (RFC 9380 section 8.3) with the given tag.
func HashToCurve(msg, dst []byte) Point {
	var p Point
	hashToCurve(&p.j, msg, dst)
	return p
}
