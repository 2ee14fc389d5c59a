//go:build !tinygo

package oidc

import "strconv"

// TokenAnswer is what a token endpoint gives for a code or a refresh token (RFC 6749
// section 5.1, OpenID Connect Core section 3.1.3.3). All of it but Scope and ExpiresIn
// is secret.
type TokenAnswer struct {
	IDToken      string // not judged; "" if there is none
	AccessToken  string // a bearer token (RFC 6750); "" if there is none
	RefreshToken string // "" if there is none
	Scope        string // "" means what was asked for
	ExpiresIn    int64  // seconds that AccessToken is good for; 0: the provider does not say
}

// ParseTokenAnswer reads an answer of status 200 of at most maxSize bytes. An access
// token must be a bearer token: its token_type is compared without regard to case, and
// one that is left out, as some providers do, means it too. Errors are *Error.
func ParseTokenAnswer(body []byte, maxSize int) (*TokenAnswer, error) {
	a, err := readAnswer(body, maxSize)
	if err != nil {
		return nil, err
	}
	t, kind := &TokenAnswer{}, ""
	for _, m := range []struct {
		name string
		into *string
	}{
		{"id_token", &t.IDToken}, {"access_token", &t.AccessToken}, {"refresh_token", &t.RefreshToken},
		{"scope", &t.Scope}, {"token_type", &kind},
	} {
		if *m.into, err = a.text(m.name); err != nil {
			return nil, err
		}
	}
	if kind != "" && !equalFold(kind, "bearer") && t.AccessToken != "" {
		return nil, refuse(CodeTokenType, "the access token is of another type than bearer (token_type), and cannot be used")
	}
	if t.ExpiresIn, err = a.seconds("expires_in"); err != nil {
		return nil, err
	}
	return t, nil
}

// seconds reads a duration: a number, or one in quotes as some providers write it. What
// is no duration counts as not said.
func (a *answer) seconds(name string) (int64, *Error) {
	v, err := a.get(name)
	if err != nil {
		return 0, err
	}
	if s, isText := v.Text(); isText {
		n, bad := strconv.ParseInt(s, 10, 32)
		if bad != nil || n < 0 {
			n = 0
		}
		return n, nil
	}
	n, _, ok := v.NumericDate()
	if !ok || n > 1<<31 {
		return 0, nil
	}
	return n, nil
}

// ParseTokenError reads what a token endpoint, or another one that a client calls,
// answers with another status than 200 (RFC 6749 section 5.2); nil if it gives no error
// code. The texts are bounded and can stand in a log.
func ParseTokenError(body []byte, maxSize int) *ProviderError {
	a, err := readAnswer(body, maxSize)
	if err != nil {
		return nil
	}
	code, err := a.text("error")
	if err != nil || code == "" {
		return nil
	}
	said, _ := a.text("error_description")
	uri, _ := a.text("error_uri")
	return &ProviderError{Code: code, Description: said, URI: uri}
}

// The most of another side's words that a log gets, in bytes.
const (
	maxSaidCode = 64
	maxSaidText = 256
)

// Said is the error in the other side's words, for a log: the code, and the description
// behind it, both bounded, with everything outside printable ASCII escaped.
func (e *ProviderError) Said() string {
	code := shown(e.Code, maxSaidCode)
	if e.Description == "" {
		return code
	}
	return code + ": " + shown(e.Description, maxSaidText)
}

// shown cuts a text and escapes what is not printable ASCII.
func shown(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	q := strconv.QuoteToASCII(s)
	return q[1 : len(q)-1]
}

// equalFold compares ASCII without regard to case; lower is in lower case.
func equalFold(s, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
