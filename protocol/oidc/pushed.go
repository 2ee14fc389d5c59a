//go:build !tinygo

package oidc

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
