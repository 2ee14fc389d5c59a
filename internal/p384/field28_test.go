//go:build wasm || limbs28

package p384

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// unit is the largest limb of one unit.
const unit = half28 + half28>>5

func raw28(x *fe) *big.Int {
	v := new(big.Int)
	for i := 13; i >= 0; i-- {
		v.Lsh(v, 28)
		v.Add(v, big.NewInt(int64(x[i])))
	}
	return v
}

// Operands with every limb at the limit, of one sign, of alternating signs and
// of random signs: no column may overflow, and the result must be one unit.
func TestProductsAtTheirBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 84))
	fill := func(u int, pattern int) (x fe) {
		for i := range x {
			v := limb(u) * unit
			switch pattern {
			case 1:
				v = -v
			case 2:
				if i%2 == 1 {
					v = -v
				}
			case 3:
				if r.IntN(2) == 0 {
					v = -v
				}
			case 4:
				v = limb(r.Int64N(int64(2*v))) - v
			}
			x[i] = v
		}
		return x
	}
	check := func(z, x, y *fe) {
		t.Helper()
		want := new(big.Int).Mul(raw28(x), raw28(y))
		want.Mod(want, bigP)
		if got := raw28(z); got.Mod(got, bigP).Cmp(want) != 0 {
			t.Fatalf("%v * %v is wrong", x, y)
		}
		for i, v := range z {
			if v > unit || v < -unit {
				t.Fatalf("limb %d of a product is %d, above one unit", i, v)
			}
		}
		if bigOf(z).Cmp(want) != 0 {
			t.Fatal("words of a product differ from its value")
		}
	}
	for _, uv := range [][2]int{{1, 1}, {1, 32}, {32, 1}, {2, 16}, {4, 8}, {5, 6}, {3, 10}} {
		for p := range 5 {
			for q := range 5 {
				for range 20 {
					x, y := fill(uv[0], p), fill(uv[1], q)
					var z fe
					feMul(&z, &x, &y)
					check(&z, &x, &y)
				}
			}
		}
	}
	for u := 1; u <= 5; u++ {
		for p := range 5 {
			for range 50 {
				x := fill(u, p)
				var z fe
				feSqr(&z, &x)
				check(&z, &x, &x)
			}
		}
	}
	for p := range 5 { // encodings take up to 32 units
		for range 50 {
			x := fill(32, p)
			if want := raw28(&x); bigOf(&x).Cmp(want.Mod(want, bigP)) != 0 {
				t.Fatal("words of a lazy element")
			}
		}
	}
}
