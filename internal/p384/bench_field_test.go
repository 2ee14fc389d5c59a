//go:build !nistec

package p384

import "testing"

func BenchmarkField(b *testing.B) {
	x, y := curveB, sqrt12
	b.Run("Mul", func(b *testing.B) {
		for b.Loop() {
			feMul(&x, &x, &y)
		}
	})
	b.Run("Sqr", func(b *testing.B) {
		for b.Loop() {
			feSqr(&x, &x)
		}
	})
	b.Run("Add", func(b *testing.B) {
		z := x
		for b.Loop() {
			feAdd(&z, &x, &y)
		}
	})
	b.Run("Sub", func(b *testing.B) {
		z := x
		for b.Loop() {
			feSub(&z, &x, &y)
		}
	})
	b.Run("Invert", func(b *testing.B) {
		for b.Loop() {
			feInvert(&x, &x)
		}
	})
	p := jacobian{x, y, y}
	a := affine{x, y}
	b.Run("Double", func(b *testing.B) {
		for b.Loop() {
			pointDouble(&p, &p)
		}
	})
	b.Run("AddAffine", func(b *testing.B) {
		for b.Loop() {
			pointAddAffine(&p, &p, &a)
		}
	})
	b.Run("Lookup", func(b *testing.B) {
		var t multiples
		for b.Loop() {
			lookup(&a, &t, 3, 255)
		}
	})
	k := [6]uint64{1, 2, 3, 4, 5, 6}
	b.Run("ScalarMont", func(b *testing.B) {
		for b.Loop() {
			k = scMont(&k, &nRR)
		}
	})
}
