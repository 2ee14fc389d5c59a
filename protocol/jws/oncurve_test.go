package jws

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"
)

// The builds without crypto/elliptic take the same points as it does.
func TestPointsAreTakenAsTheStandardLibraryTakesThem(t *testing.T) {
	for name, c := range map[string]struct {
		own *curve
		std elliptic.Curve
	}{"P-256": {&curveP256, elliptic.P256()}, "P-384": {&curveP384, elliptic.P384()}, "P-521": {&curveP521, elliptic.P521()}} {
		t.Run(name, func(t *testing.T) {
			size := (c.std.Params().BitSize + 7) / 8
			judge := func(what string, x, y []byte, want int) { // want: 1 on, 0 off, -1 either
				_, err := ecdsa.ParseUncompressedPublicKey(c.std, append(append([]byte{4}, x...), y...))
				if got := c.own.has(x, y); got != (err == nil) || want >= 0 && got != (want == 1) {
					t.Errorf("%s: %v here, %v in the standard library", what, got, err == nil)
				}
			}
			for range 20 {
				key, err := ecdsa.GenerateKey(c.std, rand.Reader)
				if err != nil {
					t.Fatal(err)
				}
				point, err := key.PublicKey.Bytes()
				if err != nil {
					t.Fatal(err)
				}
				x, y := point[1:1+size], point[1+size:]
				judge("a point", x, y, 1)
				judge("its coordinates in the wrong order", y, x, -1)
				bent := append([]byte(nil), y...)
				bent[size-1] ^= 1
				judge("a bent point", x, bent, 0)
				negative := make([]uint32, len(c.own.p))
				c.own.subtract(negative, limbs(y))
				judge("the point below", x, bytesOf(negative)[4*len(negative)-size:], 1)
			}
			zero, p := make([]byte, size), bytesOf(c.own.p)[4*len(c.own.p)-size:]
			one := append(make([]byte, size-1), 1)
			judge("0, 0", zero, zero, 0)
			judge("p, 0", p, zero, 0)
			judge("0, p", zero, p, 0)
			judge("p, p", p, p, 0)
			judge("1, 1", one, one, -1)
			all := make([]byte, size)
			for i := range all {
				all[i] = 0xff
			}
			judge("all bits", all, all, 0)
		})
	}
}

func bytesOf(limbs []uint32) []byte {
	b := make([]byte, 4*len(limbs))
	for i, l := range limbs {
		at := len(b) - 4*i
		b[at-1], b[at-2], b[at-3], b[at-4] = byte(l), byte(l>>8), byte(l>>16), byte(l>>24)
	}
	return b
}
