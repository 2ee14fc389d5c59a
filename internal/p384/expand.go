package p384

import (
	"crypto/sha512"
	"errors"
)

// hashL is L of RFC 9380 section 5: ceil((384 + 192) / 8) bytes are reduced for
// each field element or scalar, so that the bias is below 2^-192.
const hashL = 72

var errDST = errors.New("p384: domain separation tag longer than 255 bytes or empty")

// expandMessage fills out with expand_message_xmd(msg, dst, len(out)) of
// RFC 9380 section 5.3.1 over SHA-384. The tag is one of the program's own
// constants: an empty one or one above 255 bytes is a programming error and
// panics. len(out) must be at most 255*48.
func expandMessage(out, msg, dst []byte) {
	if len(dst) == 0 || len(dst) > 255 {
		panic(errDST)
	}
	// Steps 3 to 7: b_0 = H(Z_pad || msg || l_i_b_str || 0 || DST_prime). The
	// block of SHA-384 is 128 bytes.
	var pad [sha512.BlockSize]byte
	var b0, bi [sha512.Size384]byte
	tail := []byte{byte(len(dst))}
	h := sha512.New384()
	h.Write(pad[:])
	h.Write(msg)
	h.Write([]byte{byte(len(out) >> 8), byte(len(out)), 0})
	h.Write(dst)
	h.Write(tail)
	h.Sum(b0[:0])
	// Steps 8 to 12: b_i = H((b_0 xor b_(i-1)) || i || DST_prime), b_0 alone for
	// i = 1.
	for i := byte(1); len(out) > 0; i++ {
		for j := range bi {
			bi[j] ^= b0[j]
		}
		h.Reset()
		h.Write(bi[:])
		h.Write([]byte{i})
		h.Write(dst)
		h.Write(tail)
		h.Sum(bi[:0])
		out = out[copy(out, bi[:]):] // public: a length
	}
}
