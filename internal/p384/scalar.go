//go:build !nistec

package p384

import (
	"crypto/rand"
	"math/bits"
)

// Numbers modulo the group order n: six 64-bit limbs, least significant first,
// always below n. Products go through Montgomery's reduction with R = 2^384
// (coarsely integrated operand scanning; Koc, Acar, Kaliski 1996). All of it is
// free of branches on values.

const (
	n0, n1, n2, nTop = 0xecec196accc52973, 0x581a0db248b0a77a, 0xc7634d81f4372ddf, 0xffffffffffffffff
	nPrime           = 0x6ed46089e88fdc45 // -1/n modulo 2^64
)

// nRR is 2^768 modulo n.
var nRR = [6]uint64{
	0x2d319b2419b409a9, 0xff3d81e5df1aa419, 0xbc3e483afcb82947,
	0xd40d49174aab1cc5, 0x3fb05b7a28266895, 0x0c84ee012b39bf21,
}

var nLimbs = [6]uint64{n0, n1, n2, nTop, nTop, nTop}

// scReduce subtracts n from x + top*2^384, which is below 2n, where it is n or
// more.
func scReduce(x *[6]uint64, top uint64) {
	var t [6]uint64
	var b uint64
	t[0], b = bits.Sub64(x[0], n0, 0)
	t[1], b = bits.Sub64(x[1], n1, b)
	t[2], b = bits.Sub64(x[2], n2, b)
	t[3], b = bits.Sub64(x[3], nTop, b)
	t[4], b = bits.Sub64(x[4], nTop, b)
	t[5], b = bits.Sub64(x[5], nTop, b)
	_, b = bits.Sub64(top, 0, b)
	m := -b // all ones where it was below n
	for i := range x {
		x[i] = t[i] ^ (m & (t[i] ^ x[i]))
	}
}

// scSub returns x - y.
func scSub(x, y *[6]uint64) (z [6]uint64) {
	var b, c uint64
	for i := range z {
		z[i], b = bits.Sub64(x[i], y[i], b)
	}
	m := -b
	for i := range z {
		z[i], c = bits.Add64(z[i], m&nLimbs[i], c)
	}
	return z
}

// scMont returns x*y/2^384. One of x and y may be any number below 2^384.
func scMont(x, y *[6]uint64) [6]uint64 {
	var t0, t1, t2, t3, t4, t5, t6, t7 uint64
	for _, xi := range x {
		// t += xi*y. Before it t < 2n, so that it stays below 2^64 * 2^384 + 2n:
		// t7 takes one bit.
		h0, l0 := bits.Mul64(xi, y[0])
		h1, l1 := bits.Mul64(xi, y[1])
		h2, l2 := bits.Mul64(xi, y[2])
		h3, l3 := bits.Mul64(xi, y[3])
		h4, l4 := bits.Mul64(xi, y[4])
		h5, l5 := bits.Mul64(xi, y[5])
		var c uint64
		l1, c = bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l3, c = bits.Add64(l3, h2, c)
		l4, c = bits.Add64(l4, h3, c)
		l5, c = bits.Add64(l5, h4, c)
		h5 += c
		t0, c = bits.Add64(t0, l0, 0)
		t1, c = bits.Add64(t1, l1, c)
		t2, c = bits.Add64(t2, l2, c)
		t3, c = bits.Add64(t3, l3, c)
		t4, c = bits.Add64(t4, l4, c)
		t5, c = bits.Add64(t5, l5, c)
		t6, t7 = bits.Add64(t6, h5, c)
		// t = (t + m*n) / 2^64
		m := t0 * nPrime
		h0, l0 = bits.Mul64(m, n0)
		h1, l1 = bits.Mul64(m, n1)
		h2, l2 = bits.Mul64(m, n2)
		h3, l3 = bits.Mul64(m, nTop) // three limbs of n are the same
		l1, c = bits.Add64(l1, h0, 0)
		l2, c = bits.Add64(l2, h1, c)
		l4, c = bits.Add64(l3, h2, c)
		l5, c = bits.Add64(l3, h3, c)
		l3, c = bits.Add64(l3, h3, c)
		h5 = h3 + c
		_, c = bits.Add64(t0, l0, 0)
		t0, c = bits.Add64(t1, l1, c)
		t1, c = bits.Add64(t2, l2, c)
		t2, c = bits.Add64(t3, l4, c)
		t3, c = bits.Add64(t4, l5, c)
		t4, c = bits.Add64(t5, l3, c)
		t5, c = bits.Add64(t6, h5, c)
		t6 = t7 + c
	}
	z := [6]uint64{t0, t1, t2, t3, t4, t5}
	scReduce(&z, t6)
	return z
}

// scMul returns x*y. x may be any number below 2^384.
func scMul(x, y *[6]uint64) [6]uint64 {
	t := scMont(x, y)
	return scMont(&t, &nRR)
}

// scSelect returns x where mask is all ones and y where it is 0.
func scSelect(x, y *[6]uint64, mask uint64) (z [6]uint64) {
	for i := range z {
		z[i] = y[i] ^ (mask & (x[i] ^ y[i]))
	}
	return z
}

// scEqual is all ones where x = y, else 0.
func scEqual(x, y *[6]uint64) uint64 {
	var t uint64
	for i := range x {
		t |= x[i] ^ y[i]
	}
	return ((t | -t) >> 63) - 1
}

// scBelow is 1 where x < n, else 0.
func scBelow(x *[6]uint64) (b uint64) {
	for i := range x {
		_, b = bits.Sub64(x[i], nLimbs[i], b)
	}
	return b
}

