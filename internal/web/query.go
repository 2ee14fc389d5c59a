package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// ErrQuery is the error of ParseQuery.
var ErrQuery = errors.New("a percent sign is not followed by two hexadecimal digits")

// ParseQuery reads a query or a form as browsers write them (WHATWG URL Standard,
// application/x-www-form-urlencoded): "&" alone separates, and ";" is a character like any
// other. The reader of net/url drops a pair that holds one, and with it what was asked
// for. A bad percent escape is an error, so that nobody reads the rest in another way.
func ParseQuery(s string) (url.Values, error) {
	v, err := url.ParseQuery(strings.ReplaceAll(s, ";", "%3B"))
	if err != nil {
		return nil, ErrQuery
	}
	return v, nil
}

// ReadQuery reads a request's query by ParseQuery, and refuses one that cannot be read.
func ReadQuery(r *http.Request) (url.Values, *Problem) {
	v, err := ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, NewProblem(http.StatusBadRequest, "malformed_query", "The address is not well encoded: "+err.Error()+".")
	}
	return v, nil
}

// Query is ReadQuery for a page that a person is to see whatever the address is: one that
// cannot be read is as if it were empty.
func Query(r *http.Request) url.Values {
	v, _ := ReadQuery(r)
	return v
}
