package pst

import (
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// ClientData is what a client states when it redeems: the origin of the page at
// the top, and its clock. Nothing in the cryptography binds it, so a client can
// lie about both; a browser does not.
//
// Its encoding is canonical CBOR (RFC 8949 section 4.2), a map of two pairs:
//
//	a2                                       map(2)
//	70 "redeeming-origin"      text          head 60+n, 78 n or 79 nn
//	74 "redemption-timestamp"  1a uint32     shortest form below 2^16
type ClientData struct {
	RedeemingOrigin     string // serialized, with a port that is not the scheme's default
	RedemptionTimestamp uint32 // seconds since 1970
}

const (
	clientDataOriginKey = "\x70redeeming-origin"
	clientDataTimeKey   = "\x74redemption-timestamp"
)

// ParseClientData reads client data. Any encoding but the canonical one gives
// ErrClientData, and an origin that browsers would write differently (package
// origin) gives ErrOrigin.
func ParseClientData(b []byte) (*ClientData, error) {
	s := string(b)
	s, ok := strings.CutPrefix(s, "\xa2"+clientDataOriginKey)
	if !ok {
		return nil, ErrClientData
	}
	major, n, s, ok := readHead(s)
	if !ok || major != 3 || n > uint32(len(s)) {
		return nil, ErrClientData
	}
	c := &ClientData{RedeemingOrigin: s[:n]}
	s, ok = strings.CutPrefix(s[n:], clientDataTimeKey)
	if !ok {
		return nil, ErrClientData
	}
	major, c.RedemptionTimestamp, s, ok = readHead(s)
	if !ok || major != 0 || s != "" {
		return nil, ErrClientData
	}
	if !origin.Is(c.RedeemingOrigin) {
		return nil, ErrOrigin
	}
	return c, nil
}

// Bytes returns the canonical encoding.
func (c *ClientData) Bytes() []byte {
	b := make([]byte, 0, 64+len(c.RedeemingOrigin))
	b = append(b, "\xa2"+clientDataOriginKey...)
	b = appendHead(b, 3, uint32(len(c.RedeemingOrigin)))
	b = append(b, c.RedeemingOrigin...)
	b = append(b, clientDataTimeKey...)
	return appendHead(b, 0, c.RedemptionTimestamp)
}

// readHead reads the head of a CBOR item (RFC 8949 section 3) with an argument
// below 2^32 in its shortest form, the only one that is canonical.
func readHead(s string) (major byte, arg uint32, rest string, ok bool) {
	if s == "" {
		return 0, 0, "", false
	}
	major, info := s[0]>>5, s[0]&31
	s = s[1:]
	size, least := 0, uint32(0)
	switch {
	case info < 24:
		return major, uint32(info), s, true
	case info == 24:
		size, least = 1, 24
	case info == 25:
		size, least = 2, 1<<8
	case info == 26:
		size, least = 4, 1<<16
	default: // 64-bit arguments, reserved values, indefinite lengths
		return 0, 0, "", false
	}
	if len(s) < size {
		return 0, 0, "", false
	}
	for i := 0; i < size; i++ {
		arg = arg<<8 | uint32(s[i])
	}
	return major, arg, s[size:], arg >= least
}

// appendHead appends the shortest head.
func appendHead(b []byte, major byte, arg uint32) []byte {
	major <<= 5
	switch {
	case arg < 24:
		return append(b, major|byte(arg))
	case arg < 1<<8:
		return append(b, major|24, byte(arg))
	case arg < 1<<16:
		return append(b, major|25, byte(arg>>8), byte(arg))
	}
	return appendUint32(append(b, major|26), arg)
}
