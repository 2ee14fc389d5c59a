// Package p384 is the group P-384 as the token protocols need it: points,
// public scalars, secret scalars and hashing to the curve.
//
// The group is NIST P-384 (SEC 2 section 2.5.1, SP 800-186 section 3.2.1.4):
// y^2 = x^3 - 3x + b over the field of p = 2^384 - 2^128 - 2^96 + 2^32 - 1,
// of prime order n, cofactor 1.
//
// A [Secret] is a scalar that must not leak: a private key, a blind, the nonce
// of a proof. Its methods reach only code whose time and memory accesses do not
// depend on its value. A [Scalar] is public (proof weights, challenges and
// responses) and may enter the functions whose names begin with VarTime. No
// function turns a Secret into a Scalar except [Secret.Respond], whose result
// is the response of a proof, sent to everyone.
//
// Encodings: a point is 97 bytes, the uncompressed form of SEC 1 section 2.3.3;
// transcripts also take its 49-byte compressed form; a scalar is 48 bytes, big
// endian. Values may be used by several goroutines at once as long as none
// writes them.
package p384

import "errors"

// Sizes in bytes.
const (
	UncompressedSize = 97 // 0x04 || X || Y
	CompressedSize   = 49 // 0x02 or 0x03 || X
	ScalarSize       = 48
)

// Errors. They name the fault and never the value.
var (
	ErrPoint  = errors.New("p384: not the uncompressed encoding of a point of P-384 other than infinity")
	ErrScalar = errors.New("p384: not a 48-byte scalar below the group order")
	ErrSecret = errors.New("p384: not a 48-byte secret scalar between 1 and the group order minus 1")
	ErrRandom = errors.New("p384: the system's source of randomness failed")
)

// order is n, the order of the group, big endian (SP 800-186 section 3.2.1.4).
var order = [ScalarSize]byte{
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf, 0x58, 0x1a, 0x0d, 0xb2,
	0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
}
