//go:build !tinygo

package jws

import "strconv"

const maxShown = 256

// Shown returns a stranger's text for a log: at most 256 bytes of printable ASCII, the
// rest of its bytes as \xNN. What is cut ends with three dots.
func Shown(s string) string {
	const digits = "0123456789abcdef"
	b, whole := make([]byte, 0, maxShown), 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if len(b) <= maxShown-3 {
			whole = len(b)
		}
		if c < 0x20 || c > 0x7e || c == '\\' {
			b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
		} else {
			b = append(b, c)
		}
		if len(b) > maxShown {
			return string(b[:whole]) + "..."
		}
	}
	return string(b)
}

// listed joins names, for a sentence or for Want.
func listed[T ~string](names []T, between string) string {
	var b []byte
	for i, n := range names {
		if i > 0 {
			b = append(b, between...)
		}
		b = append(b, n...)
		if len(b) > maxShown {
			break
		}
	}
	return Shown(string(b))
}

// differ is the refusal of a comparison, with both its sides.
func differ(code, message, got string, want ...Algorithm) *Error {
	return &Error{code, message, Shown(got), listed(want, " ")}
}

func differType(got string, want []string) *Error {
	return &Error{CodeType, otherTypeSays, Shown(got), listed(want, " ")}
}

// tooLarge is the refusal of a token for its length.
func tooLarge(size, max int) *Error {
	return &Error{CodeTooLarge, tooLargeSays, strconv.Itoa(size), strconv.Itoa(max)}
}

// keyUnknown is the refusal of a kid that no key of the set has.
func (s *KeySet) keyUnknown(kid string) *Error {
	kids := make([]string, 0, maxShown)
	for _, k := range s.keys[:min(len(s.keys), maxShown)] { // more would be cut
		kids = append(kids, k.kid)
	}
	return &Error{CodeKeyUnknown, keyUnknownSays, Shown(kid), listed(kids, " ")}
}
