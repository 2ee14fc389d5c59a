//go:build !nistec

package p384

// Sums of products of public scalars. Everything here takes time that depends on
// its values, and no Secret can be passed to it.
//
// Each scalar becomes a width-5 NAF (odd digits between -15 and 15, no two within
// five bits); the terms that fall on one bit are summed in affine coordinates, all
// bits at a time, pair by pair, with one inversion for each level of that tree
// (5M + 1S a pair, cheaper than any projective addition);
// the 385 sums are joined by doubling. Equal and opposite points, which a client
// can send on purpose, are told apart before each inversion.

const (
	nafBits  = 385
	nafTable = 8 // P, 3P, ... 15P
	// multiBlock bounds the memory of one sum: 128 points need 0.8 MB.
	multiBlock = 128
)

// varTimeNAF writes the width-5 NAF of k.
func varTimeNAF(naf *[nafBits]int8, k *[6]uint64) {
	*naf = [nafBits]int8{}
	var v [7]uint64
	copy(v[:], k[:])
	carry := uint64(0)
	for i := 0; i < nafBits; {
		bit := v[i/64] >> (i % 64) & 1
		if bit == carry {
			i++
			continue
		}
		w := v[i/64] >> (i % 64)
		if i%64 > 64-windowBits && i/64 < 6 {
			w |= v[i/64+1] << (64 - i%64)
		}
		d := int8(w&31) + int8(carry)
		carry = 0
		if d > 15 {
			d -= 32
			carry = 1
		}
		naf[i] = d
		i += windowBits
	}
}

// VarTimeMultiMul returns the sum of scalars[i]*points[i]. Its time depends on
// the values: public ones only. Equal, opposite and infinite points are
// handled. The slices have the same length.
func VarTimeMultiMul(scalars []Scalar, points []Point) Point {
	var sum Point
	for len(points) > 0 {
		n := min(multiBlock, len(points))
		var block jacobian
		varTimeSum(&block, scalars[:n], points[:n])
		if sum.IsInfinity() {
			sum.j = block
		} else {
			pointAdd(&sum.j, &sum.j, &block)
		}
		scalars, points = scalars[n:], points[n:]
	}
	return sum
}

// VarTimeMulAddBase returns s*G + c*p, for public values only.
func VarTimeMulAddBase(s, c *Scalar, p *Point) Point {
	sum := VarTimeMultiMul([]Scalar{*c}, []Point{*p})
	if s.v == [6]uint64{} {
		return sum
	}
	var base jacobian
	mulBase(&base, &s.v)
	pointAdd(&sum.j, &sum.j, &base)
	return sum
}

// term is one entry of the tree: a point, or nothing where a pair cancelled.
type term struct {
	affine
	none bool
}

func varTimeSum(sum *jacobian, scalars []Scalar, points []Point) {
	// Drop what adds nothing.
	var in []*Point
	var k []*Scalar
	for i := range points {
		if scalars[i].v != [6]uint64{} && !points[i].IsInfinity() {
			in, k = append(in, &points[i]), append(k, &scalars[i])
		}
	}
	if len(in) == 0 {
		*sum = jacobian{}
		return
	}
	tables := varTimeMultiples(normal(in))

	// Terms by bit.
	nafs := make([][nafBits]int8, len(in))
	var count [nafBits]int
	for i := range nafs {
		varTimeNAF(&nafs[i], &k[i].v)
		for b, d := range nafs[i] {
			if d != 0 {
				count[b]++
			}
		}
	}
	var start [nafBits]int
	total := 0
	for b, c := range count {
		start[b] = total
		total += c
	}
	terms := make([]term, total)
	at := start
	for i := range nafs {
		for b, d := range nafs[i] {
			if d == 0 {
				continue
			}
			t := &terms[at[b]]
			at[b]++
			if d > 0 {
				t.affine = tables[i][d/2]
			} else {
				t.affine = tables[i][-d/2]
				feNeg(&t.y, &t.y)
			}
		}
	}
	varTimeTree(terms, &start, &count)

	// Join.
	var acc jacobian
	started := false
	for b := nafBits - 1; b >= 0; b-- {
		if started {
			pointDouble(&acc, &acc)
		}
		if count[b] == 0 || terms[start[b]].none {
			continue
		}
		t := &terms[start[b]].affine
		if !started {
			acc, started = jacobian{t.x, t.y, feOne}, true
			continue
		}
		varTimeAddAffine(&acc, t)
	}
	*sum = acc
}

