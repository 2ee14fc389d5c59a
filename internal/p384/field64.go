//go:build !(wasm || limbs28)

package p384

import "math/bits"

// fe is an element of the field: six 64-bit limbs, least significant first,
// always below p. There is no Montgomery form: since p is so close to 2^384,
// folding the upper half of a product twice costs fewer steps than six rounds of
// Montgomery's reduction (two thirds of them, counted in additions).
type fe [6]uint64

// multiBlock bounds the memory of one sum, 1.7 MB for 128 points, and the depth of
// its tree, 7 levels.
const multiBlock = 128

// d is 2^384 - p = 2^128 + 2^96 - 2^32 + 1; its other limbs are 0.
const d0, d1, d2 = 0xffffffff00000001, 0x00000000ffffffff, 1

var feOne = fe{1}

// p's limbs, for values that are subtracted from it.
const p0, p1, p2, pTop = 0x00000000ffffffff, 0xffffffff00000000, 0xfffffffffffffffe, 0xffffffffffffffff

// feAdd sets z = x + y.
func feAdd(z, x, y *fe) {
	t0, c := bits.Add64(x[0], y[0], 0)
	t1, c := bits.Add64(x[1], y[1], c)
	t2, c := bits.Add64(x[2], y[2], c)
	t3, c := bits.Add64(x[3], y[3], c)
	t4, c := bits.Add64(x[4], y[4], c)
	t5, c := bits.Add64(x[5], y[5], c)
	// Subtract p; where that borrows more than the carry, add it back.
	t0, b := bits.Sub64(t0, p0, 0)
	t1, b = bits.Sub64(t1, p1, b)
	t2, b = bits.Sub64(t2, p2, b)
	t3, b = bits.Sub64(t3, pTop, b)
	t4, b = bits.Sub64(t4, pTop, b)
	t5, b = bits.Sub64(t5, pTop, b)
	m := c - b // all ones where x + y < p
	z[0], c = bits.Add64(t0, m&p0, 0)
	z[1], c = bits.Add64(t1, m&p1, c)
	z[2], c = bits.Add64(t2, m&p2, c)
	z[3], c = bits.Add64(t3, m, c)
	z[4], c = bits.Add64(t4, m, c)
	z[5], _ = bits.Add64(t5, m, c)
}

// feSub sets z = x - y.
func feSub(z, x, y *fe) {
	t0, b := bits.Sub64(x[0], y[0], 0)
	t1, b := bits.Sub64(x[1], y[1], b)
	t2, b := bits.Sub64(x[2], y[2], b)
	t3, b := bits.Sub64(x[3], y[3], b)
	t4, b := bits.Sub64(x[4], y[4], b)
	t5, b := bits.Sub64(x[5], y[5], b)
	m := -b
	// Adding p is subtracting d modulo 2^384, and d has three limbs.
	z[0], b = bits.Sub64(t0, m&d0, 0)
	z[1], b = bits.Sub64(t1, m&d1, b)
	z[2], b = bits.Sub64(t2, m&d2, b)
	z[3], b = bits.Sub64(t3, 0, b)
	z[4], b = bits.Sub64(t4, 0, b)
	z[5], _ = bits.Sub64(t5, 0, b)
}

// feHalf sets z = x/2: x where it is even, x + p where it is odd, shifted.
func feHalf(z, x *fe) {
	m := -(x[0] & 1)
	t0, c := bits.Add64(x[0], m&p0, 0)
	t1, c := bits.Add64(x[1], m&p1, c)
	t2, c := bits.Add64(x[2], m&p2, c)
	t3, c := bits.Add64(x[3], m, c)
	t4, c := bits.Add64(x[4], m, c)
	t5, c := bits.Add64(x[5], m, c)
	z[0] = t0>>1 | t1<<63
	z[1] = t1>>1 | t2<<63
	z[2] = t2>>1 | t3<<63
	z[3] = t3>>1 | t4<<63
	z[4] = t4>>1 | t5<<63
	z[5] = t5>>1 | c<<63
}

