//go:build wasm || tinygo

package p384

// expandMessage is expand_message_xmd of RFC 9380 section 5.3.1 over SHA-384.
func expandMessage(out, msg, dst []byte) { expandMessageOwn(out, msg, dst) }

// Sum384 is SHA-384.
func Sum384(b []byte) (out [48]byte) {
	var h digest384
	h.Reset()
	h.Write(b)
	h.Sum(&out)
	return out
}
