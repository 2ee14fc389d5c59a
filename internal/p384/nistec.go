//go:build nistec

package p384

import (
	"crypto/rand"
	"crypto/subtle"

	"filippo.io/bigmod"
	"filippo.io/nistec"
)

// modN is the group order as a modulus.
var modN = func() *bigmod.Modulus {
	m, err := bigmod.NewModulus(order[:])
	if err != nil {
		panic(err)
	}
	return m
}()

// Point is a point of P-384. The zero value is the point at infinity.
type Point struct{ p *nistec.P384Point }

func (p *Point) inner() *nistec.P384Point {
	if p.p == nil {
		return nistec.NewP384Point()
	}
	return p.p
}

// Set sets p to q.
func (p *Point) Set(q *Point) { *p = *q }

// Generator returns the base point G.
func Generator() Point { return Point{nistec.NewP384Point().SetGenerator()} }

// SetBytes sets p to the point with the uncompressed encoding b (97 bytes, SEC
// 1 section 2.3.4). Anything else (another length, the compressed form,
// infinity, coordinates not below p or not on the curve) gives ErrPoint and
// leaves p as it was.
func (p *Point) SetBytes(b []byte) error {
	if len(b) != UncompressedSize || b[0] != 4 {
		return ErrPoint
	}
	q, err := nistec.NewP384Point().SetBytes(b)
	if err != nil {
		return ErrPoint
	}
	p.p = q
	return nil
}

// AppendUncompressed appends the 97-byte encoding of p. Infinity has none:
// callers check IsInfinity first, and 97 zero bytes, which SetBytes refuses,
// stand for it.
func (p *Point) AppendUncompressed(dst []byte) []byte {
	if p.IsInfinity() {
		return append(dst, make([]byte, UncompressedSize)...)
	}
	return append(dst, p.inner().Bytes()...)
}

// AppendCompressed appends the 49-byte encoding of p, 49 zero bytes for
// infinity.
func (p *Point) AppendCompressed(dst []byte) []byte {
	if p.IsInfinity() {
		return append(dst, make([]byte, CompressedSize)...)
	}
	return append(dst, p.inner().BytesCompressed()...)
}

// IsInfinity tells whether p is the neutral element.
func (p *Point) IsInfinity() bool { return p.inner().IsInfinity() == 1 }

// Equal tells whether p and q are the same point, in constant time.
func (p *Point) Equal(q *Point) bool { return p.inner().Equal(q.inner()) == 1 }

// Normalize prepares points for encoding, all at once where that is cheaper.
// It changes no value.
func Normalize(points ...*Point) {}

// NormalizeAll is Normalize for a slice.
func NormalizeAll(points []Point) {}

// HashToCurve returns hash_to_curve(msg) of the suite
// P384_XMD:SHA-384_SSWU_RO_ (RFC 9380 section 8.3) with the given tag.
func HashToCurve(msg, dst []byte) Point {
	// nistec has no map to the curve: this package's own, constant-time one; the
	// point is checked again by nistec.
	var j jacobian
	hashToCurve(&j, msg, dst)
	var p Point
	if p.SetBytes(j.uncompressed()) != nil {
		// Infinity: nobody can make an input that hashes to it.
		return Point{}
	}
	return p
}

// VarTimeMultiMul returns the sum of scalars[i]*points[i]. Its time depends on
// the values: public ones only. Equal, opposite and infinite points are
// handled. The slices have the same length.
func VarTimeMultiMul(scalars []Scalar, points []Point) Point {
	sum := nistec.NewP384Point()
	for i := range scalars {
		t, err := nistec.NewP384Point().ScalarMult(points[i].inner(), scalars[i].b[:])
		if err != nil {
			panic(err) // the length is right by type
		}
		sum.Add(sum, t)
	}
	return Point{sum}
}

// VarTimeMulAddBase returns s*G + c*p, for public values only.
func VarTimeMulAddBase(s, c *Scalar, p *Point) Point {
	return VarTimeMultiMul([]Scalar{*s, *c}, []Point{Generator(), *p})
}

// Scalar is a public integer modulo the group order. The zero value is 0.
type Scalar struct{ b [ScalarSize]byte }

// SetBytes sets s to the scalar with the encoding b: 48 bytes, big endian,
// below the order, or ErrScalar.
func (s *Scalar) SetBytes(b []byte) error {
	if len(b) != ScalarSize {
		return ErrScalar
	}
	if _, err := bigmod.NewNat().SetBytes(b, modN); err != nil {
		return ErrScalar
	}
	copy(s.b[:], b)
	return nil
}

// AppendBytes appends the 48-byte encoding of s.
func (s *Scalar) AppendBytes(dst []byte) []byte { return append(dst, s.b[:]...) }

// Equal tells whether s and t are the same, in constant time.
func (s *Scalar) Equal(t *Scalar) bool { return subtle.ConstantTimeCompare(s.b[:], t.b[:]) == 1 }

// HashToScalar returns hash_to_field(msg, 1) of RFC 9380 section 5.2 modulo the
// group order, as RFC 9497 section 4.4 defines HashToScalar. The message is
// public.
func HashToScalar(msg, dst []byte) Scalar { return Scalar{hashToScalar(msg, dst)} }

func hashToScalar(msg, dst []byte) (out [ScalarSize]byte) {
	var wide [hashL]byte
	expandMessage(wide[:], msg, dst)
	// Mod works on a value of any size, so the 72 bytes become a number of a
	// larger modulus first.
	x, err := bigmod.NewNat().SetBytes(wide[:], modWide)
	if err != nil {
		panic(err) // 72 bytes are below 2^576
	}
	copy(out[:], bigmod.NewNat().Mod(x, modN).Bytes(modN))
	return out
}

