package jws

import (
	"slices"
	"strings"
)

// base64url without padding (RFC 4648 section 5, RFC 7515 section 2), in its
// only canonical form. encoding/base64 skips line feeds even in strict mode and
// brings reflection with it, so the two functions are here.

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// invalid marks what is no character of the alphabet. Of its four bits one is at
// bit 24 after a shift by 0, 6, 12 or 18, and no sextet reaches that far: so bit
// 24 of a whole group tells whether any of its characters was invalid.
const (
	invalid = 1<<24 | 1<<18 | 1<<12 | 1<<6
	badBit  = 1 << 24
)

var sextet = func() (t [256]uint32) {
	for i := range t {
		t[i] = invalid
	}
	for i := 0; i < len(alphabet); i++ {
		t[alphabet[i]] = uint32(i)
	}
	return t
}()

// appendDecoded appends the bytes that s stands for. It is not ok if s has any
// byte outside the alphabet, a length that no bytes have, or unused bits that
// are not zero.
func appendDecoded(dst []byte, s string) ([]byte, bool) {
	var bad uint32
	at, size := len(dst), len(s)/4*3
	dst = slices.Grow(dst, size+2)[:at+size]
	out := dst[at:]
	i, j := 0, 0
	for ; i+8 <= len(s) && j+6 <= len(out); i, j = i+8, j+6 { // two groups at a time
		in, out := s[i:i+8], out[j:j+6]
		v := sextet[in[0]]<<18 | sextet[in[1]]<<12 | sextet[in[2]]<<6 | sextet[in[3]]
		w := sextet[in[4]]<<18 | sextet[in[5]]<<12 | sextet[in[6]]<<6 | sextet[in[7]]
		bad |= v | w
		out[0], out[1], out[2] = byte(v>>16), byte(v>>8), byte(v)
		out[3], out[4], out[5] = byte(w>>16), byte(w>>8), byte(w)
	}
	s, out = s[i:], out[j:]
	if len(s) >= 4 && len(out) >= 3 {
		v := sextet[s[0]]<<18 | sextet[s[1]]<<12 | sextet[s[2]]<<6 | sextet[s[3]]
		bad |= v
		out[0], out[1], out[2] = byte(v>>16), byte(v>>8), byte(v)
		s = s[4:]
	}
	switch len(s) {
	case 1:
		return nil, false
	case 2: // 12 bits, of which 8 are used
		v := sextet[s[0]]<<6 | sextet[s[1]]
		bad |= v | v&0x0f<<24
		dst = append(dst, byte(v>>4))
	case 3: // 18 bits, of which 16 are used
		v := sextet[s[0]]<<12 | sextet[s[1]]<<6 | sextet[s[2]]
		bad |= v | v&0x03<<24
		dst = append(dst, byte(v>>10), byte(v>>2))
	}
	if bad >= badBit {
		return nil, false
	}
	return dst, true
}

// A decodeRoom is what writeDecoded decodes into: whole groups, so that only the
// last of a text's chunks can have a rest.
type decodeRoom [decodeChunk/4*3 + 2]byte

const decodeChunk = 512 // characters

// writeDecoded is appendDecoded to a string in the making, by way of room.
func writeDecoded(b *strings.Builder, s string, room *decodeRoom) bool {
	for {
		n := min(len(s), decodeChunk)
		out, ok := appendDecoded(room[:0], s[:n])
		if !ok {
			return false
		}
		b.Write(out)
		if s = s[n:]; s == "" {
			return true
		}
	}
}

func decode(s string) ([]byte, bool) {
	return appendDecoded(make([]byte, 0, len(s)*3/4+1), s)
}

// appendEncoded appends the base64url text of b.
func appendEncoded(dst, b []byte) []byte {
	for len(b) >= 3 {
		dst = append(dst, alphabet[b[0]>>2], alphabet[b[0]<<4&63|b[1]>>4], alphabet[b[1]<<2&63|b[2]>>6], alphabet[b[2]&63])
		b = b[3:]
	}
	switch len(b) {
	case 1:
		dst = append(dst, alphabet[b[0]>>2], alphabet[b[0]<<4&63])
	case 2:
		dst = append(dst, alphabet[b[0]>>2], alphabet[b[0]<<4&63|b[1]>>4], alphabet[b[1]<<2&63])
	}
	return dst
}

func encode(b []byte) string {
	return string(appendEncoded(make([]byte, 0, (len(b)*4+2)/3), b))
}

// EncodeBase64URL returns b in base64url without padding.
func EncodeBase64URL(b []byte) string { return encode(b) }

// DecodeBase64URL reads canonical base64url without padding and nothing else: no
// padding, no white space, unused bits zero.
func DecodeBase64URL(s string) ([]byte, bool) { return decode(s) }