// feCarry is for the other shape of the field: here nothing is lazy.
func feCarry(*fe) {}

// feNeg sets z = -x.
func feNeg(z, x *fe) { feSub(z, &fe{}, x) }

// feSelect sets z = x where mask is all ones and y where it is 0.
func feSelect(z, x, y *fe, mask uint64) {
	for i := range z {
		z[i] = y[i] ^ (mask & (x[i] ^ y[i]))
	}
}

// feIsZero is all ones where x = 0, else 0.
func feIsZero(x *fe) uint64 {
	t := x[0] | x[1] | x[2] | x[3] | x[4] | x[5]
	return ((t | -t) >> 63) - 1
}

// feIsOdd is 1 where the least non-negative value of x is odd (sgn0 of RFC 9380
// section 4.1), else 0.
func feIsOdd(x *fe) uint64 { return x[0] & 1 }

// feFromWords sets z to the value of six words below 2^384 and returns 1 where
// it was below p; if it was not, z is it modulo p.
func feFromWords(z *fe, w *[6]uint64) uint64 {
	t0, b := bits.Sub64(w[0], p0, 0)
	t1, b := bits.Sub64(w[1], p1, b)
	t2, b := bits.Sub64(w[2], p2, b)
	t3, b := bits.Sub64(w[3], pTop, b)
	t4, b := bits.Sub64(w[4], pTop, b)
	t5, b := bits.Sub64(w[5], pTop, b)
	x := fe{t0, t1, t2, t3, t4, t5}
	y := fe(*w)
	feSelect(z, &y, &x, -b)
	return b
}

// feWords returns the value as six words below p.
func feWords(x *fe) [6]uint64 { return *x }

// pointDouble sets p = 2*q, for q that is not infinity (infinity stays what it
// is: Z = 0). 4M + 4S: with L = 3(X - Z^2)(X + Z^2)/2, the slope is L/(YZ), and
//
//	Z' = YZ, X' = L^2 - 2XY^2, Y' = L(XY^2 - X') - Y^4
//
// ("Guide to Elliptic Curve Cryptography", algorithm 3.21, with the halving moved
// into L.)
func pointDouble(p, q *jacobian) {
	var l, s, t, u fe
	feSqr(&t, &q.z)
	feSub(&u, &q.x, &t)
	feAdd(&t, &q.x, &t)
	feMul(&l, &u, &t)
	feHalf(&t, &l)
	feAdd(&l, &l, &t) // L
	feSqr(&s, &q.y)
	feMul(&p.z, &q.y, &q.z) // Z'
	feMul(&t, &q.x, &s)     // XY^2
	feSqr(&u, &l)
	feSub(&u, &u, &t)
	feSub(&p.x, &u, &t) // X'
	feSub(&t, &t, &p.x)
	feMul(&t, &t, &l)
	feSqr(&s, &s)
	feSub(&p.y, &t, &s) // Y'
}

// packed is a point as lookups read it: twelve words.
type packed [12]uint64

func (p *packed) pack(a *affine) {
	copy(p[:6], a.x[:])
	copy(p[6:], a.y[:])
}

func (p *packed) unpack(a *affine) {
	a.x = fe(p[:6])
	a.y = fe(p[6:])
}

// pick sets p to entry index of the table, reading all of it.
func (p *packed) pick(table *multiples, index uint64) {
	var r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11 uint64
	for i := range table {
		e := &table[i]
		m := -(((index ^ uint64(i)) - 1) >> 63) // all ones where i = index
		r0 |= e[0] & m
		r1 |= e[1] & m
		r2 |= e[2] & m
		r3 |= e[3] & m
		r4 |= e[4] & m
		r5 |= e[5] & m
		r6 |= e[6] & m
		r7 |= e[7] & m
		r8 |= e[8] & m
		r9 |= e[9] & m
		r10 |= e[10] & m
		r11 |= e[11] & m
	}
	*p = packed{r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11}
}
