package people

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxEmail is the longest address, in bytes: RFC 5321 section 4.5.3.1.3 less the
// angle brackets.
const MaxEmail = 254

var errEmail = errors.New("people: not an e-mail address")

// ParseEmail accepts the addresses that people have: a dot-atom (RFC 5322
// section 3.2.3), an at sign, and a domain name, all ASCII. Quoted local parts,
// comments, address literals and international addresses are refused, so that an
// address has one spelling but for letter case. The domain is returned, and
// kept, in lower case.
func ParseEmail(s string) (address, domain string, err error) {
	local, domain, found := strings.Cut(strings.TrimSpace(s), "@")
	if !found || len(local) == 0 || len(local) > 64 || len(local)+1+len(domain) > MaxEmail {
		return "", "", errEmail
	}
	for _, part := range strings.Split(local, ".") {
		if part == "" || strings.ContainsFunc(part, func(c rune) bool {
			return !isAlnum(c) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", c)
		}) {
			return "", "", errEmail
		}
	}
	domain = strings.ToLower(domain)
	if !IsDomain(domain) {
		return "", "", errEmail
	}
	return local + "@" + domain, domain, nil
}

// mailbox is an address without case and tag (RFC 5233: "user+tag"), for limits alone:
// what it is written with there comes into one mailbox with most, and somebody else's
// would be flooded by it.
func mailbox(address string) string {
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	if at := strings.IndexByte(local, '+'); at > 0 {
		local = local[:at]
	}
	return local + "@" + domain
}

func isAlnum(c rune) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// IsDomain accepts lower-case names of at least two labels (RFC 1123 section
// 2.1), the last of which is not a number.
func IsDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 || len(s) > 253 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for _, c := range l {
			if c == '-' || isAlnum(c) && (c < 'A' || c > 'Z') {
				continue
			}
			return false
		}
	}
	last := labels[len(labels)-1]
	return strings.ContainsFunc(last, func(c rune) bool { return c < '0' || c > '9' })
}

// ParseDomains reads the operator's file of domains: one domain name a line in
// lower case, empty lines and lines that begin with # are ignored. Errors name
// the line.
func ParseDomains(r io.Reader) ([]string, error) {
	var out []string
	in := bufio.NewScanner(r)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if !IsDomain(line) {
			return nil, fmt.Errorf("people: line %d of the domains file is not a domain name in lower case", n)
		}
		out = append(out, line)
	}
	return out, in.Err()
}
