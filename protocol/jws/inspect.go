package jws

// Inspect splits a compact JWS and decodes header and payload without judging
// either, for tools that show what a token says. Neither may be believed. At
// most maxSize bytes are read, 16 KiB if it is 0. Errors are *Error.
func Inspect(token string, maxSize int) (payload, header string, err error) {
	if maxSize <= 0 {
		maxSize = defaultMaxSize
	}
	head, body, _, refusal := split(token, maxSize)
	if refusal != nil {
		return "", "", refusal
	}
	h, ok := decode(head)
	if !ok {
		return "", "", refuse(CodeBase64, "the token's header is not canonical base64url")
	}
	b, ok := decode(body)
	if !ok {
		return "", "", refuse(CodeBase64, "the token's payload is not canonical base64url")
	}
	return string(b), string(h), nil
}
