package jws

// base64url without padding (RFC 4648 section 5, RFC 7515 section 2), in its
// only canonical form. encoding/base64 skips line feeds even in strict mode and
// brings reflection with it, so the two functions are here.

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

const invalid = 0xff

var sextet = func() (t [256]byte) {
	for i := range t {
		t[i] = invalid
	}
	for i := 0; i < len(alphabet); i++ {
		t[alphabet[i]] = byte(i)
	}
	return t
}()

// appendDecoded appends the bytes that s stands for. It is not ok if s has any
// byte outside the alphabet, a length that no bytes have, or unused bits that
// are not zero.
func appendDecoded(dst []byte, s string) ([]byte, bool) {
	var bad byte
	for len(s) >= 4 {
		a, b, c, d := sextet[s[0]], sextet[s[1]], sextet[s[2]], sextet[s[3]]
		bad |= a | b | c | d // sextets are below 64, so bit 7 tells an invalid byte
		dst = append(dst, a<<2|b>>4, b<<4|c>>2, c<<6|d)
		s = s[4:]
	}
	switch len(s) {
	case 1:
		return nil, false
	case 2:
		a, b := sextet[s[0]], sextet[s[1]]
		bad |= a | b
		if b&0x0f != 0 {
			return nil, false
		}
		dst = append(dst, a<<2|b>>4)
	case 3:
		a, b, c := sextet[s[0]], sextet[s[1]], sextet[s[2]]
		bad |= a | b | c
		if c&0x03 != 0 {
			return nil, false
		}
		dst = append(dst, a<<2|b>>4, b<<4|c>>2)
	}
	return dst, bad&0x80 == 0
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
