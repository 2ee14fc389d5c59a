//go:build !nistec

package p384

// Multiplication by a secret. Width-5 windows, every digit odd: with
// k' = (k + 2^385 - 1)/2 for odd k, bit i of k' stands for +-2^i, and five of them
// make a digit d_i between -31 and 31 with k = sum of d_i * 32^i, i = 0..76
// (Joye, Tunstall 2009). No digit is zero and the top one is positive, since bit
// 384 of k' is 1. For even k the ladder takes n - k and the result is negated.
//
// Why the incomplete addition is right. Before digit i is added the accumulator
// is A*P with A = 32*a, where a = (k - sum of d_j 32^j, j <= i)/32^(i+1) is odd,
// and |a| <= k/32^(i+1) + 1. So A is even and not 0, and d_i is odd: A = d_i or
// A = -d_i is impossible as integers. For i >= 1, |A| + 31 < n, so it is
// impossible modulo n as well. For i = 0, A = -d_0 (mod n) would make k = 0, and
// A = d_0 (mod n) happens for some k = n - 2|d_0|: the last digit takes the
// addition that also doubles. The accumulator is never infinity: a is odd, and
// |a| < n.

const (
	windowBits = 5
	windows    = 77
)

// digits are a recoded scalar: for each window the index into multiples and all
// ones where the digit is negative; negate is all ones where n - k was taken.
type digits struct {
	index  [windows]uint8
	sign   [windows]uint8
	negate uint64
}

func recode(k *[6]uint64) (d digits) {
	// n - k where k is even.
	d.negate = (k[0] & 1) - 1
	minus := scSub(&[6]uint64{}, k)
	odd := scSelect(&minus, k, d.negate)
	// k' = (k - 1)/2 + 2^384
	var v [7]uint64
	for i := range 5 {
		v[i] = odd[i]>>1 | odd[i+1]<<63
	}
	v[5] = odd[5] >> 1
	v[6] = 1
	for i := range windows {
		at := windowBits * i
		w := v[at/64] >> (at % 64)
		if at%64 > 64-windowBits { // public: the index
			w |= v[at/64+1] << (64 - at%64)
		}
		// The digit is 2w - 31 for the five bits w: negative below 16.
		w &= 31
		neg := uint8(w>>4) - 1
		d.sign[i] = neg
		d.index[i] = (uint8(w) ^ neg) & 15
	}
	return d
}

// lookup sets a to entry index of the table, negated where sign is all ones, by
// reading all of it.
func lookup(a *affine, table *multiples, index, sign uint8) {
	var found packed
	found.pick(table, uint64(index))
	found.unpack(a)
	feCondNeg(&a.y, uint64(int64(int8(sign))))
}

// makeMultiples fills tables for points other than infinity, with one inversion
// for all. The multiples are built in co-Z coordinates: 2P and the last multiple
// share one Z, each addition of 5M + 2S gives the next multiple and 2P with a new
// Z, and the quotient of the two Zs is kept, to walk back from the one inverse
// (Meloni 2007; Goundar, Joye, Miyaji 2010).
func makeMultiples(m *workspace, tables [][]affine, points []affine) {
	if len(points) == 0 { // public: the number
		return
	}
	size, n := len(tables[0]), len(points)
	m.ratios, m.zs, m.zp = room(m.ratios, n, size), room(m.zs, n, 1), room(m.zp, n, 1)
	m.prefix, m.zero = room(m.prefix, n, 1), room(m.zero, n, 1)
	ratios := m.ratios // of point i: ratios[i*size+j] = Z_j / Z_(j-1)
	zs, inv := m.zs, m.zp
	for i := range points {
		t, r := tables[i], ratios[i*size:(i+1)*size]
		var two affine
		var c, w1, w2, x, y, z fe
		doubleCoZ(&two, &t[0], &z, &points[i])
		for j := 1; j < size; j++ {
			// t[j] = t[j-1] + two. Units of x and y: two is 3, 3 at first and 1, 1
			// then; t[j-1] is 1, 2 and 3, 2.
			feSub(&x, &two.x, &t[j-1].x) // 4
			feSub(&y, &two.y, &t[j-1].y) // 5 at first, 3 then
			feSqr(&c, &x)                // 4*4
			feMul(&w1, &two.x, &c)       // 3*1
			feMul(&w2, &t[j-1].x, &c)    // 3*1
			r[j] = x
			feMul(&z, &z, &x)          // 2*4
			feSub(&c, &w1, &w2)        // 2
			feMul(&two.y, &two.y, &c)  // 3*2
			two.x = w1                 // 1
			feSqr(&c, &y)              // 5*5
			feSub(&c, &c, &w1)         // 2
			feSub(&t[j].x, &c, &w2)    // 3
			feSub(&c, &w1, &t[j].x)    // 4
			feMul(&c, &c, &y)          // 4*5
			feSub(&t[j].y, &c, &two.y) // 2
		}
		zs[i] = z
		inv[i] = &zs[i]
	}
	feInvertAll(inv, m.prefix, m.zero)
	for i := range points {
		t := tables[i]
		z := zs[i] // 1/Z of t[j]
		for j := size - 1; j > 0; j-- {
			var s fe
			feSqr(&s, &z)
			feMul(&t[j].x, &t[j].x, &s)
			feMul(&s, &s, &z)
			feMul(&t[j].y, &t[j].y, &s)
			feMul(&z, &z, &ratios[i*size+j]) // 1*4
		}
		t[0] = points[i]
	}
	clear(ratios)
	clear(zs)
	clear(m.prefix)
	clear(m.zero)
}

