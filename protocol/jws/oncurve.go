package jws

// Whether a point lies on its curve. Builds without crypto/elliptic ask this; a
// key is public, so nothing here hides how long it takes, and a key is read too
// seldom for anything faster than the schoolbook.

// curve is y^2 = x^3 - 3x + b modulo p (FIPS 186-5, SP 800-186 section 3.2.1).
// Numbers are 32-bit limbs, the least significant first.
type curve struct{ p, b []uint32 }

var (
	curveP256 = curve{
		p: []uint32{0xffffffff, 0xffffffff, 0xffffffff, 0, 0, 0, 1, 0xffffffff},
		b: []uint32{0x27d2604b, 0x3bce3c3e, 0xcc53b0f6, 0x651d06b0, 0x769886bc, 0xb3ebbd55, 0xaa3a93e7, 0x5ac635d8},
	}
	curveP384 = curve{
		p: []uint32{0xffffffff, 0, 0, 0xffffffff, 0xfffffffe, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
		b: []uint32{0xd3ec2aef, 0x2a85c8ed, 0x8a2ed19d, 0xc656398d, 0x5013875a, 0x0314088f, 0xfe814112, 0x181d9c6e, 0xe3f82d19, 0x988e056b, 0xe23ee7e4, 0xb3312fa7},
	}
	curveP521 = curve{
		p: []uint32{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x000001ff},
		b: []uint32{0x6b503f00, 0xef451fd4, 0x3d2c34f1, 0x3573df88, 0x3bb1bf07, 0x1652c0bd, 0xec7e937b, 0x56193951, 0x8ef109e1, 0xb8b48991, 0x99b315f3, 0xa2da725b, 0xb68540ee, 0x929a21a0, 0x8e1c9a1f, 0x953eb961, 0x00000051},
	}
)

// has reports whether x and y, big-endian and of the curve's full size, are the
// coordinates of a point.
func (c *curve) has(x, y []byte) bool {
	u, v := limbs(x), limbs(y)
	if !less(u, c.p) || !less(v, c.p) {
		return false
	}
	right := c.multiply(c.multiply(u, u), u)
	for range 3 {
		c.subtract(right, u)
	}
	c.add(right, c.b)
	left := c.multiply(v, v)
	return !less(left, right) && !less(right, left)
}

func limbs(b []byte) []uint32 {
	out := make([]uint32, (len(b)+3)/4)
	for i, c := range b {
		at := len(b) - 1 - i
		out[at/4] |= uint32(c) << (at % 4 * 8)
	}
	return out
}

func less(a, b []uint32) bool {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// add makes a into a + b mod p, for a and b below p.
func (c *curve) add(a, b []uint32) {
	carry := uint64(0)
	for i := range a {
		carry += uint64(a[i]) + uint64(b[i])
		a[i] = uint32(carry)
		carry >>= 32
	}
	if carry != 0 || !less(a, c.p) {
		minus(a, c.p)
	}
}

// subtract makes a into a - b mod p, for a and b below p.
func (c *curve) subtract(a, b []uint32) {
	if borrow := minus(a, b); borrow == 0 {
		return
	}
	carry := uint64(0) // add p without looking at the carry, which pays the borrow
	for i := range a {
		carry += uint64(a[i]) + uint64(c.p[i])
		a[i] = uint32(carry)
		carry >>= 32
	}
}

// minus takes b from a, modulo 2^(32 len(a)), and returns the borrow.
func minus(a, b []uint32) (borrow uint64) {
	for i := range a {
		d := uint64(a[i]) - uint64(b[i]) - borrow
		a[i] = uint32(d)
		borrow = d >> 63
	}
	return borrow
}

// multiply returns a * b mod p, by doubling and adding.
func (c *curve) multiply(a, b []uint32) []uint32 {
	out := make([]uint32, len(a))
	for i := len(b)*32 - 1; i >= 0; i-- {
		c.add(out, out)
		if b[i/32]>>(i%32)&1 == 1 {
			c.add(out, a)
		}
	}
	return out
}
