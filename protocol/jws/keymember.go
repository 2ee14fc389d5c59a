package jws

import (
	"bytes"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// says reports whether an optional member of a JWK says anything. Libraries write what
// a key does not have as null, "" or [].
func says(v strictjson.Value) bool {
	switch v.Kind() {
	case strictjson.Null:
		return false
	case strictjson.String:
		s, _ := v.Text()
		return s != ""
	case strictjson.Array:
		return v.Len() > 0
	}
	return v.Exists()
}

// member decodes a JWK's base64url (RFC 7518 section 2), and what some write in its
// place: the standard alphabet, and padding.
func (k *Key) member(s string) ([]byte, bool) {
	if b, ok := decode(s); ok {
		return b, true
	}
	size := len(s)
	for size > 0 && s[size-1] == '=' {
		size--
	}
	if pad := len(s) - size; pad > 2 || pad > 0 && len(s)%4 != 0 {
		return nil, false
	}
	bare := []byte(s[:size])
	for i, c := range bare {
		switch c {
		case '+':
			bare[i] = '-'
		case '/':
			bare[i] = '_'
		}
	}
	b, ok := decode(string(bare))
	if ok {
		k.remark = "its base64 is padded, or of the standard alphabet"
	}
	return b, ok
}

// stripped is a number without leading zero bytes, which Base64urlUInt does not have
// (RFC 7518 section 2): signed encodings begin with one.
func (k *Key) stripped(b []byte) []byte {
	bare := withoutZeros(b)
	if len(bare) < len(b) {
		k.remark = "a number begins with a zero byte"
	}
	return bare
}

func withoutZeros(b []byte) []byte {
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b
}

// coordinate is a number at the full size of a coordinate (RFC 7518 section 6.2.1.2);
// nil if it is empty or larger.
func (k *Key) coordinate(b []byte, size int) []byte {
	if len(b) == size {
		return b
	}
	bare := withoutZeros(b)
	if len(b) == 0 || len(bare) > size {
		return nil
	}
	k.remark = "a coordinate is not of full size"
	return append(make([]byte, size-len(bare), size), bare...)
}

// equal reports whether two keys check the same signatures under the same name.
func (k *Key) equal(other *Key) bool {
	return k.kind == other.kind && k.alg == other.alg && k.hasKID == other.hasKID && k.kid == other.kid && k.refusal == other.refusal &&
		bytes.Equal(k.n, other.n) && bytes.Equal(k.e, other.e) && bytes.Equal(k.x, other.x) && bytes.Equal(k.y, other.y)
}
