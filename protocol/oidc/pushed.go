//go:build !tinygo

package oidc

import "github.com/bonafides-dev/bonafides/protocol/strictjson"

// ParsePushed reads the answer to a pushed authorization request (RFC 9126 section 2.2)
// of at most maxSize bytes, and returns its request_uri. Errors are *Error.
func ParsePushed(body []byte, maxSize int) (string, error) {
	a, err := readAnswer(body, maxSize)
	if err != nil {
		return "", err
	}
	uri, err := a.text("request_uri")
	if err != nil {
		return "", err
	}
	if uri == "" || len(uri) > 2<<10 {
		return "", refuse(CodeAnswer, "the answer to a pushed request holds no request_uri, or one longer than 2 KiB")
	}
	return uri, nil
}

// PushedPrefix is what a request_uri begins with that a provider made for a pushed
// request (RFC 9126 section 2.2).
const PushedPrefix = "urn:ietf:params:oauth:request_uri:"

// Pushed is the part of a request_uri that the provider made, and false if the query has
// none of that kind, or more than one.
func Pushed(query map[string][]string) (reference string, ok bool) {
	values := query["request_uri"]
	if len(values) != 1 || len(values[0]) <= len(PushedPrefix) || values[0][:len(PushedPrefix)] != PushedPrefix {
		return "", false
	}
	return values[0][len(PushedPrefix):], true
}

// PushedAnswer writes the answer to a pushed request, which is good for so many seconds.
func PushedAnswer(reference string, seconds int64) ([]byte, error) {
	var w strictjson.Writer
	w.String("request_uri", PushedPrefix+reference)
	w.Int("expires_in", seconds)
	return w.Bytes()
}
