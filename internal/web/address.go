package web

import "net/netip"

// special are the parts of the address space that are not the public Internet:
// IANA's registries of special-purpose addresses (RFC 6890 and its updates), and
// those that carry an IPv4 address of anybody's choice inside (NAT64, 6to4,
// Teredo). IPv6 outside 2000::/3 is not listed: IsPublic refuses all of it.
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
	"192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)

var globalUnicast = netip.MustParsePrefix("2000::/3")

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// IsPublic tells whether an address is one of the public Internet: not of this
// machine, its link, a private network, a carrier's inner network, a test, a
// group or a translation. An IPv4 address inside an IPv6 one (::ffff:10.0.0.1)
// is judged as what it is.
func IsPublic(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Is6() && !globalUnicast.Contains(a) {
		return false
	}
	return !within(a, special)
}

// within tells whether one of the prefixes holds an address.
func within(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(a.WithZone("")) {
			return true
		}
	}
	return false
}