// plainMultiples returns room for the multiples of n points, size of each.
func plainMultiples(m *workspace, n, size int) [][]affine {
	m.plain, m.tables = room(m.plain, n, size), room(m.tables, n, 1)
	all, tables := m.plain, m.tables
	for i := range tables {
		tables[i] = all[i*size : (i+1)*size] // public: the numbers
	}
	return tables
}

// packedMultiples returns the multiples of points, in m.packed.
func packedMultiples(m *workspace, points []affine) []multiples {
	m.packed = room(m.packed, len(points), 1)
	packed := m.packed
	plain := plainMultiples(m, len(points), tableSize)
	makeMultiples(m, plain, points)
	for i := range plain {
		for j := range plain[i] {
			packed[i][j].pack(&plain[i][j])
		}
	}
	clear(m.plain)
	return packed
}

// doubleCoZ sets two = 2p and same = p in coordinates with one Z ("DBLU"):
// Z = 2y, x Z^2 = 4xy^2, y Z^3 = 8y^4.
func doubleCoZ(two, same *affine, z *fe, p *affine) {
	var e, l, m, s, t fe
	feSqr(&m, &p.x)
	feSub(&m, &m, &feOne)
	feAdd(&t, &m, &m)
	feAdd(&m, &m, &t)    // 3 and a little: 3x^2 - 3
	feAdd(z, &p.y, &p.y) // 2
	feSqr(&e, &p.y)
	feAdd(&e, &e, &e)      // 2: 2y^2
	feSqr(&l, &e)          // 2*2
	feAdd(&same.y, &l, &l) // 2: 8y^4
	feAdd(&e, &e, &e)      // 4: 4y^2
	feMul(&s, &p.x, &e)    // 1*4: 4xy^2
	same.x = s
	feSqr(&t, &m)              // 3*3
	feSub(&t, &t, &s)          // 2
	feSub(&two.x, &t, &s)      // 3
	feSub(&t, &s, &two.x)      // 4
	feMul(&t, &t, &m)          // 4*3
	feSub(&two.y, &t, &same.y) // 3
}

// ladder sets p = k*P, given the multiples of P.
func ladder(p *jacobian, d *digits, table *multiples) {
	var a affine
	lookup(&a, table, d.index[windows-1], d.sign[windows-1])
	acc := jacobian{a.x, a.y, feOne}
	for i := windows - 2; i >= 0; i-- {
		for range windowBits {
			pointDouble(&acc, &acc)
		}
		lookup(&a, table, d.index[i], d.sign[i])
		if i > 0 { // public: the index
			pointAddAffine(&acc, &acc, &a)
		} else {
			pointAddAffineOrDouble(&acc, &acc, &a)
		}
	}
	feCondNeg(&acc.y, d.negate)
	*p = acc
}

// chunk bounds the tables that are held at a time (1.5 KB a point, on 64-bit
// machines).
const chunk = 32

// mulMany sets dst[i] = one*src[i], or each[i]*src[i] where one is nil. Infinity as
// a point is public.
func mulMany(dst []Point, one *Secret, each []Secret, src []Point) {
	m := works.Get().(*workspace)
	var d digits
	if one != nil { // public: which of the two
		d = recode(&one.v)
	}
	for start := 0; start < len(src); start += chunk {
		n := min(chunk, len(src)-start)
		m.in, m.infinite = room(m.in, n, 1), room(m.infinite, n, 1)
		in, infinite := m.in, m.infinite
		for i := range in {
			in[i] = &src[start+i]
		}
		points := normal(m, in)
		for i := range points {
			infinite[i] = feIsZero(&in[i].j.z)
			if infinite[i] != 0 { // public: the point
				points[i] = anyPoint()
			}
		}
		tables := packedMultiples(m, points)
		for i := range points {
			if one == nil { // public: which of the two
				d = recode(&each[start+i].v)
			}
			p := &dst[start+i]
			ladder(&p.j, &d, &tables[i])
			if infinite[i] != 0 { // public: the point
				*p = Point{}
			}
		}
		clear(in)
		clear(points)
		clear(tables)
	}
	d = digits{}
	works.Put(m)
}

// anyPoint stands in for infinity, whose multiples nobody reads.
func anyPoint() affine {
	g := Generator()
	return affine{g.j.x, g.j.y}
}

// Mul returns k*p.
func (k *Secret) Mul(p *Point) Point {
	var out [1]Point
	mulMany(out[:], k, nil, []Point{*p})
	return out[0]
}

// MulAll sets dst[i] = k*src[i] for every i: one secret over many points. The
// slices have the same length and may be the same.
func (k *Secret) MulAll(dst, src []Point) { mulMany(dst, k, nil, src) }

// MulEach sets dst[i] = secrets[i]*src[i] for every i: a secret of its own for
// each point. The slices have the same length; dst and src may be the same.
func MulEach(dst []Point, secrets []Secret, src []Point) { mulMany(dst, nil, secrets, src) }

// MulTwo returns k*p and j*p, which share the multiples of p.
func MulTwo(k, j *Secret, p *Point) (kp, jp Point) {
	if p.IsInfinity() { // public: the point
		return Point{}, Point{}
	}
	m := works.Get().(*workspace)
	m.in = room(m.in, 1, 1)
	in := m.in
	in[0] = p
	points := normal(m, in)
	tables := packedMultiples(m, points)
	d := recode(&k.v)
	ladder(&kp.j, &d, &tables[0])
	d = recode(&j.v)
	ladder(&jp.j, &d, &tables[0])
	d = digits{}
	clear(in)
	clear(points)
	clear(tables)
	works.Put(m)
	return kp, jp
}
