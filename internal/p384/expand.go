package p384

// expandMessageOwn fills out with expand_message_xmd(msg, dst, len(out)) of
// RFC 9380 section 5.3.1 over SHA-384. len(out) must be at most 255*48. It is for
// the WebAssembly builds, where circl's expander (expand_circl.go) would add more
// than all the rest of this package.
func expandMessageOwn(out, msg, dst []byte) {
	checkDST(dst)
	// Steps 3 to 7: b_0 = H(Z_pad || msg || l_i_b_str || 0 || DST_prime). The
	// block of SHA-384 is 128 bytes.
	var pad [128]byte
	var b0, bi [48]byte
	tail := []byte{byte(len(dst))}
	var h digest384
	h.Reset()
	h.Write(pad[:])
	h.Write(msg)
	h.Write([]byte{byte(len(out) >> 8), byte(len(out)), 0})
	h.Write(dst)
	h.Write(tail)
	h.Sum(&b0)
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
		h.Sum(&bi)
		out = out[copy(out, bi[:]):] // public: a length
	}
}
