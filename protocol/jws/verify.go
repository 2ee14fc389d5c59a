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
	case kindP256, kindP384, kindP521:
		curve := [...]elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()}[k.kind-kindP256]
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

// Check reports whether the signature is valid, by Go's standard library. Where several
// keys may check it, the one that did is the Key from then on.
func (u *Unverified) Check() bool {
	// The bytes of a usual token need no place on the heap.
	var room [1024]byte
	input := append(room[:0], u.input...)
	if verify(u.key, u.header.Algorithm, input, u.signature) {
		return true
	}
	for _, k := range u.others {
		if k != nil && verify(k, u.header.Algorithm, input, u.signature) {
			u.key = k
			return true
		}
	}
	return false
}

func verify(k *Key, a Algorithm, input []byte, signature string) bool {
	if a == EdDSA { // RFC 8037 section 3.1
		var room [ed25519.SignatureSize]byte
		return ed25519.Verify(k.native.ed25519, input, append(room[:0], signature...))
	}
	switch a.HashBits() {
	case 256:
		h := sha256.Sum256(input)
		return verifyDigest(k, a, crypto.SHA256, h[:], signature)
	case 384:
		h := sha512.Sum384(input)
		return verifyDigest(k, a, crypto.SHA384, h[:], signature)
	case 512:
		h := sha512.Sum512(input)
		return verifyDigest(k, a, crypto.SHA512, h[:], signature)
	}
	return false
}

func verifyDigest(k *Key, a Algorithm, hash crypto.Hash, digest []byte, signature string) bool {
	switch a.kind() {
	case kindRSA:
		if a[0] == 'P' { // RFC 7518 section 3.5
			kept := append([]byte(nil), digest...) // alone here must a digest be on the heap
			return rsa.VerifyPSS(k.native.rsa, hash, kept, []byte(signature), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
		}
		return rsa.VerifyPKCS1v15(k.native.rsa, hash, digest, []byte(signature)) == nil // section 3.3
	default: // section 3.4
		var der [derHead + 2*(derInteger+66)]byte
		return ecdsa.VerifyASN1(k.native.ecdsa, digest, appendDER(der[:0], signature))
	}
}

const (
	derHead    = 3 // bytes of tag and length of the sequence, a long form of one byte
	derInteger = 3 // of tag and length of an integer, and the zero before a high bit
)

// appendDER writes r and s, which JWS puts side by side, as the ASN.1 sequence
// that crypto/ecdsa reads. dst is empty; the result may begin a byte behind it.
func appendDER(dst []byte, signature string) []byte {
	half := len(signature) / 2
	b := append(dst, 0x30, 0x81, 0)
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
	n := byte(len(b) - derHead)
	if n >= 0x80 { // as two integers of P-521 are
		b[2] = n
		return b
	}
	b = b[1:]
	b[0], b[1] = 0x30, n
	return b
}
