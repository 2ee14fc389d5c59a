package web

import "testing"

func TestNoneMatch(t *testing.T) {
	for _, c := range []struct {
		header []string
		want   bool
	}{
		{nil, false},
		{[]string{""}, false},
		{[]string{`"a"`}, true},
		{[]string{`W/"a"`}, true},
		{[]string{`"b", "a"`}, true},
		{[]string{`"b",W/"a" `}, true},
		{[]string{`"b"`, `"a"`}, true},
		{[]string{"*"}, true},
		{[]string{`a`}, false},
		{[]string{`"b"`}, false},
		{[]string{`"ab"`, `x"a"`}, false},
	} {
		if got := NoneMatch(c.header, `"a"`); got != c.want {
			t.Errorf("%q: %t", c.header, got)
		}
	}
}
