//go:build !nistec

package p384

import "sync"

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
	// multiBlock bounds the memory of one sum (128 points need 0.8 MB) and the depth
	// of its tree, 7 levels.
	multiBlock = 128
)

// sums holds the memory of a sum between calls: a browser's module would
// otherwise spend its time in the garbage collector. All of it is public.
var sums = sync.Pool{New: func() any { return new(sumMemory) }}

type sumMemory struct {
	terms       []term
	pairs       []pair
	den, prefix []fe
	nafs        []int8
}

// room returns n elements of s, or of a new slice where s is too short. They are
// not cleared.
func room[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

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
	memory := sums.Get().(*sumMemory)
	defer sums.Put(memory)
	for len(points) > 0 {
		n := min(multiBlock, len(points))
		var block jacobian
		memory.varTimeSum(&block, scalars[:n], points[:n])
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

func (m *sumMemory) varTimeSum(sum *jacobian, scalars []Scalar, points []Point) {
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
	m.nafs = room(m.nafs, nafBits*len(in))
	clear(m.nafs)
	nafs := m.nafs
	count := make([]int, nafBits)
	for i := range in {
		naf := nafs[nafBits*i : nafBits*(i+1)]
		varTimeNAF(naf, &k[i].v)
		for b, d := range naf {
			if d != 0 {
				count[b]++
			}
		}
	}
	start := make([]int, nafBits)
	total := 0
	for b, c := range count {
		start[b] = total
		total += c
	}
	m.terms = room(m.terms, total)
	terms := m.terms
	filled := make([]int, nafBits)
	for i := range in {
		for b, d := range nafs[nafBits*i : nafBits*(i+1)] {
			if d == 0 {
				continue
			}
			t := &terms[start[b]+filled[b]]
			filled[b]++
			t.none = false
			if d > 0 {
				t.affine = tables[i][d/2]
			} else {
				t.affine = tables[i][-d/2]
				feNeg(&t.y, &t.y)
			}
		}
	}
	m.varTimeTree(start, count)

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

// varTimeMultiples returns P, 3P, ... 15P of each point.
func varTimeMultiples(points []affine) [][]affine {
	room := make([]affine, len(points)*nafTable)
	out := make([][]affine, len(points))
	for i := range out {
		out[i] = room[i*nafTable : (i+1)*nafTable]
	}
	makeMultiples(out, points)
	return out
}

// pair is two terms to be added, and how.
type pair struct {
	a, b *term
	kind uint8
}

const (
	pairAdd    = iota // different x
	pairDouble        // equal points
	pairCancel        // opposite points
	pairKeep          // one of them is none
)

// varTimeTree sums the terms of each bit into its first one.
func (m *sumMemory) varTimeTree(start, count []int) {
	terms := m.terms
	left := append([]int(nil), count...)
	// The first level is the largest, of half the terms.
	m.den, m.prefix = room(m.den, len(terms)/2), room(m.prefix, len(terms)/2)
	den, prefix := m.den, m.prefix
	pairs := room(m.pairs, len(terms)/2)
	m.pairs = pairs
	for {
		pairs = pairs[:0]
		for b := range left {
			group := terms[start[b] : start[b]+left[b]]
			for i := 0; i+1 < len(group); i += 2 {
				kind := uint8(pairAdd)
				if group[i].none || group[i+1].none {
					kind = pairKeep
				}
				pairs = append(pairs, pair{&group[i], &group[i+1], kind})
			}
		}
		if len(pairs) == 0 {
			return
		}
		// Hardly ever do two points have the same x, so that is looked for only
		// where the product of all denominators is 0.
		acc := varTimeDenominators(pairs, den, prefix)
		if feIsZero(&acc) != 0 {
			varTimeSort(pairs)
			acc = varTimeDenominators(pairs, den, prefix)
		}
		feInvert(&acc, &acc)
		var inv fe
		for i := len(pairs) - 1; i >= 0; i-- {
			feMul(&inv, &acc, &prefix[i])
			feMul(&acc, &acc, &den[i])
			varTimeAddPair(&pairs[i], &inv)
		}
		// Close the gaps.
		for b := range left {
			group := terms[start[b] : start[b]+left[b]]
			for i := 2; i < len(group); i += 2 {
				group[i/2] = group[i]
			}
			left[b] = (len(group) + 1) / 2
		}
	}
}

// varTimeDenominators sets den[i] to what the slope of pairs[i] is divided by,
// prefix[i] to the product of those before it, and returns the product of all.
func varTimeDenominators(pairs []pair, den, prefix []fe) fe {
	acc := feOne
	for i := range pairs {
		p := &pairs[i]
		switch p.kind {
		case pairAdd:
			feSub(&den[i], &p.b.x, &p.a.x) // 2
		case pairDouble:
			feAdd(&den[i], &p.a.y, &p.b.y) // 2
		default:
			den[i] = feOne
		}
		prefix[i] = acc
		feMul(&acc, &acc, &den[i]) // 1*2
	}
	return acc
}

// varTimeSort finds the pairs of equal and opposite points.
func varTimeSort(pairs []pair) {
	for i := range pairs {
		p := &pairs[i]
		if p.kind != pairAdd || feEqual(&p.a.x, &p.b.x) == 0 {
			continue
		}
		p.kind = pairCancel
		if feEqual(&p.a.y, &p.b.y) != 0 { // y is never 0: the order is odd
			p.kind = pairDouble
		}
	}
}

// varTimeAddPair sets p.a to the sum of the pair, given the inverse of its
// denominator.
func varTimeAddPair(p *pair, inv *fe) {
	a, b := p.a, p.b
	var l, x, t fe
	switch p.kind {
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
