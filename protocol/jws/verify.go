//go:build !tinygo

package jws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// nativeKey is the key as Go's standard library wants it.
type nativeKey struct {
	rsa     *rsa.PublicKey
	ecdsa   *ecdsa.PublicKey
	ed25519 ed25519.PublicKey
}

// prepare builds the native key. An EC point that is not on its curve, or is at
// infinity, is refused here (RFC 7518 section 6.2.1).
func (k *Key) prepare() *Error {
	switch k.kind {
	case kindRSA:
		pub := &rsa.PublicKey{E: int(exponent(k.e))}
		pub.N = alike(pub.N).SetBytes(k.n)
		k.native.rsa = pub
	case kindP256, kindP384:
		curve := elliptic.P256()
		if k.kind == kindP384 {
			curve = elliptic.P384()
		}
		point := append(append([]byte{4}, k.x...), k.y...)
		pub, err := ecdsa.ParseUncompressedPublicKey(curve, point)
		if err != nil {
			return errOffCurve
		}
		k.native.ecdsa = pub
	case kindEd25519:
		k.native.ed25519 = ed25519.PublicKey(k.x)
	}
	return nil
}

// alike returns a new value of the type that p points to. It spares this pure
// package the import of the modulus type's package.
func alike[T any](*T) *T { return new(T) }

// Verify reads a compact JWS: Judge, then the signature. Errors are *Error.
func Verify(token string, keys *KeySet, p Policy) (*Message, error) {
	var u Unverified
	var d strictjson.Document
	if err := u.judge(token, keys, &p, &d); err != nil {
		return nil, err
	}
	return u.Verify()
}

// Verify checks the signature with Go's standard library.
func (u *Unverified) Verify() (*Message, error) { return u.Confirm(u.Check()) }

// Check reports whether the signature is valid, by Go's standard library.
func (u *Unverified) Check() bool {
	// The bytes of a usual token need no place on the heap.
	var room [1024]byte
	return verify(u.key, u.header.Algorithm, append(room[:0], u.input...), u.signature)
}

func verify(k *Key, a Algorithm, input []byte, signature string) bool {
	switch a {
	case RS256: // RFC 7518 section 3.3
		digest := sha256.Sum256(input)
		return rsa.VerifyPKCS1v15(k.native.rsa, crypto.SHA256, digest[:], []byte(signature)) == nil
	case PS256: // section 3.5
		digest := sha256.Sum256(input)
		return rsa.VerifyPSS(k.native.rsa, crypto.SHA256, digest[:], []byte(signature),
			&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	case ES256: // section 3.4
		digest := sha256.Sum256(input)
		var der [derHead + 2*(derHead+1+32)]byte
		return ecdsa.VerifyASN1(k.native.ecdsa, digest[:], appendDER(der[:0], signature))
	case ES384:
		digest := sha512.Sum384(input)
		var der [derHead + 2*(derHead+1+48)]byte
		return ecdsa.VerifyASN1(k.native.ecdsa, digest[:], appendDER(der[:0], signature))
	case EdDSA: // RFC 8037 section 3.1
		var room [ed25519.SignatureSize]byte
		return ed25519.Verify(k.native.ed25519, input, append(room[:0], signature...))
	}
	return false
}

const derHead = 2 // bytes of tag and length

// appendDER writes r and s, which JWS puts side by side, as the ASN.1 sequence
// that crypto/ecdsa reads. Lengths stay below 128, one byte each.
func appendDER(b []byte, signature string) []byte {
	half := len(signature) / 2
	b = append(b, 0x30, 0)
	for _, n := range [2]string{signature[:half], signature[half:]} {
		for len(n) > 1 && n[0] == 0 {
			n = n[1:]
		}
		b = append(b, 0x02, byte(len(n)))
		if n[0]&0x80 != 0 { // a positive integer
			b[len(b)-1]++
			b = append(b, 0)
		}
		b = append(b, n...)
	}
	b[1] = byte(len(b) - 2)
	return b
}
