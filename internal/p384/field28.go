//go:build wasm || limbs28

package p384

import "math/bits"

// limb holds one limb between operations; products are taken in 64 bits.
type limb = int64

// fe is an element of the field where a 64x64-bit product costs many steps: the
// sum of x[i] * 2^(28 i), fourteen signed limbs, neither below p nor unique.
//
// Bounds. A unit is 2^27 * (1 + 2^-5). A product or a carried element has limbs
// of at most one unit: step (4) of the reduction leaves them in [-2^27, 2^27),
// and step (5) adds to limb 5 a carry of at most 2^22. Additions, subtractions
// and small multiples are lazy, and units add up. feMul takes operands of u and v
// units with u*v <= 32, feSqr one with u^2 <= 32. Comments beside the formulas
// count units; TestLazyBounds replays every formula at its worst.
//
// Why 32 is enough: a column sums at most 14 products of limbs, each at most
// u*v * 2^54 * (1 + 2^-5)^2 < 34.1 * 2^54, together < 478 * 2^54; the folds of
// steps (2) and (3) add less than 2^53 * 3 and carries less than 2^36; and 2^63
// is 512 * 2^54.
//
//   - Step (1) cuts columns 12 and up to 28 bits. Column 26 is a single product,
//     below 2^60, so column 27 is below 2^33 and column 28 below 2^5.
//   - Step (2): 2^392 = 2^136 + 2^104 - 2^40 + 2^8 (mod p), so a value v in column
//     k >= 14 is v*2^8, -v*2^12, v*2^20 and v*2^24 in columns k-14, k-13, k-11 and
//     k-10: at most 2^36 + 2^40 + 2^48 + 2^52 for each column.
//   - Step (3): columns 14 to 17 are cut to 28 bits; what reaches 18 is below
//     2^30, and folds into columns of at most 9 by at most 2^54.
//   - Step (4): columns 12 and 13 hold less than 2^54 before the carry from column
//     11, which is below 2^36; so t, what leaves column 13, is below 2^27.
//   - Step (5): column 4 gets at most 2^51, so its carry is at most 2^23.
type fe [14]limb

const (
	mask28 = 1<<28 - 1
	half28 = 1 << 27
)

// multiBlock bounds the memory of one sum, 1.9 MB for 64 points, and the depth of
// its tree, 6 levels.
const multiBlock = 64

var feOne = fe{1}

// feAdd sets z = x + y; units add up.
func feAdd(z, x, y *fe) {
	z[0], z[1], z[2], z[3], z[4] = x[0]+y[0], x[1]+y[1], x[2]+y[2], x[3]+y[3], x[4]+y[4]
	z[5], z[6], z[7], z[8], z[9] = x[5]+y[5], x[6]+y[6], x[7]+y[7], x[8]+y[8], x[9]+y[9]
	z[10], z[11], z[12], z[13] = x[10]+y[10], x[11]+y[11], x[12]+y[12], x[13]+y[13]
}

// feSub sets z = x - y; units add up.
func feSub(z, x, y *fe) {
	z[0], z[1], z[2], z[3], z[4] = x[0]-y[0], x[1]-y[1], x[2]-y[2], x[3]-y[3], x[4]-y[4]
	z[5], z[6], z[7], z[8], z[9] = x[5]-y[5], x[6]-y[6], x[7]-y[7], x[8]-y[8], x[9]-y[9]
	z[10], z[11], z[12], z[13] = x[10]-y[10], x[11]-y[11], x[12]-y[12], x[13]-y[13]
}

// feNeg sets z = -x, of as many units.
func feNeg(z, x *fe) { feSub(z, &fe{}, x) }

// feCarry brings x, of at most 32 units, back to one.
func feCarry(x *fe) { feMul(x, x, &feOne) }

// feSelect sets z = x where mask is all ones and y where it is 0.
func feSelect(z, x, y *fe, mask uint64) {
	m := limb(mask)
	for i := range z {
		z[i] = y[i] ^ (m & (x[i] ^ y[i]))
	}
}

