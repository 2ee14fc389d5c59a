package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddr is where a request comes from: the peer of its connection, or, where
// that is one of one's own proxies, the nearest address that is none of them, by
// what those proxies wrote in Forwarded (RFC 7239) or X-Forwarded-For.
//
// Only what one's own proxies wrote is believed, and so the lists are read from
// their end. Where a list cannot be read on, the answer is the last address that
// could be believed, a proxy's. That is the answer too where both headers are there
// and say different things: one of them was then passed on from the client, and
// which one cannot be told from here.
//
// The answer is the zero Addr where the peer has no IP address.
func ClientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at := plain(peer.Addr())
	if !within(at, trusted) {
		return at
	}
	forwarded, list := r.Header.Values("Forwarded"), r.Header.Values("X-Forwarded-For")
	byForwarded, byList := at, at
	if len(forwarded) > 0 {
		if nodes, ok := forwardedNodes(strings.Join(forwarded, ",")); ok {
			byForwarded = nearest(at, nodes, trusted)
		}
	}
	if len(list) > 0 {
		byList = nearest(at, strings.Split(strings.Join(list, ","), ","), trusted)
	}
	switch {
	case len(list) == 0:
		return byForwarded
	case len(forwarded) == 0 || byForwarded == byList:
		return byList
	default:
		return at
	}
}

// Network is whose address it is, for limits: an IPv4 address alone, an IPv6
// address with all that its customer usually holds, 56 bits. The zero Addr is of
// the zero Prefix.
func Network(a netip.Addr) netip.Prefix {
	a = plain(a)
	bits := 32
	if a.Is6() {
		bits = 56
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// plain is an address as it is compared: IPv4 as such, without a zone.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// nearest goes from the end of a list of nodes through those that are trusted.
func nearest(at netip.Addr, nodes []string, trusted []netip.Prefix) netip.Addr {
	for i := len(nodes) - 1; i >= 0; i-- {
		a, ok := node(strings.Trim(nodes[i], " \t"))
		if !ok {
			return at
		}
		at = a
		if !within(at, trusted) {
			return at
		}
	}
	return at
}

// node reads an IP address with or without a port: RFC 7239 section 6 has IPv6 in
// brackets, X-Forwarded-For often without. "unknown" and hidden names are none.
func node(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return plain(a), a.Zone() == ""
	}
	if inside, ok := strings.CutPrefix(s, "["); ok {
		if inside, ok = strings.CutSuffix(inside, "]"); ok {
			a, err := netip.ParseAddr(inside)
			return plain(a), err == nil && a.Is6() && a.Zone() == ""
		}
	}
	a, err := netip.ParseAddrPort(s)
	return plain(a.Addr()), err == nil && a.Addr().Zone() == ""
}

// forwardedNodes lists the for parameters of a Forwarded header, "" for an element
// without one. It reads the whole header or refuses it: a quotation mark that a
// client left open must not swallow what a proxy wrote after it.
func forwardedNodes(s string) (nodes []string, ok bool) {
	for {
		value, seen := "", false
		for { // one element: name=value *( ";" name=value )
			var name, v string
			s = strings.TrimLeft(s, " \t")
			name, s = token(s)
			if name == "" || !strings.HasPrefix(s, "=") {
				return nil, false
			}
			if v, s, ok = tokenOrQuoted(s[1:]); !ok {
				return nil, false
			}
			if strings.EqualFold(name, "for") {
				if seen { // RFC 7239 section 4: each once
					return nil, false
				}
				value, seen = v, true
			}
			s = strings.TrimLeft(s, " \t")
			if !strings.HasPrefix(s, ";") {
				break
			}
			s = s[1:]
		}
		nodes = append(nodes, value)
		if s == "" {
			return nodes, true
		}
		if s[0] != ',' {
			return nil, false
		}
		s = s[1:]
	}
}

// token cuts a token (RFC 9110 section 5.6.2) off the front.
func token(s string) (name, rest string) {
	end := strings.IndexFunc(s, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", c)
	})
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// tokenOrQuoted cuts a token or a quoted string (RFC 9110 section 5.6.4) off the
// front. Some proxies write addresses with colons without quotes; that is no token
// and is not read.
func tokenOrQuoted(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest = token(s)
		return value, rest, value != ""
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}
