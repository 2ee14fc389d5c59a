// Package origin judges origins as browsers write them (URL Standard section 4.5,
// "serialization of an origin"; RFC 6454 section 6.2) and says which of them
// browsers treat as secure (W3C Secure Contexts section 3.1, "potentially
// trustworthy origin").
//
// Every part of the kit goes by one rule: what it refuses would never equal an
// Origin header, or would be another spelling of one. testdata/origins.json is the
// rule as a table; the scripts of pages and of the Worker are held against the same
// file.
package origin

import "strings"

// maxLength is the longest host with its port that is read, in bytes: the longest
// host name of the DNS and a port fit in 259.
const maxLength = 504

// A Reason says why a string is not an origin, or not a secure one. It repeats
// nothing of the string itself.
type Reason string

func (r Reason) Error() string { return string(r) }

// The reasons of [Check] and [CheckSecure], in the order in which they are checked.
const (
	ErrLength  Reason = "is empty or too long for an origin"
	ErrScheme  Reason = "must begin with https://"
	ErrHost    Reason = "must have a host as browsers write it: in lower case, international names in their xn-- form, addresses in their shortest form"
	ErrTrailer Reason = "must be scheme://host[:port] and nothing after it (not a path, not a slash), like https://shop.example"
	ErrPort    Reason = "must have a port of 1 to 65535, without leading zeros"
	ErrDefault Reason = "must not name the scheme's default port: browsers leave it out"
	ErrPlain   Reason = "must begin with https://; http is for localhost, *.localhost and loopback addresses alone"
)

// Is tells whether s is a serialised http or https origin, so that two equal
// origins are equal strings. It does not judge whether the scheme is good enough;
// [IsSecure] does.
func Is(s string) bool { return Check(s) == nil }

// IsSecure tells whether s is a serialised origin whose pages are a secure
// context: https, or http on this machine.
func IsSecure(s string) bool { return CheckSecure(s) == nil }

// Check is [Is] with the reason, a [Reason].
func Check(s string) error {
	_, _, err := split(s)
	return err
}

// CheckSecure is [IsSecure] with the reason, a [Reason].
func CheckSecure(s string) error {
	https, host, err := split(s)
	switch {
	case err != nil:
		return err
	case !https && !IsLoopback(host):
		return ErrPlain
	}
	return nil
}

// IsLoopback tells whether a host, as it stands in an origin or as net/url's
// Hostname gives it (an IPv6 address with or without its brackets), is this
// machine: localhost, a name below it, 127.0.0.0/8 or ::1. A name that merely
// begins like an address is not one.
func IsLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	if host == "::1" || host == "[::1]" {
		return true
	}
	return strings.HasPrefix(host, "127.") && isIPv4(host)
}

// Host returns the host of an origin, an IPv6 address in its brackets; "" where s
// is no origin.
func Host(s string) string {
	_, host, err := split(s)
	if err != nil {
		return ""
	}
	return host
}

func split(s string) (https bool, host string, err error) {
	if s == "" {
		return false, "", ErrLength
	}
	rest, https := strings.CutPrefix(s, "https://")
	own := "443"
	if !https {
		var http bool
		if rest, http = strings.CutPrefix(s, "http://"); !http {
			return false, "", ErrScheme
		}
		own = "80"
	}
	if len(rest) > maxLength {
		return false, "", ErrLength
	}
	if strings.ContainsAny(rest, "/?#@\\") {
		return false, "", ErrTrailer
	}
	host, port, hasPort := rest, "", false
	if strings.HasPrefix(rest, "[") {
		end := strings.IndexByte(rest, ']')
		if end < 0 || !isIPv6(rest[1:end]) {
			return false, "", ErrHost
		}
		host = rest[:end+1]
		if after := rest[end+1:]; after != "" {
			if port, hasPort = strings.CutPrefix(after, ":"); !hasPort {
				return false, "", ErrTrailer
			}
		}
	} else {
		host, port, hasPort = strings.Cut(rest, ":")
		if !isName(host) {
			return false, "", ErrHost
		}
	}
	switch {
	case hasPort && port == own:
		return false, "", ErrDefault
	case hasPort && !isPort(port):
		return false, "", ErrPort
	}
	return https, host, nil
}