// feIsZero is all ones where x = 0, else 0.
func feIsZero(x *fe) uint64 {
	w := feWords(x)
	t := w[0] | w[1] | w[2] | w[3] | w[4] | w[5]
	return ((t | -t) >> 63) - 1
}

// feIsOdd is 1 where the least non-negative value of x is odd (sgn0 of RFC 9380
// section 4.1), else 0.
func feIsOdd(x *fe) uint64 { return feWords(x)[0] & 1 }

// feFromWords sets z to the value of six words below 2^384 and returns 1 where
// it was below p; if it was not, z is still that value. One unit: the limbs are
// rounded.
func feFromWords(z *fe, w *[6]uint64) uint64 {
	var c int64
	for i := range z {
		at := 28 * i
		v := w[at/64] >> (at % 64)
		if at%64 > 36 && at/64 < 5 { // public: the index
			v |= w[at/64+1] << (64 - at%64)
		}
		t := int64(v&mask28) + c
		c = (t + half28) >> 28
		z[i] = limb(t - c<<28)
	}
	// c is 0: the last limb has 20 bits.
	_, b := bits.Sub64(w[0], p0, 0)
	_, b = bits.Sub64(w[1], p1, b)
	_, b = bits.Sub64(w[2], p2, b)
	_, b = bits.Sub64(w[3], pTop, b)
	_, b = bits.Sub64(w[4], pTop, b)
	_, b = bits.Sub64(w[5], pTop, b)
	return b
}

// The 64-bit limbs of p and of d = 2^384 - p.
const (
	p0, p1, p2, pTop = 0x00000000ffffffff, 0xffffffff00000000, 0xfffffffffffffffe, 0xffffffffffffffff
	d0, d1, d2       = 0xffffffff00000001, 0x00000000ffffffff, 1
)

// feWords returns the value of x, of at most 32 units, as six words below p.
func feWords(x *fe) [6]uint64 {
	var y fe
	feMul(&y, x, &feOne) // one unit: |value| < 2^392
	// Add 2^10 * p = 2^394 - 2^138 - 2^106 + 2^42 - 2^10, so that it is positive.
	y[13] += 1 << 30
	y[4] -= 1 << 26
	y[3] -= 1 << 22
	y[1] += 1 << 14
	y[0] -= 1 << 10
	var w [6]uint64
	var c uint64 // signed, in two's complement
	for i := range 13 {
		t := uint64(int64(y[i])) + c
		c = uint64(int64(t) >> 28)
		t &= mask28
		at := 28 * i
		w[at/64] |= t << (at % 64)
		if at%64 > 36 { // public: the index
			w[at/64+1] |= t >> (64 - at%64)
		}
	}
	t := uint64(int64(y[13])) + c // below 2^31, and not negative
	w[5] |= t << 44
	q := t >> 20
	// The value is w + q*2^384, and 2^384 = d (mod p): add q*d, below 2^140.
	r0, b := bits.Sub64(q, q<<32, 0)
	r1, _ := bits.Sub64(q<<32, 0, b)
	var top uint64
	w[0], top = bits.Add64(w[0], r0, 0)
	w[1], top = bits.Add64(w[1], r1, top)
	w[2], top = bits.Add64(w[2], q, top)
	w[3], top = bits.Add64(w[3], 0, top)
	w[4], top = bits.Add64(w[4], 0, top)
	w[5], top = bits.Add64(w[5], 0, top)
	// Subtract p = 2^384 - d where the value carried out of 384 bits (what is
	// left is then below 2^140) or adding d would carry.
	_, u := bits.Add64(w[0], d0, 0)
	_, u = bits.Add64(w[1], d1, u)
	_, u = bits.Add64(w[2], d2, u)
	_, u = bits.Add64(w[3], 0, u)
	_, u = bits.Add64(w[4], 0, u)
	_, u = bits.Add64(w[5], 0, u)
	m := -(top | u)
	w[0], u = bits.Add64(w[0], m&d0, 0)
	w[1], u = bits.Add64(w[1], m&d1, u)
	w[2], u = bits.Add64(w[2], m&d2, u)
	w[3], u = bits.Add64(w[3], 0, u)
	w[4], u = bits.Add64(w[4], 0, u)
	w[5], _ = bits.Add64(w[5], 0, u)
	return w
}

