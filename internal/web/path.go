package web

import (
	"net/url"
	"slices"
	"strings"
)

// IsPath tells whether s is a path of this site that people may be sent on to, of
// at most limit bytes, with a query and a fragment where there are any. It has one
// reading: nothing that a browser could take for another host ("//host", "/\host",
// control characters), no scheme, no segment that goes away when the path is
// cleaned, written or escaped, and nothing that net/url writes in another way.
func IsPath(s string, limit int) bool {
	if s == "" || len(s) > limit || s[0] != '/' || strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c == '\\' || c >= 0x7f
	}) {
		return false
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.String() != s || strings.Contains(u.Path, "\\") {
		return false
	}
	segments := strings.Split(u.Path[1:], "/")
	last := len(segments) - 1
	return !slices.Contains(segments, "..") && !slices.Contains(segments, ".") &&
		!slices.Contains(segments[:last], "")
}
