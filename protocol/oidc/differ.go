//go:build !tinygo

package oidc

import (
	"strconv"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// differ is the refusal of a comparison: got is neither want, unless that is empty, nor
// one of the others.
func differ(code, message, got, want string, others ...string) *Error {
	if want != "" && len(others) > 0 {
		want += " "
	}
	return &Error{code, message, jws.Shown(got), jws.Shown(want + joined(others))}
}

// differAudience is differ for a list of which none is want.
func differAudience(message string, got []string, want string) *Error {
	return differ(CodeAudience, message, joined(got), want)
}

// differTime is differ for Unix seconds.
func differTime(code, message string, got, want int64) *Error {
	return differ(code, message, strconv.FormatInt(got, 10), strconv.FormatInt(want, 10))
}

func joined(names []string) string {
	var b []byte
	for i, n := range names {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, n...)
	}
	return string(b)
}