func isPort(s string) bool {
	return isDecimal(s, 65535) && s != "0"
}

// isDecimal tells whether s is a number of 0 to most in its shortest form.
func isDecimal(s string, most int) bool {
	if s == "" || len(s) > 5 || len(s) > 1 && s[0] == '0' {
		return false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) {
			return false
		}
		n = 10*n + int(s[i]-'0')
	}
	return n <= most
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isName tells whether s is a host name or an IPv4 address. What ends in a number
// is an address to browsers, or nothing (URL Standard section 3.5, "ends in a
// number checker").
func isName(s string) bool {
	// A final dot is kept by browsers: it makes another name.
	labels := strings.Split(strings.TrimSuffix(s, "."), ".")
	for _, label := range labels {
		if label == "" {
			return false
		}
		for i := 0; i < len(label); i++ {
			if c := label[i]; !isDigit(c) && !('a' <= c && c <= 'z') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return !isNumber(labels[len(labels)-1]) || isIPv4(s)
}

// isNumber is what the URL Standard takes for the last part of an IPv4 address.
func isNumber(label string) bool {
	digits, isHex := strings.CutPrefix(label, "0x")
	for i := 0; i < len(digits); i++ {
		if c := digits[i]; !isDigit(c) && !(isHex && 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true // "0x" alone too
}

func isIPv4(s string) bool {
	parts := strings.Split(s, ".")
	for _, p := range parts {
		if !isDecimal(p, 255) {
			return false
		}
	}
	return len(parts) == 4
}

// isIPv6 tells whether s is an IPv6 address as the URL Standard serialises it
// (section 3.5, "IPv6 serializer"): eight groups in hexadecimal without leading
// zeros, the first of the longest runs of two and more zero groups as "::", and
// never an IPv4 address inside.
func isIPv6(s string) bool {
	groups := make([]string, 0, 8)
	gap := -1 // where "::" stands
	for rest := s; rest != ""; {
		if after, ok := strings.CutPrefix(rest, "::"); ok {
			if gap >= 0 {
				return false
			}
			gap, rest = len(groups), after
			continue
		}
		if len(groups) > 0 && gap != len(groups) {
			after, ok := strings.CutPrefix(rest, ":")
			if !ok {
				return false
			}
			rest = after
		}
		end := strings.IndexByte(rest, ':')
		if end < 0 {
			end = len(rest)
		}
		if !isGroup(rest[:end]) || len(groups) == 8 {
			return false
		}
		groups, rest = append(groups, rest[:end]), rest[end:]
	}
	missing := 8 - len(groups)
	if gap < 0 {
		missing = 0
		if len(groups) != 8 {
			return false
		}
	} else if missing < 2 {
		return false
	}
	// The serialiser writes what was left out first, and nothing longer or equally
	// long before it.
	full := groups
	if gap >= 0 {
		full = make([]string, 0, 8)
		full = append(full, groups[:gap]...)
		for range missing {
			full = append(full, "0")
		}
		full = append(full, groups[gap:]...)
	}
	start, length := longestZeros(full)
	if length < 2 {
		return gap < 0
	}
	return gap == start && missing == length
}

func isGroup(s string) bool {
	if s == "" || len(s) > 4 || len(s) > 1 && s[0] == '0' {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !isDigit(s[i]) && !('a' <= s[i] && s[i] <= 'f') {
			return false
		}
	}
	return true
}

// longestZeros finds the first of the longest runs of zero groups.
func longestZeros(groups []string) (start, length int) {
	for i := 0; i < len(groups); {
		j := i
		for j < len(groups) && groups[j] == "0" {
			j++
		}
		if j-i > length {
			start, length = i, j-i
		}
		i = max(j, i+1)
	}
	return start, length
}
