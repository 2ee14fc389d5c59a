package web

import "strings"

// NoneMatch tells whether an If-None-Match header names the tag ("\"x\"", with its
// quotes), so that 304 is the answer: by the weak comparison, since servers on the
// way that compress make tags weak (RFC 9110, section 13.1.2).
func NoneMatch(header []string, tag string) bool {
	for one := range strings.SplitSeq(strings.Join(header, ","), ",") {
		if one = strings.TrimPrefix(strings.TrimSpace(one), "W/"); one == tag || one == "*" {
			return true
		}
	}
	return false
}
