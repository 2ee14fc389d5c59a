package directory

import (
	"net/url"
	"slices"
	"strings"
)

// HasRedirectURI tells whether answers may go there: compared character by character (RFC
// 9700 section 2.1), but for the port of a Native client's loopback address (RFC 8252
// section 7.3).
func (c *Client) HasRedirectURI(s string) bool {
	if slices.Contains(c.RedirectURIs, s) {
		return true
	}
	if !c.Native {
		return false
	}
	bare, ok := withoutLoopbackPort(s)
	return ok && slices.ContainsFunc(c.RedirectURIs, func(u string) bool {
		registered, ok := withoutLoopbackPort(u)
		return ok && registered == bare
	})
}

// withoutLoopbackPort is an http URL at a loopback address without its port; false for
// every other. localhost is a name, and may lead elsewhere.
func withoutLoopbackPort(s string) (string, bool) {
	rest, ok := strings.CutPrefix(s, "http://")
	if !ok {
		return "", false
	}
	for _, host := range []string{"127.0.0.1", "[::1]"} {
		after, ok := strings.CutPrefix(rest, host)
		if !ok {
			continue
		}
		port, path, hasPath := strings.Cut(after, "/")
		return host + "/" + path, hasPath && (port == "" || isPort(port))
	}
	return "", false
}

// isPort accepts ":1" to ":65535", and not what only begins so.
func isPort(s string) bool {
	digits, ok := strings.CutPrefix(s, ":")
	return ok && digits != "" && len(digits) <= 5 && strings.Trim(digits, "0123456789") == ""
}

// isNativeURI accepts a private-use scheme (RFC 8252 section 7.1): the reverse of a
// domain, so that two programs do not have the same one.
func isNativeURI(s string) bool {
	u, err := url.Parse(s)
	return err == nil && strings.Contains(u.Scheme, ".") && u.Host == "" && strings.HasPrefix(u.Path, "/") &&
		!strings.HasPrefix(u.Path, "//") && !strings.ContainsAny(s, " \\#")
}