// varTimeAddAffine sets p = p + r for any p, infinity too.
func varTimeAddAffine(p *jacobian, r *affine) {
	if feIsZero(&p.z) != 0 {
		*p = jacobian{r.x, r.y, feOne}
		return
	}
	var q jacobian
	h, s := pointAddAffine(&q, p, r)
	if feIsZero(&h) != 0 && feIsZero(&s) != 0 {
		rj := jacobian{r.x, r.y, feOne}
		pointDouble(&q, &rj)
	}
	*p = q
}

// varTimeMultiples returns P, 3P, ... 15P of each point.
func varTimeMultiples(points []affine) [][nafTable]affine {
	all := make([]multiples, len(points))
	makeMultiples(all, points)
	out := make([][nafTable]affine, len(points))
	for i := range all {
		copy(out[i][:], all[i][:])
	}
	return out
}

// varTimeTree sums the terms of each bit into its first one.
func varTimeTree(terms []term, start, count *[nafBits]int) {
	type pair struct{ a, b *term }
	var pairs []pair
	var den, prefix []fe
	left := *count
	for {
		pairs, den = pairs[:0], den[:0]
		for b := range left {
			n := left[b]
			if n < 2 {
				continue
			}
			group := terms[start[b] : start[b]+n]
			for i := 0; i+1 < n; i += 2 {
				pairs = append(pairs, pair{&group[i], &group[i+1]})
			}
		}
		if len(pairs) == 0 {
			return
		}
		// Denominators of the slopes: x_b - x_a, or 2y for equal points, or 1 where
		// nothing is to be divided.
		if cap(den) < len(pairs) {
			den, prefix = make([]fe, len(pairs)), make([]fe, len(pairs))
		}
		den, prefix = den[:len(pairs)], prefix[:len(pairs)]
		acc := feOne
		for i, p := range pairs {
			den[i] = feOne
			if !p.a.none && !p.b.none {
				var t fe
				feSub(&t, &p.b.x, &p.a.x)
				if feIsZero(&t) != 0 {
					feAdd(&t, &p.a.y, &p.b.y) // 2y, or 0 for opposites
				}
				if feIsZero(&t) == 0 {
					den[i] = t
				}
			}
			prefix[i] = acc
			feMul(&acc, &acc, &den[i])
		}
		feInvert(&acc, &acc)
		for i := len(pairs) - 1; i >= 0; i-- {
			var inv fe
			feMul(&inv, &acc, &prefix[i])
			feMul(&acc, &acc, &den[i])
			varTimeAddTerms(pairs[i].a, pairs[i].b, &inv)
		}
		// Close the gaps.
		for b := range left {
			n := left[b]
			if n < 2 {
				continue
			}
			group := terms[start[b] : start[b]+n]
			for i := 2; i < n; i += 2 {
				group[i/2] = group[i]
			}
			left[b] = (n + 1) / 2
		}
	}
}

// varTimeAddTerms sets a = a + b, given 1/(x_b - x_a), or 1/(2y) where a = b.
func varTimeAddTerms(a, b *term, inv *fe) {
	switch {
	case b.none:
		return
	case a.none:
		*a = *b
		return
	}
	var l, x, t fe
	feSub(&t, &b.x, &a.x)
	if feIsZero(&t) != 0 {
		feAdd(&t, &a.y, &b.y)
		if feIsZero(&t) != 0 {
			a.none = true
			return
		}
		// l = (3x^2 - 3) / 2y
		feSqr(&l, &a.x)
		feSub(&l, &l, &feOne)
		feAdd(&t, &l, &l)
		feAdd(&t, &t, &l)
	} else {
		feSub(&t, &b.y, &a.y)
	}
	feMul(&l, &t, inv)
	feSqr(&x, &l)
	feSub(&x, &x, &a.x)
	feSub(&x, &x, &b.x)
	feCarry(&x)
	feSub(&t, &a.x, &x)
	feMul(&t, &t, &l)
	feSub(&t, &t, &a.y)
	feCarry(&t)
	a.x, a.y = x, t
}
