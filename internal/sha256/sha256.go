// Package sha256 is SHA-256 (FIPS 180-4) for what runs in a small WebAssembly
// module too. There crypto/sha256 comes with AES, SHA-3, HMAC and their self
// tests, some 35 KB that a worker would start with for nothing; every other build
// uses crypto/sha256, and a test holds the one here to it.
package sha256

import "math/bits"

// Sizes in bytes.
const (
	Size      = 32
	BlockSize = 64
)

// digest is a running SHA-256. It has no branch on what is hashed.
type digest struct {
	h   [8]uint32
	buf [BlockSize]byte
	n   int    // bytes in buf
	len uint64 // bytes in all
}

// k are the first 32 bits of the fractional parts of the cube roots of the first
// 64 primes (section 4.2.2).
var k = [64]uint32{
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}

// sum is Sum256 in this package's own code.
func sum(parts ...[]byte) (out [Size]byte) {
	d := digest{h: [8]uint32{ // section 5.3.3
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	}}
	for _, p := range parts {
		d.write(p)
	}
	size := d.len * 8
	d.write([]byte{0x80})
	for d.n != BlockSize-8 {
		d.write([]byte{0})
	}
	d.write([]byte{
		byte(size >> 56), byte(size >> 48), byte(size >> 40), byte(size >> 32),
		byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size),
	})
	for i := range out {
		out[i] = byte(d.h[i/4] >> (24 - 8*(i%4)))
	}
	clear(d.buf[:])
	return out
}

func (d *digest) write(p []byte) {
	d.len += uint64(len(p))
	for len(p) > 0 {
		c := copy(d.buf[d.n:], p)
		p = p[c:]
		d.n += c
		if d.n == len(d.buf) {
			d.block()
			d.n = 0
		}
	}
}

// block is section 6.2.2.
func (d *digest) block() {
	var w [64]uint32
	for i := range 16 {
		for _, b := range d.buf[4*i : 4*i+4] {
			w[i] = w[i]<<8 | uint32(b)
		}
	}
	for i := 16; i < 64; i++ {
		s1 := bits.RotateLeft32(w[i-2], -17) ^ bits.RotateLeft32(w[i-2], -19) ^ w[i-2]>>10
		s0 := bits.RotateLeft32(w[i-15], -7) ^ bits.RotateLeft32(w[i-15], -18) ^ w[i-15]>>3
		w[i] = s1 + w[i-7] + s0 + w[i-16]
	}
	v := d.h
	for i := range w {
		a, e := v[0], v[4]
		t1 := v[7] + (bits.RotateLeft32(e, -6) ^ bits.RotateLeft32(e, -11) ^ bits.RotateLeft32(e, -25)) + (e&v[5] ^ ^e&v[6]) + k[i] + w[i]
		t2 := (bits.RotateLeft32(a, -2) ^ bits.RotateLeft32(a, -13) ^ bits.RotateLeft32(a, -22)) + (a&v[1] ^ a&v[2] ^ v[1]&v[2])
		v = [8]uint32{t1 + t2, v[0], v[1], v[2], v[3] + t1, v[4], v[5], v[6]}
	}
	for i := range d.h {
		d.h[i] += v[i]
	}
}