// scInvert returns 1/x: x^(n-2), four bits of the public exponent at a time.
func scInvert(x *[6]uint64) [6]uint64 {
	var table [16][6]uint64 // table[i] = x^i * R
	table[1] = scMont(x, &nRR)
	for i := 2; i < 16; i++ {
		table[i] = scMont(&table[i-1], &table[1])
	}
	acc := table[15] // the first four bits of n-2
	for i := 1; i < 96; i++ {
		digit := order[i/2] >> (4 * (1 - i%2)) & 15
		if i == 95 { // public: the index
			digit -= 2 // n ends in ...3
		}
		for range 4 {
			acc = scMont(&acc, &acc)
		}
		if digit != 0 { // public: a digit of n
			acc = scMont(&acc, &table[digit]) // public: a digit of n
		}
	}
	return scMont(&acc, &[6]uint64{1})
}

// scFromHash returns HashToScalar(msg): hash_to_field of RFC 9380 section 5.2
// with one element modulo n, L = 72.
func scFromHash(msg, dst []byte) [6]uint64 {
	var wide [hashL]byte
	expandMessage(wide[:], msg, dst)
	// high * 2^384 + low; low < 2^384 < 2n.
	var top [ScalarSize]byte
	copy(top[24:], wide[:24])
	high, low := words(top[:]), words(wide[24:])
	scReduce(&low, 0)
	high = scMont(&high, &nRR) // high * 2^384, below n
	var c uint64
	for i := range low {
		low[i], c = bits.Add64(low[i], high[i], c)
	}
	scReduce(&low, c)
	return low
}

// Scalar is a public integer modulo the group order. The zero value is 0.
type Scalar struct{ v [6]uint64 }

// SetBytes sets s to the scalar with the encoding b: 48 bytes, big endian,
// below the order, or ErrScalar.
func (s *Scalar) SetBytes(b []byte) error {
	if len(b) != ScalarSize {
		return ErrScalar
	}
	v := words(b)
	if scBelow(&v) == 0 {
		return ErrScalar
	}
	s.v = v
	return nil
}

// AppendBytes appends the 48-byte encoding of s.
func (s *Scalar) AppendBytes(dst []byte) []byte { return appendWords(dst, &s.v) }

// Equal tells whether s and t are the same, in constant time.
func (s *Scalar) Equal(t *Scalar) bool { return scEqual(&s.v, &t.v) != 0 }

// HashToScalar returns hash_to_field(msg, 1) of RFC 9380 section 5.2 modulo the
// group order, as RFC 9497 section 4.4 defines HashToScalar. The message is
// public.
func HashToScalar(msg, dst []byte) Scalar { return Scalar{scFromHash(msg, dst)} }

// Secret is a secret scalar between 1 and the order minus 1. The zero value is
// not a valid Secret.
type Secret struct{ v [6]uint64 }

// GenerateSecret sets k to a uniform secret from crypto/rand, by rejection
// sampling (RFC 9497 section 4.7.1).
func (k *Secret) GenerateSecret() error {
	for {
		var b [ScalarSize]byte
		if _, err := rand.Read(b[:]); err != nil { // public: whether the system has randomness
			return ErrRandom
		}
		if k.SetBytes(b[:]) == nil { // public: what was rejected is thrown away
			return nil
		}
	}
}

// SetBytes sets k to the 48 bytes b, big endian, which must be between 1 and
// the order minus 1; otherwise ErrSecret.
func (k *Secret) SetBytes(b []byte) error {
	if len(b) != ScalarSize { // public: the length
		return ErrSecret
	}
	v := words(b)
	if scBelow(&v)&^scEqual(&v, &[6]uint64{}) == 0 { // public: whether it is a secret at all
		return ErrSecret
	}
	k.v = v
	return nil
}

// HashToSecret sets k to HashToScalar(msg) for a secret msg. The hash of nobody's
// message is 0; should it be, the error is ErrSecret.
func (k *Secret) HashToSecret(msg, dst []byte) error {
	v := scFromHash(msg, dst)
	if scEqual(&v, &[6]uint64{}) != 0 { // public: never
		return ErrSecret
	}
	k.v = v
	return nil
}

// AppendBytes appends the 48-byte encoding of k, which is as secret as k.
func (k *Secret) AppendBytes(dst []byte) []byte { return appendWords(dst, &k.v) }

// Equal tells whether k and j are the same, in constant time.
func (k *Secret) Equal(j *Secret) bool { return scEqual(&k.v, &j.v) != 0 }

// Respond returns r - c*k modulo the order, the response of a proof of
// knowledge of k with the nonce r (RFC 9497 section 2.2.1). It is public: r is
// uniform and used once.
func (k *Secret) Respond(c *Scalar, r *Secret) Scalar {
	t := scMul(&c.v, &k.v)
	return Scalar{scSub(&r.v, &t)}
}

// InvertAll replaces each secret by its inverse modulo the order, with one
// exponentiation for all of them (Montgomery's trick).
func InvertAll(secrets []Secret) {
	if len(secrets) == 0 { // public: the number
		return
	}
	// prefix[i] = k_0 * ... * k_i / R^i; the powers of R cancel below.
	prefix := make([][6]uint64, len(secrets))
	prefix[0] = secrets[0].v
	for i := 1; i < len(secrets); i++ {
		prefix[i] = scMont(&prefix[i-1], &secrets[i].v)
	}
	inv := scInvert(&prefix[len(secrets)-1])
	for i := len(secrets) - 1; i > 0; i-- {
		k := secrets[i].v
		secrets[i].v = scMont(&inv, &prefix[i-1])
		inv = scMont(&inv, &k)
	}
	secrets[0].v = inv
	clear(prefix)
}
