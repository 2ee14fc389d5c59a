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
	nafTable = 8  // P, 3P, ... 15P
	nafMost  = 77 // digits that are not 0: every fifth
)

// varTimeNAF writes the width-5 NAF of k.
// naf has nafBits zeros.
func varTimeNAF(naf []int8, k *[6]uint64) {
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
	m := works.Get().(*workspace)
	for len(points) > 0 {
		n := min(multiBlock, len(points))
		var block jacobian
		varTimeSum(m, &block, scalars[:n], points[:n])
		clear(m.in)
		clear(m.scalars)
		if sum.IsInfinity() {
			sum.j = block
		} else {
			pointAdd(&sum.j, &sum.j, &block)
		}
		scalars, points = scalars[n:], points[n:]
	}
	works.Put(m)
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

// bitTerms are the terms that fall on one bit: where they begin, how many there
// were, and how many are left while they are summed.
type bitTerms struct{ start, count, left int }

func varTimeSum(m *workspace, sum *jacobian, scalars []Scalar, points []Point) {
	// Drop what adds nothing.
	m.in, m.scalars = room(m.in, len(points), 1), room(m.scalars, len(points), 1)
	in, k := m.in[:0], m.scalars[:0]
	for i := range points {
		if scalars[i].v != [6]uint64{} && !points[i].IsInfinity() {
			in, k = append(in, &points[i]), append(k, &scalars[i])
		}
	}
	if len(in) == 0 {
		*sum = jacobian{}
		return
	}
	tables := plainMultiples(m, len(in), nafTable)
	makeMultiples(m, tables, normal(m, in))

	// Terms by bit.
	m.nafs = room(m.nafs, len(in), nafBits)
	nafs := m.nafs
	clear(nafs)
	m.bits = room(m.bits, 1, nafBits)
	bits := m.bits
	clear(bits)
	for i := range in {
		naf := nafs[nafBits*i : nafBits*(i+1)]
		varTimeNAF(naf, &k[i].v)
		for b, d := range naf {
			if d != 0 {
				bits[b].count++
			}
		}
	}
	total := 0
	for b := range bits {
		bits[b].start = total
		total += bits[b].count
	}
	m.terms = room(m.terms, len(in), nafMost)[:total]
	terms := m.terms
	for i := range in {
		for b, d := range nafs[nafBits*i : nafBits*(i+1)] {
			if d == 0 {
				continue
			}
			t := &terms[bits[b].start+bits[b].left]
			bits[b].left++
			t.none = false
			if d > 0 {
				t.affine = tables[i][d/2]
			} else {
				t.affine = tables[i][-d/2]
				feNeg(&t.y, &t.y)
			}
		}
	}
	varTimeTree(m, len(in))

	// Join.
	var acc jacobian
	started := false
	for b := nafBits - 1; b >= 0; b-- {
		if started {
			pointDouble(&acc, &acc)
		}
		if bits[b].count == 0 || terms[bits[b].start].none {
			continue
		}
		t := &terms[bits[b].start].affine
		feCarry(&t.y)
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

// pair is two terms to be added, by their places, and how. Pointers would be kept
// with the rest, and TinyGo's collector walks from each of thousands back to the head
// of a block of a megabyte.
type pair struct {
	a, b int32
	kind uint8
}

const (
	pairAdd    = iota // different x
	pairDouble        // equal points
	pairCancel        // opposite points
	pairKeep          // one of them is none
)

// varTimeTree sums the terms of each bit, which come from n points, into its first
// one.
func varTimeTree(m *workspace, n int) {
	terms, bits := m.terms, m.bits
	// The first level is the largest, of half the terms.
	const most = (nafMost + 1) / 2
	m.den, m.ahead, m.pairs = room(m.den, n, most), room(m.ahead, n, most), room(m.pairs, n, most)
	den, prefix, pairs := m.den, m.ahead, m.pairs
	for {
		pairs = pairs[:0]
		for b := range bits {
			end := bits[b].start + bits[b].left
			for i := bits[b].start; i+1 < end; i += 2 {
				kind := uint8(pairAdd)
				if terms[i].none || terms[i+1].none {
					kind = pairKeep
				}
				pairs = append(pairs, pair{int32(i), int32(i + 1), kind})
			}
		}
		if len(pairs) == 0 {
			return
		}
		// Hardly ever do two points have the same x, so that is looked for only
		// where the product of all denominators is 0.
		acc := varTimeDenominators(terms, pairs, den, prefix)
		if feIsZero(&acc) != 0 {
			varTimeSort(terms, pairs)
			acc = varTimeDenominators(terms, pairs, den, prefix)
		}
		feInvert(&acc, &acc)
		var inv fe
		for i := len(pairs) - 1; i >= 0; i-- {
			feMul(&inv, &acc, &prefix[i])
			feMul(&acc, &acc, &den[i])
			p := &pairs[i]
			varTimeAddPair(&terms[p.a], &terms[p.b], p.kind, &inv)
		}
		// Close the gaps.
		for b := range bits {
			group := terms[bits[b].start:][:bits[b].left]
			for i := 2; i < len(group); i += 2 {
				group[i/2] = group[i]
			}
			bits[b].left = (len(group) + 1) / 2
		}
	}
}

// varTimeDenominators sets den[i] to what the slope of pairs[i] is divided by,
// prefix[i] to the product of those before it, and returns the product of all.
func varTimeDenominators(terms []term, pairs []pair, den, prefix []fe) fe {
	acc := feOne
	for i := range pairs {
		a, b := &terms[pairs[i].a], &terms[pairs[i].b]
		switch pairs[i].kind {
		case pairAdd:
			feSub(&den[i], &b.x, &a.x) // 2
		case pairDouble:
			feAdd(&den[i], &a.y, &b.y) // 2
		default:
			den[i] = feOne
		}
		prefix[i] = acc
		feMul(&acc, &acc, &den[i]) // 1*2
	}
	return acc
}

// varTimeSort finds the pairs of equal and opposite points.
func varTimeSort(terms []term, pairs []pair) {
	for i := range pairs {
		p := &pairs[i]
		a, b := &terms[p.a], &terms[p.b]
		if p.kind != pairAdd || feEqual(&a.x, &b.x) == 0 {
			continue
		}
		p.kind = pairCancel
		if feEqual(&a.y, &b.y) != 0 { // y is never 0: the order is odd
			p.kind = pairDouble
		}
	}
}

// varTimeAddPair sets a to the sum of a pair, given the inverse of its
// denominator.
func varTimeAddPair(a, b *term, kind uint8, inv *fe) {
	var l, x, t fe
	switch kind {
	case pairKeep:
		if a.none {
			*a = *b
		}
		return
	case pairCancel:
		a.none = true
		return
	case pairDouble: // l = (3x^2 - 3) / 2y
		feSqr(&l, &a.x)
		feSub(&l, &l, &feOne)
		feAdd(&t, &l, &l)
		feAdd(&t, &t, &l)
	default: // l = (y_b - y_a) / (x_b - x_a)
		feSub(&t, &b.y, &a.y) // 7 + 7
	}
	feMul(&l, &t, inv)    // 14*1
	feSqr(&x, &l)         // 1*1
	feSub(&x, &x, &a.x)   // 2
	feSub(&x, &x, &b.x)   // 3
	feCarry(&x)           // 1
	feSub(&t, &a.x, &x)   // 2
	feMul(&t, &t, &l)     // 2*1
	feSub(&a.y, &t, &a.y) // one more with each level, 8 after the seventh
	a.x = x
}
