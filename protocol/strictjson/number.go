package strictjson

// maxExact is the largest integer that every JSON reader holds exactly
// (RFC 8259 section 6): 2^53 - 1.
const maxExact = 1<<53 - 1

// maxDateText bounds the text of a time; the longest sensible one has about 30.
const maxDateText = 128

// Int returns a whole number written without point or exponent, between
// -(2^53-1) and 2^53-1. Everything else is not ok: a number that two readers may
// round differently is not taken as an integer.
func (v Value) Int() (n int64, ok bool) {
	if v.Kind() != Number {
		return 0, false
	}
	s := v.Raw()
	negative := s[0] == '-'
	if negative {
		s = s[1:]
	}
	if len(s) > 16 { // 2^53-1 has 16 digits
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return 0, false
		}
		n = n*10 + int64(s[i]-'0')
	}
	if n > maxExact {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}

// NumericDate returns a time in seconds since 1970 (RFC 7519 section 2): whole
// seconds, and nanoseconds below one second; anything finer is cut. A number
// with a point or an exponent is a valid one. Other kinds, negative numbers (-0
// too), times beyond 2^53-1 seconds and texts of more than 128 characters are not
// ok.
func (v Value) NumericDate() (seconds int64, nanos int, ok bool) {
	if v.Kind() != Number {
		return 0, 0, false
	}
	s := v.Raw()
	if s[0] == '-' || len(s) > maxDateText {
		return 0, 0, false
	}
	if n, whole := v.Int(); whole { // as nearly all are
		return n, 0, true
	}
	// Split the text into its digits, the place of the point among them, and
	// the exponent that moves the point.
	point, i := -1, 0
	for ; i < len(s) && s[i]|0x20 != 'e'; i++ {
		if s[i] == '.' {
			point = i
		}
	}
	digits, exp := s[:i], 0
	if point < 0 {
		point = i
	}
	if i < len(s) {
		i++
		negative := s[i] == '-'
		if negative || s[i] == '+' {
			i++
		}
		for ; i < len(s); i++ {
			if exp < 1<<20 { // far beyond maxDateText: more changes nothing
				exp = exp*10 + int(s[i]-'0')
			}
		}
		if negative {
			exp = -exp
		}
	}
	last := point + exp // digits before this place are whole seconds
	place, unit := 0, 100_000_000
	for gap := last; gap < 0 && unit > 0; gap++ { // zeros between point and digits
		unit /= 10
	}
	for j := 0; j < len(digits); j++ {
		if digits[j] == '.' {
			continue
		}
		if place < last {
			seconds = seconds*10 + int64(digits[j]-'0')
			if seconds > maxExact {
				return 0, 0, false
			}
		} else {
			nanos += int(digits[j]-'0') * unit
			unit /= 10
		}
		place++
	}
	for ; place < last && seconds != 0; place++ { // zeros that the exponent appends
		seconds *= 10
		if seconds > maxExact {
			return 0, 0, false
		}
	}
	return seconds, nanos, true
}
