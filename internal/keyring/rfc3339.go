package keyring

import (
	"strconv"
	"strings"
	"time"
)

// Times are read and written here, since the layouts of package time are a tenth of
// the Worker's module. Tests hold both to that package.

// stamp writes a time of the years 0 to 9999 as time.RFC3339Nano does, in UTC.
func stamp(t time.Time) string {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	s := digits(year, 4) + "-" + digits(int(month), 2) + "-" + digits(day, 2) +
		"T" + digits(hour, 2) + ":" + digits(minute, 2) + ":" + digits(second, 2)
	if ns := t.Nanosecond(); ns != 0 {
		s += "." + strings.TrimRight(digits(ns, 9), "0")
	}
	return s + "Z"
}

func digits(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

// readTime reads a time of RFC 3339, in any zone, to the nanosecond.
func readTime(s string) (time.Time, bool) {
	const form = "0000-00-00T00:00:00"
	if len(s) <= len(form) {
		return time.Time{}, false
	}
	for i := range len(form) {
		if isDigit(form[i]) != isDigit(s[i]) || !isDigit(s[i]) && form[i] != s[i] {
			return time.Time{}, false
		}
	}
	year, month, day := natural(s[:4]), natural(s[5:7]), natural(s[8:10])
	hour, minute, second := natural(s[11:13]), natural(s[14:16]), natural(s[17:19])
	rest, ns := s[len(form):], 0
	if rest[0] == '.' {
		n := 1
		for n < len(rest) && isDigit(rest[n]) {
			n++
		}
		if n == 1 || n > 10 {
			return time.Time{}, false
		}
		ns = natural((rest[1:n] + "00000000")[:9])
		rest = rest[n:]
	}
	east := 0
	switch {
	case rest == "Z":
	case len(rest) == 6 && (rest[0] == '+' || rest[0] == '-') && isDigit(rest[1]) && isDigit(rest[2]) && rest[3] == ':' && isDigit(rest[4]) && isDigit(rest[5]):
		h, m := natural(rest[1:3]), natural(rest[4:])
		if h > 23 || m > 59 {
			return time.Time{}, false
		}
		if east = h*60 + m; rest[0] == '-' {
			east = -east
		}
	default:
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, ns, time.UTC)
	// A day that no month has became another one.
	if t.Day() != day || int(t.Month()) != month || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	return t.Add(-time.Duration(east) * time.Minute), true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// natural is the number of some digits.
func natural(s string) (n int) {
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
