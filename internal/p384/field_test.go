package p384

import (
	"bytes"
	"crypto/rand"
	"math/big"
	"testing"
)

func feOf(t testing.TB, x *big.Int) (z fe) {
	t.Helper()
	if feSetBytes(&z, new(big.Int).Mod(x, bigP).FillBytes(make([]byte, 48))) != 1 {
		t.Fatalf("%x is not below p", x)
	}
	return z
}

func bigOf(x *fe) *big.Int { return new(big.Int).SetBytes(feAppend(nil, x)) }

// edgeElements sit where carries run through and where reductions subtract p.
func edgeElements() (out []*big.Int) {
	one := big.NewInt(1)
	for i := int64(0); i < 5; i++ {
		out = append(out, big.NewInt(i), new(big.Int).Sub(bigP, big.NewInt(i+1)))
	}
	for _, e := range []uint{27, 28, 32, 63, 64, 96, 127, 128, 160, 191, 192, 256, 320, 364, 383} {
		x := new(big.Int).Lsh(one, e)
		out = append(out, x, new(big.Int).Sub(x, one), new(big.Int).Sub(bigP, x))
	}
	d := new(big.Int).Sub(new(big.Int).Lsh(one, 384), bigP)
	out = append(out, d, new(big.Int).Sub(d, one), new(big.Int).Sub(bigP, d), new(big.Int).Rsh(bigP, 1))
	for _, s := range []string{"aaaaaaaaaaaaaaaa", "5555555555555555", "ffffffff00000000", "00000000ffffffff", "ffffffffffffffff"} {
		var all string
		for range 6 {
			all += s
		}
		x, _ := new(big.Int).SetString(all, 16)
		out = append(out, x.Mod(x, bigP))
	}
	return out
}

func TestFieldAgainstBig(t *testing.T) {
	edge := edgeElements()
	check := func(what string, got *fe, want *big.Int) {
		t.Helper()
		want.Mod(want, bigP)
		if bigOf(got).Cmp(want) != 0 {
			t.Fatalf("%s = %x, want %x", what, bigOf(got), want)
		}
	}
	try := func(a, b *big.Int) {
		t.Helper()
		x, y := feOf(t, a), feOf(t, b)
		var z fe
		feMul(&z, &x, &y)
		check("x*y", &z, new(big.Int).Mul(a, b))
		feSqr(&z, &x)
		check("x*x", &z, new(big.Int).Mul(a, a))
		feAdd(&z, &x, &y)
		check("x+y", &z, new(big.Int).Add(a, b))
		feSub(&z, &x, &y)
		check("x-y", &z, new(big.Int).Sub(a, b))
		feNeg(&z, &y)
		check("-y", &z, new(big.Int).Neg(b))
		z = x
		feMul(&z, &z, &z) // overlapping
		check("x*x in place", &z, new(big.Int).Mul(a, a))
		if (feEqual(&x, &y) != 0) != (a.Cmp(b) == 0) || (feIsZero(&x) != 0) != (a.Sign() == 0) || feIsOdd(&x) != uint64(a.Bit(0)) {
			t.Fatalf("predicates of %x, %x", a, b)
		}
		feSelect(&z, &x, &y, ^uint64(0))
		check("select x", &z, new(big.Int).Set(a))
		feSelect(&z, &x, &y, 0)
		check("select y", &z, new(big.Int).Set(b))
		if !bytes.Equal(feAppend(nil, &x), a.FillBytes(make([]byte, 48))) {
			t.Fatalf("%x does not come back", a)
		}
	}
	for _, a := range edge {
		for _, b := range edge {
			try(a, b)
		}
	}
	for range rounds(20_000) {
		a, _ := rand.Int(rand.Reader, bigP)
		b, _ := rand.Int(rand.Reader, bigP)
		try(a, b)
	}
	for i, a := range edge {
		x := feOf(t, a)
		var z fe
		feInvert(&z, &x)
		want := new(big.Int)
		if a.Sign() != 0 {
			want.ModInverse(a, bigP)
		}
		check("1/x", &z, want)
		fePowP34(&z, &x)
		e := new(big.Int).Rsh(new(big.Int).Sub(bigP, big.NewInt(3)), 2)
		check("x^((p-3)/4)", &z, new(big.Int).Exp(a, e, bigP))
		// The same through the shared inversion, zeros among them.
		list := make([]fe, 1+i%7)
		ptr := make([]*fe, len(list))
		for j := range list {
			list[j] = feOf(t, edge[(i+j)%len(edge)])
			ptr[j] = &list[j]
		}
		feInvertAll(ptr, make([]fe, len(ptr)), make([]uint64, len(ptr)))
		for j := range list {
			b := edge[(i+j)%len(edge)]
			want := new(big.Int)
			if b.Sign() != 0 {
				want.ModInverse(b, bigP)
			}
			check("1/x of many", &list[j], want)
		}
	}
}

func TestFieldBytes(t *testing.T) {
	for i := int64(-3); i <= 3; i++ {
		x := new(big.Int).Add(bigP, big.NewInt(i))
		var z fe
		if got := feSetBytes(&z, x.FillBytes(make([]byte, 48))); (got == 1) != (i < 0) {
			t.Errorf("p%+d: %d", i, got)
		}
		if bigOf(&z).Cmp(new(big.Int).Mod(x, bigP)) != 0 {
			t.Errorf("p%+d is read as %x", i, bigOf(&z))
		}
	}
	for range 500 {
		var wide [hashL]byte
		rand.Read(wide[:])
		if wide[0]%4 == 0 {
			for i := range wide[:48] {
				wide[i] = 0xff
			}
		}
		var z fe
		feSetWide(&z, &wide)
		if want := new(big.Int).SetBytes(wide[:]); bigOf(&z).Cmp(want.Mod(want, bigP)) != 0 {
			t.Fatalf("%x mod p = %x", wide, bigOf(&z))
		}
	}
}
