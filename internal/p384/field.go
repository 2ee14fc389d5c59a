package p384

//go:generate go run ./gen

// The coefficient b of the curve, big endian (SP 800-186 section 3.2.1.4).
var curveBBytes = [48]byte{
	0xb3, 0x31, 0x2f, 0xa7, 0xe2, 0x3e, 0xe7, 0xe4, 0x98, 0x8e, 0x05, 0x6b, 0xe3, 0xf8, 0x2d, 0x19,
	0x18, 0x1d, 0x9c, 0x6e, 0xfe, 0x81, 0x41, 0x12, 0x03, 0x14, 0x08, 0x8f, 0x50, 0x13, 0x87, 0x5a,
	0xc6, 0x56, 0x39, 0x8d, 0x8a, 0x2e, 0xd1, 0x9d, 0x2a, 0x85, 0xc8, 0xed, 0xd3, 0xec, 0x2a, 0xef,
}

var curveB = func() (b fe) { feSetBytes(&b, curveBBytes[:]); return }()

// words reads 48 bytes, big endian, as six words, least significant first.
func words(b []byte) (w [6]uint64) {
	_ = b[47]
	for i := range w {
		v := b[8*(5-i) : 8*(5-i)+8]
		w[i] = uint64(v[0])<<56 | uint64(v[1])<<48 | uint64(v[2])<<40 | uint64(v[3])<<32 |
			uint64(v[4])<<24 | uint64(v[5])<<16 | uint64(v[6])<<8 | uint64(v[7])
	}
	return w
}

// appendWords appends the 48 bytes of six words, big endian.
func appendWords(dst []byte, w *[6]uint64) []byte {
	for i := 5; i >= 0; i-- {
		v := w[i]
		dst = append(dst, byte(v>>56), byte(v>>48), byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
	}
	return dst
}

// feSetBytes sets z to the 48 bytes b, big endian, modulo p, and returns 1 where
// they were below p.
func feSetBytes(z *fe, b []byte) uint64 {
	w := words(b)
	return feFromWords(z, &w)
}

// feAppend appends the 48 bytes of x, big endian, below p.
func feAppend(dst []byte, x *fe) []byte {
	w := feWords(x)
	return appendWords(dst, &w)
}

// feSetWide sets z to 72 bytes, big endian, modulo p.
func feSetWide(z *fe, b *[hashL]byte) {
	// high * 2^384 + low, and 2^384 = d (mod p).
	var low, high, d fe
	feFromWords(&d, &[6]uint64{d0, d1, d2})
	var top [48]byte
	copy(top[24:], b[:24])
	feSetBytes(&high, top[:])
	feSetBytes(&low, b[24:])
	feMul(&high, &high, &d)
	feAdd(z, &high, &low)
	feCarry(z)
}

// feEqual is all ones where x = y, else 0.
func feEqual(x, y *fe) uint64 {
	var t fe
	feSub(&t, x, y)
	return feIsZero(&t)
}

// feCondNeg negates x where mask is all ones.
func feCondNeg(x *fe, mask uint64) {
	var t fe
	feNeg(&t, x)
	feSelect(x, &t, x, mask)
}

// feSqrN squares n times. n is public.
func feSqrN(z, x *fe, n int) {
	feSqr(z, x)
	for range n - 1 {
		feSqr(z, z)
	}
}

// feChain computes x^(2^k - 1) for the k that both exponents below begin with.
func feChain(x *fe) (e2, e30, e255 fe) {
	var e3, e6, e12, e15, t fe
	step := func(z, a, b *fe, n int) { // z = a^(2^n) * b
		feSqrN(&t, a, n)
		feMul(z, &t, b)
	}
	step(&e2, x, x, 1)
	step(&e3, &e2, x, 1)
	step(&e6, &e3, &e3, 3)
	step(&e12, &e6, &e6, 6)
	step(&e15, &e12, &e3, 3)
	step(&e30, &e15, &e15, 15)
	step(&e255, &e30, &e30, 30)    // 60
	step(&e255, &e255, &e255, 60)  // 120: feSqrN reads before it writes
	step(&e255, &e255, &e255, 120) // 240
	step(&e255, &e255, &e15, 15)   // 255
	return e2, e30, e255
}

// feInvert sets z = 1/x, and 0 for 0: x^(p-2) by a fixed chain of 383 squarings
// and 14 products. In bits p - 2 is 255 ones, 0, 32 ones, 64 zeros, 30 ones, 01.
func feInvert(z, x *fe) {
	e2, e30, t := feChain(x)
	var e32 fe
	feSqrN(&e32, &e30, 2)
	feMul(&e32, &e32, &e2)
	feSqrN(&t, &t, 33)
	feMul(&t, &t, &e32)
	feSqrN(&t, &t, 94)
	feMul(&t, &t, &e30)
	feSqrN(&t, &t, 2)
	feMul(z, &t, x)
}

// fePowP34 sets z = x^((p-3)/4): 255 ones, 0, 32 ones, 64 zeros, 30 ones.
func fePowP34(z, x *fe) {
	e2, e30, t := feChain(x)
	var e32 fe
	feSqrN(&e32, &e30, 2)
	feMul(&e32, &e32, &e2)
	feSqrN(&t, &t, 33)
	feMul(&t, &t, &e32)
	feSqrN(&t, &t, 94)
	feMul(z, &t, &e30)
}

// feInvertAll inverts every element that is not 0, with one inversion for all
// (Montgomery's trick) and no branch on their values: 0 stays 0. The caller gives
// room for as many elements, and clears it.
func feInvertAll(x []*fe, prefix []fe, zero []uint64) {
	if len(x) == 0 { // public: the number
		return
	}
	// prefix[i] = product of x[0..i], with 1 in place of 0.
	acc := feOne
	for i, e := range x {
		zero[i] = feIsZero(e)
		feSelect(e, &feOne, e, zero[i])
		feMul(&acc, &acc, e)
		prefix[i] = acc
	}
	feInvert(&acc, &acc)
	var t fe
	for i := len(x) - 1; i >= 0; i-- {
		if i > 0 { // public: the index
			feMul(&t, &acc, &prefix[i-1])
		} else {
			t = acc
		}
		feMul(&acc, &acc, x[i])
		feSelect(x[i], &fe{}, &t, zero[i])
	}
}
