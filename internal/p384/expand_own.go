//go:build wasm || tinygo

package p384

// expandMessage is expand_message_xmd of RFC 9380 section 5.3.1 over SHA-384.
func expandMessage(out, msg, dst []byte) { expandMessageOwn(out, msg, dst) }
