package web

import (
	"net/http"
	"net/netip"
	"testing"
)

var ownProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

func from(peer string, forwarded, list []string) *http.Request {
	r := &http.Request{RemoteAddr: peer, Header: http.Header{}}
	if forwarded != nil {
		r.Header["Forwarded"] = forwarded
	}
	if list != nil {
		r.Header["X-Forwarded-For"] = list
	}
	return r
}

func TestWhereARequestComesFrom(t *testing.T) {
	one := func(s ...string) []string { return s }
	for name, c := range map[string]struct {
		peer            string
		forwarded, list []string
		want            string
	}{
		"nobody in between":           {"192.0.2.1:1234", nil, nil, "192.0.2.1"},
		"a stranger's words":          {"192.0.2.1:1234", one("for=9.9.9.9"), one("9.9.9.9"), "192.0.2.1"},
		"one proxy":                   {"10.0.0.1:1", nil, one("9.9.9.9"), "9.9.9.9"},
		"a mapped peer":               {"[::ffff:10.0.0.1]:1", nil, one("9.9.9.9"), "9.9.9.9"},
		"a proxy that wrote nothing":  {"10.0.0.1:1", nil, nil, "10.0.0.1"},
		"rightmost, not leftmost":     {"10.0.0.1:1", nil, one("1.1.1.1, 9.9.9.9"), "9.9.9.9"},
		"two proxies":                 {"10.0.0.1:1", nil, one("1.1.1.1, 9.9.9.9,10.0.0.2"), "9.9.9.9"},
		"two lines":                   {"10.0.0.1:1", nil, one("1.1.1.1", "9.9.9.9", "10.0.0.2"), "9.9.9.9"},
		"all trusted":                 {"10.0.0.1:1", nil, one("10.0.0.3, 10.0.0.2"), "10.0.0.3"},
		"a port":                      {"10.0.0.1:1", nil, one("9.9.9.9:443"), "9.9.9.9"},
		"IPv6":                        {"[fd00::1]:1", nil, one("2a00::1"), "2a00::1"},
		"IPv6 in brackets":            {"[fd00::1]:1", nil, one("[2a00::1]"), "2a00::1"},
		"IPv6 with a port":            {"[fd00::1]:1", nil, one("[2a00::1]:5"), "2a00::1"},
		"IPv4 in brackets":            {"10.0.0.1:1", nil, one("[9.9.9.9]"), "10.0.0.1"},
		"a mapped client":             {"10.0.0.1:1", nil, one("::ffff:9.9.9.9"), "9.9.9.9"},
		"a zone":                      {"10.0.0.1:1", nil, one("fe80::1%eth0"), "10.0.0.1"},
		"not an address":              {"10.0.0.1:1", nil, one("9.9.9.9, evil"), "10.0.0.1"},
		"not an address further on":   {"10.0.0.1:1", nil, one("evil, 10.0.0.2"), "10.0.0.2"},
		"nothing further on":          {"10.0.0.1:1", nil, one(",10.0.0.2"), "10.0.0.2"},
		"an empty list":               {"10.0.0.1:1", nil, one(""), "10.0.0.1"},
		"Forwarded":                   {"10.0.0.1:1", one("for=9.9.9.9"), nil, "9.9.9.9"},
		"Forwarded with more":         {"10.0.0.1:1", one(`For="[2a00::1]:5";Proto=https;by=10.0.0.1`), nil, "2a00::1"},
		"Forwarded by two":            {"10.0.0.1:1", one(`for=1.1.1.1, for=9.9.9.9`, `proto=https;for="10.0.0.2:8"`), nil, "9.9.9.9"},
		"Forwarded, escaped":          {"10.0.0.1:1", one(`for="9.9\.9.9"`), nil, "9.9.9.9"},
		"unknown":                     {"10.0.0.1:1", one("for=unknown, for=10.0.0.2"), nil, "10.0.0.2"},
		"a hidden name":               {"10.0.0.1:1", one("for=_hidden"), nil, "10.0.0.1"},
		"an element without for":      {"10.0.0.1:1", one("for=9.9.9.9, proto=https"), nil, "10.0.0.1"},
		"for twice in one element":    {"10.0.0.1:1", one("for=9.9.9.9;for=1.1.1.1"), nil, "10.0.0.1"},
		"an open quotation mark":      {"10.0.0.1:1", one(`for=1.1.1.1;x="`, `for=9.9.9.9`), nil, "10.0.0.1"},
		"a quotation swallowed":       {"10.0.0.1:1", one(`for=1.1.1.1;x="`, `for="[2a00::1]"`), nil, "10.0.0.1"},
		"an escape at the end":        {"10.0.0.1:1", one(`for="9.9.9.9\`), nil, "10.0.0.1"},
		"empty Forwarded":             {"10.0.0.1:1", one(""), nil, "10.0.0.1"},
		"both, the same":              {"10.0.0.1:1", one("for=9.9.9.9"), one("9.9.9.9"), "9.9.9.9"},
		"the client's Forwarded":      {"10.0.0.1:1", one("for=1.1.1.1"), one("9.9.9.9"), "10.0.0.1"},
		"the client's bad Forwarded":  {"10.0.0.1:1", one("x"), one("9.9.9.9"), "10.0.0.1"},
		"a socket without an address": {"@", nil, one("9.9.9.9"), "invalid IP"},
	} {
		if got := ClientAddr(from(c.peer, c.forwarded, c.list), ownProxies); got.String() != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
	if got := ClientAddr(from("10.0.0.1:1", nil, []string{"9.9.9.9"}), nil); got.String() != "10.0.0.1" {
		t.Errorf("without proxies: %v", got)
	}
}

func TestWhoseAddressItIs(t *testing.T) {
	for a, want := range map[string]string{
		"192.0.2.77": "192.0.2.77/32", "::ffff:192.0.2.77": "192.0.2.77/32",
		"2a00:1:2:3456:7:8:9:a": "2a00:1:2:3400::/56", "fe80::1%eth0": "fe80::/56",
	} {
		if got := Network(netip.MustParseAddr(a)); got.String() != want {
			t.Errorf("%s: %v, want %s", a, got, want)
		}
	}
	if got := Network(netip.Addr{}); got != (netip.Prefix{}) {
		t.Errorf("no address: %v", got)
	}
}

// Whatever a client sends, what the proxy wrote after it decides, or the proxy's own
// address does: nobody chooses where they come from.
func FuzzClientAddr(f *testing.F) {
	for _, s := range []string{"", "for=1.1.1.1", `for="`, `x="\`, "1.1.1.1, 2.2.2.2", "[::1]:1", `for=1.1.1.1;x="`, ",", ";=", "for=10.0.0.7"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	peer, client := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("9.9.9.9")
	f.Fuzz(func(t *testing.T, sent string, lines bool) {
		both := func(own string) []string {
			if lines {
				return []string{sent, own}
			}
			return []string{sent + ", " + own}
		}
		for _, r := range []*http.Request{
			from("10.0.0.1:1", both("for=9.9.9.9"), nil),
			from("10.0.0.1:1", both(`for="9.9.9.9:1";proto=https`), nil),
			from("10.0.0.1:1", []string{sent}, []string{"9.9.9.9"}),
		} {
			if got := ClientAddr(r, ownProxies); got != client && got != peer {
				t.Errorf("%q: %v", r.Header, got)
			}
		}
		if got := ClientAddr(from("10.0.0.1:1", nil, both("9.9.9.9")), ownProxies); got != client {
			t.Errorf("%q: %v", sent, got)
		}
		ClientAddr(from(sent, nil, nil), ownProxies)
	})
}
