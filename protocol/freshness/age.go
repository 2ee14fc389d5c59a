package freshness

import "strings"

// age returns for how many milliseconds an answer may be used (RFC 9111 sections 4.2
// and 5.2.2). Of several or unreadable directives the strictest counts. Expires is not
// read: whoever names an age names max-age, and a date needs a clock that agrees.
func age(cacheControl, ageHeader string, r Rules) int64 {
	life, named := r.longestAge(), false
	for _, directive := range strings.Split(cacheControl, ",") {
		name, value, _ := strings.Cut(strings.Trim(directive, " \t"), "=")
		switch {
		case isWord(name, "no-store"), isWord(name, "no-cache"):
			return r.shortestAge()
		case isWord(name, "max-age"):
			n, ok := seconds(strings.Trim(value, `"`))
			if !ok {
				return r.shortestAge()
			}
			life, named = min(life, n*1000), true
		}
	}
	if !named {
		life = min(life, r.defaultAge())
	}
	if n, ok := seconds(strings.Trim(ageHeader, " \t")); ok {
		life -= n * 1000
	}
	return max(life, r.shortestAge())
}

// isWord compares in ASCII without regard to case; word is in lower case.
func isWord(s, word string) bool {
	if len(s) != len(word) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// seconds reads delta-seconds (RFC 9111 section 1.2.2), values beyond a year as
// a year.
func seconds(s string) (int64, bool) {
	const most = 365 * 24 * 3600
	n := int64(0)
	for i := 0; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		if n = n*10 + int64(c); n > most {
			n = most
		}
	}
	return n, s != ""
}