// pointDouble sets p = 2*q, for q that is not infinity (infinity stays what it
// is: Z = 0). 4M + 4S: with L = 3(X - Z^2)(X + Z^2), the slope is L/(2YZ), and
//
//	Z' = 2YZ, X' = L^2 - 2X(2Y)^2, Y' = L(X(2Y)^2 - X') - 2(2Y^2)^2
//
// ("Guide to Elliptic Curve Cryptography", algorithm 3.21, arranged so that
// nothing needs a carry.) Units: X and Y of at most 4, Z of at most 2 give X' of
// 3, Y' of 3 and Z' of 2.
func pointDouble(p, q *jacobian) {
	var l, s, t, u fe
	feSqr(&t, &q.z)       // 2*2
	feSub(&u, &q.x, &t)   // 5
	feAdd(&t, &q.x, &t)   // 5
	feMul(&l, &u, &t)     // 25
	feAdd(&t, &l, &l)     // 2
	feAdd(&l, &l, &t)     // 3: L
	feSqr(&s, &q.y)       // 4*4
	feAdd(&s, &s, &s)     // 2: 2Y^2
	feMul(&t, &q.y, &q.z) // 4*2
	feAdd(&u, &s, &s)     // 4: (2Y)^2
	feMul(&u, &q.x, &u)   // 4*4: X(2Y)^2
	feAdd(&p.z, &t, &t)   // 2
	feSqr(&t, &l)         // 3*3
	feSub(&t, &t, &u)     // 2
	feSub(&p.x, &t, &u)   // 3
	feSub(&t, &u, &p.x)   // 4
	feMul(&t, &t, &l)     // 4*3
	feSqr(&s, &s)         // 2*2
	feSub(&t, &t, &s)     // 2
	feSub(&p.y, &t, &s)   // 3
}

// packed is a point as lookups read it: two limbs a word, fourteen words.
type packed [14]uint64

// pack takes a point of one unit.
func (p *packed) pack(a *affine) {
	for i := range 7 {
		p[i] = uint64(uint32(a.x[2*i])) | uint64(a.x[2*i+1])<<32
		p[i+7] = uint64(uint32(a.y[2*i])) | uint64(a.y[2*i+1])<<32
	}
}

func (p *packed) unpack(a *affine) {
	a.x = fe{
		limb(int32(p[0])), limb(int64(p[0]) >> 32), limb(int32(p[1])), limb(int64(p[1]) >> 32), limb(int32(p[2])),
		limb(int64(p[2]) >> 32), limb(int32(p[3])), limb(int64(p[3]) >> 32), limb(int32(p[4])), limb(int64(p[4]) >> 32),
		limb(int32(p[5])), limb(int64(p[5]) >> 32), limb(int32(p[6])), limb(int64(p[6]) >> 32),
	}
	a.y = fe{
		limb(int32(p[7])), limb(int64(p[7]) >> 32), limb(int32(p[8])), limb(int64(p[8]) >> 32), limb(int32(p[9])),
		limb(int64(p[9]) >> 32), limb(int32(p[10])), limb(int64(p[10]) >> 32), limb(int32(p[11])), limb(int64(p[11]) >> 32),
		limb(int32(p[12])), limb(int64(p[12]) >> 32), limb(int32(p[13])), limb(int64(p[13]) >> 32),
	}
}

// pick sets p to entry index of the table, reading all of it.
func (p *packed) pick(table *multiples, index uint64) {
	var r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13 uint64
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
		r12 |= e[12] & m
		r13 |= e[13] & m
	}
	*p = packed{r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13}
}
