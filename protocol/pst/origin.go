package pst

import "strings"

// IsOrigin tells whether s is a serialized http or https origin as browsers
// write it (RFC 6454 section 6.2, URL Standard "origin serialization"): a host
// in lower-case ASCII, a port only where it is not the scheme's default, and no
// path, so that two equal origins are equal strings. It does not judge whether
// the scheme is good enough.
func IsOrigin(s string) bool {
	if len(s) > MaxOrigin {
		return false
	}
	host, ok := strings.CutPrefix(s, "https://")
	defaultPort := "443"
	if !ok {
		if host, ok = strings.CutPrefix(s, "http://"); !ok {
			return false
		}
		defaultPort = "80"
	}
	var port string
	hasPort := false
	if strings.HasPrefix(host, "[") { // an IPv6 address
		end := strings.IndexByte(host, ']')
		if end < 0 {
			return false
		}
		rest := host[end+1:]
		if rest != "" {
			if port, hasPort = strings.CutPrefix(rest, ":"); !hasPort {
				return false
			}
		}
		if !all(host[1:end], isIPv6Byte) {
			return false
		}
	} else {
		host, port, hasPort = strings.Cut(host, ":")
		if !all(host, isHostByte) {
			return false
		}
	}
	if !hasPort {
		return true
	}
	if port == "" || port == defaultPort || port[0] == '0' || len(port) > 5 || !all(port, isDigit) {
		return false
	}
	return len(port) < 5 || port <= "65535"
}

// all tells whether s is not empty and f holds for each of its bytes.
func all(s string, f func(byte) bool) bool {
	for i := 0; i < len(s); i++ {
		if !f(s[i]) {
			return false
		}
	}
	return s != ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isIPv6Byte(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || c == ':' }

func isHostByte(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || c == '.' || c == '-' || c == '_'
}
