package sha256

import (
	"bytes"
	"crypto/rand"
	"testing"
)

// What TinyGo runs is held to crypto/sha256, at every length around its blocks
// and in parts.
func TestOwnSumIsTheStandardOne(t *testing.T) {
	b := make([]byte, 300)
	for n := range len(b) {
		rand.Read(b)
		if got, want := sum(b[:n]), Sum256(b[:n]); got != want {
			t.Fatalf("%d bytes %x: %x, want %x", n, b[:n], got, want)
		}
		if got, want := sum(b[:n/3], nil, b[n/3:n]), Sum256(b[:n]); got != want {
			t.Fatalf("%d bytes in parts: %x, want %x", n, got, want)
		}
	}
	million := bytes.Repeat([]byte{'a'}, 1_000_000) // FIPS 180-2 appendix B.3
	if got := sum(million); got != [Size]byte(Sum256(million)) || got[0] != 0xcd || got[31] != 0xd0 {
		t.Errorf("a million a: %x", got)
	}
}

func FuzzOwnSum(f *testing.F) {
	f.Add([]byte("abc"), []byte(""))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if got, want := sum(a, b), Sum256(append(bytes.Clone(a), b...)); got != want {
			t.Errorf("%x, want %x", got, want)
		}
	})
}
