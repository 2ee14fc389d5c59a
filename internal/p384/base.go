//go:build !nistec

package p384

import (
	_ "embed"
	"sync"
)

// Multiplication of the base point: a signed comb (Lim, Lee 1994; Hedabou, Pinel,
// Beneteau 2005). For odd k let k' = (k + 2^400 - 1)/2, so that bit i of k' stands
// for +-2^i. Bit 80j + 20b + c belongs to tooth j = 0..4, block b = 0..3 and column
// c = 0..19. The table holds for each block the 16 sums of +-2^(80j+20b) G with a
// positive top tooth; a column adds one entry of each block, with the sign of its
// top tooth, and columns are joined by doubling: 19 doublings and 79 additions.
//
// Why the incomplete addition is right. Write T_b for the entry of block b as a
// multiple of G, an odd multiple of 2^(20b), and S = T_0 + ... + T_3, odd, with
// |S| < 2^381. After column c the accumulator is a*G with
// a = (k - what the columns below c will add)/2^c, so |a| < k/2^c + 2^381, and a is
// odd because every S is. Before the first addition of column c it is A = 2a, of
// 2-adic value 1. The blocks are added in the order 3, 2, 1, 0: 20b > 1 for b > 0
// and after each A still has value 1, while T_0 is odd, so A = T_b or A = -T_b is
// impossible as integers. Modulo n: |A| + |T_b| < 2n always, so A -+ T_b would
// have to be n or -n, which is odd, but for b > 0 it is even. For b = 0 and c >= 1,
// |A| + |T_0| < n/2 + 2^383 < n. For b = 0 and c = 0 it can happen (k = n + 2T_0
// for some negative T_0), so the last addition also doubles. The accumulator is
// never infinity: a = 0 (mod n) is impossible for the same reasons, and k is not 0.
// The first column starts from T_3 + T_2 + T_1 + T_0, of 2-adic values 60, 40, 20
// and 0, all below n.

const (
	combTeeth   = 5
	combBlocks  = 4
	combSpacing = 80 // bits from tooth to tooth
	combColumns = 20
)

//go:embed basetable.bin
var baseTableBytes string

var (
	baseOnce   sync.Once
	baseLoaded [combBlocks]multiples
)

// baseTable returns the comb, 6 KB, reading it at the first use.
func baseTable() *[combBlocks]multiples {
	baseOnce.Do(func() {
		b := []byte(baseTableBytes)
		for i := range baseLoaded {
			for j := range baseLoaded[i] {
				var a affine
				feSetBytes(&a.x, b[:48])
				feSetBytes(&a.y, b[48:])
				baseLoaded[i][j].pack(&a)
				b = b[96:]
			}
		}
	})
	return &baseLoaded
}

// mulBase sets p = k*G.
func mulBase(p *jacobian, k *[6]uint64) {
	table := baseTable()
	negate := (k[0] & 1) - 1 // n - k where k is even
	minus := scSub(&[6]uint64{}, k)
	odd := scSelect(&minus, k, negate)
	// k' = (k - 1)/2 + 2^399
	var v [7]uint64
	for i := range 5 {
		v[i] = odd[i]>>1 | odd[i+1]<<63
	}
	v[5] = odd[5] >> 1
	v[6] = 1 << (399 - 384)
	bit := func(i int) uint8 { return uint8(v[i/64]>>(i%64)) & 1 }

	var acc jacobian
	for c := combColumns - 1; c >= 0; c-- {
		if c < combColumns-1 { // public: the index
			pointDouble(&acc, &acc)
		}
		for b := combBlocks - 1; b >= 0; b-- {
			var index uint8
			at := combColumns*b + c
			for j := range combTeeth - 1 {
				index |= bit(combSpacing*j+at) << j
			}
			// A negative top tooth turns all signs around.
			neg := bit(combSpacing*(combTeeth-1)+at) - 1
			var a affine
			lookup(&a, &table[b], (index^neg)&15, neg)
			switch { // public: the indexes
			case c == combColumns-1 && b == combBlocks-1:
				acc = jacobian{a.x, a.y, feOne}
			case c == 0 && b == 0:
				pointAddAffineOrDouble(&acc, &acc, &a)
			default:
				pointAddAffine(&acc, &acc, &a)
			}
		}
	}
	feCondNeg(&acc.y, negate)
	clear(v[:])
	*p = acc
}

// MulBase returns k*G.
func (k *Secret) MulBase() Point {
	var p Point
	mulBase(&p.j, &k.v)
	return p
}
