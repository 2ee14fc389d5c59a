package news

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/netip"
	"strings"
)

const sessionCookie = "tidewater-session"

// A visitor is what the paper tells people apart by, whatever their record
// says: its own session, and the network that they write from.
type visitor struct {
	session string
	prefix  string
}

// visitorOf reads the session of a request, or begins one. A session here is
// only a name to count under: whoever throws the cookie away gets a new one,
// and is still counted under the address prefix.
func visitorOf(w http.ResponseWriter, r *http.Request) visitor {
	v := visitor{prefix: addressPrefix(r.RemoteAddr)}
	if cs := r.CookiesNamed(sessionCookie); len(cs) == 1 {
		if b, err := base64.RawURLEncoding.Strict().DecodeString(cs[0].Value); err == nil && len(b) == 18 {
			v.session = cs[0].Value
			return v
		}
	}
	var b [18]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	v.session = base64.RawURLEncoding.EncodeToString(b[:])
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: v.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: r.TLS != nil, MaxAge: 30 * 24 * 3600,
	})
	return v
}

// addressPrefix returns the network that counts as one sender: /24 of IPv4,
// /56 of IPv6, which is what providers give to one household. Addresses that
// cannot be read share one prefix, so that they do not escape the limit.
func addressPrefix(remoteAddr string) string {
	ap, err := netip.ParseAddrPort(remoteAddr)
	if err != nil {
		return "unknown"
	}
	ip := ap.Addr().Unmap().WithZone("")
	bits := 56
	if ip.Is4() {
		bits = 24
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return p.String()
}

func wantsJSON(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "application/json")
}