// modWide is 2^576 + 1: larger than every 72-byte number.
var modWide = func() *bigmod.Modulus {
	var b [hashL + 1]byte
	b[0], b[hashL] = 1, 1
	m, err := bigmod.NewModulus(b[:])
	if err != nil {
		panic(err)
	}
	return m
}()

// Secret is a secret scalar between 1 and the order minus 1. The zero value is
// not a valid Secret.
type Secret struct{ b [ScalarSize]byte }

// nat returns the value for arithmetic.
func (k *Secret) nat() *bigmod.Nat {
	x, err := bigmod.NewNat().SetBytes(k.b[:], modN)
	if err != nil {
		panic(err) // below the order since it was made
	}
	return x
}

func (k *Secret) setNat(x *bigmod.Nat) { copy(k.b[:], x.Bytes(modN)) }

// GenerateSecret sets k to a uniform secret from crypto/rand, by rejection
// sampling (RFC 9497 section 4.7.1).
func (k *Secret) GenerateSecret() error {
	for {
		var b [ScalarSize]byte
		if _, err := rand.Read(b[:]); err != nil {
			return ErrRandom
		}
		if k.SetBytes(b[:]) == nil {
			return nil
		}
	}
}

// SetBytes sets k to the 48 bytes b, big endian, which must be between 1 and
// the order minus 1; otherwise ErrSecret.
func (k *Secret) SetBytes(b []byte) error {
	if len(b) != ScalarSize {
		return ErrSecret
	}
	x, err := bigmod.NewNat().SetBytes(b, modN)
	if err != nil || x.IsZero() == 1 {
		return ErrSecret
	}
	copy(k.b[:], b)
	return nil
}

// HashToSecret sets k to HashToScalar(msg) for a secret msg. The hash of nobody's
// message is 0; should it be, the error is ErrSecret.
func (k *Secret) HashToSecret(msg, dst []byte) error {
	b := hashToScalar(msg, dst)
	return k.SetBytes(b[:])
}

// AppendBytes appends the 48-byte encoding of k, which is as secret as k.
func (k *Secret) AppendBytes(dst []byte) []byte { return append(dst, k.b[:]...) }

// Equal tells whether k and j are the same, in constant time.
func (k *Secret) Equal(j *Secret) bool { return subtle.ConstantTimeCompare(k.b[:], j.b[:]) == 1 }

// MulBase returns k*G.
func (k *Secret) MulBase() Point {
	q, err := nistec.NewP384Point().ScalarBaseMult(k.b[:])
	if err != nil {
		panic(err) // the length is right by type
	}
	return Point{q}
}

// Mul returns k*p.
func (k *Secret) Mul(p *Point) Point {
	q, err := nistec.NewP384Point().ScalarMult(p.inner(), k.b[:])
	if err != nil {
		panic(err) // the length is right by type
	}
	return Point{q}
}

// MulAll sets dst[i] = k*src[i] for every i: one secret over many points. The
// slices have the same length and may be the same.
func (k *Secret) MulAll(dst, src []Point) {
	for i := range src {
		dst[i] = k.Mul(&src[i])
	}
}

// MulEach sets dst[i] = secrets[i]*src[i] for every i: a secret of its own for
// each point. The slices have the same length; dst and src may be the same.
func MulEach(dst []Point, secrets []Secret, src []Point) {
	for i := range src {
		dst[i] = secrets[i].Mul(&src[i])
	}
}

// Respond returns r - c*k modulo the order, the response of a proof of
// knowledge of k with the nonce r (RFC 9497 section 2.2.1). It is public: r is
// uniform and used once.
func (k *Secret) Respond(c *Scalar, r *Secret) Scalar {
	ck, err := bigmod.NewNat().SetBytes(c.b[:], modN)
	if err != nil {
		panic(err) // below the order since it was made
	}
	ck.Mul(k.nat(), modN)
	var s Scalar
	copy(s.b[:], r.nat().Sub(ck, modN).Bytes(modN))
	return s
}

// MulTwo returns k*p and j*p.
func MulTwo(k, j *Secret, p *Point) (kp, jp Point) { return k.Mul(p), j.Mul(p) }

// InvertAll replaces each secret by its inverse modulo the order, with one
// exponentiation for all of them (Montgomery's trick).
func InvertAll(secrets []Secret) {
	if len(secrets) == 0 {
		return
	}
	// prefix[i] = k_0 * ... * k_i
	prefix := make([]*bigmod.Nat, len(secrets))
	prefix[0] = secrets[0].nat()
	for i := 1; i < len(secrets); i++ {
		prefix[i] = secrets[i].nat().Mul(prefix[i-1], modN)
	}
	// k^-1 = k^(n-2): the exponent is public.
	inv := bigmod.NewNat().Exp(prefix[len(secrets)-1], orderMinus2[:], modN)
	for i := len(secrets) - 1; i > 0; i-- {
		k := secrets[i].nat()
		secrets[i].setNat(prefix[i-1].Mul(inv, modN))
		inv.Mul(k, modN)
	}
	secrets[0].setNat(inv)
}

var orderMinus2 = func() [ScalarSize]byte {
	b := order
	b[ScalarSize-1] -= 2
	return b
}()

// uncompressed returns the 97-byte encoding of j, zeros for infinity.
func (j *jacobian) uncompressed() []byte {
	finite := ^feIsZero(&j.z)
	var zInv fe
	var a affine
	feInvert(&zInv, &j.z)
	toAffine(&a, j, &zInv)
	b := append(make([]byte, 0, UncompressedSize), 4&byte(finite))
	return feAppend(feAppend(b, &a.x), &a.y)
}
