//go:build !tinygo

package oidc

import (
	"math"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

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
// one that is left out, as LinkedIn does, means it too. Errors are *Error, and
// *ProviderError for an answer that is an error in spite of its status, as Slack and
// GitHub give it.
func ParseTokenAnswer(body []byte, maxSize int) (*TokenAnswer, error) {
	a, err := readAnswer(body, maxSize)
	if err != nil {
		return nil, err
	}
	if said := a.failure(); said != nil {
		return nil, said
	}
	t, kind := &TokenAnswer{}, ""
	for _, m := range []member[string]{
		{"id_token", &t.IDToken}, {"access_token", &t.AccessToken}, {"refresh_token", &t.RefreshToken}, {"token_type", &kind},
	} {
		if *m.value, err = a.text(m.name); err != nil {
			return nil, err
		}
		if !isPrintable(*m.value) { // RFC 6749 appendix A: and it goes into a header
			return nil, refuse(CodeAnswer, "the answer's "+m.name+" holds a character outside printable ASCII")
		}
	}
	if kind != "" && !equalFold(kind, "bearer") && t.AccessToken != "" {
		return nil, refuse(CodeTokenType, "the access token is of another type than bearer (token_type), and cannot be used")
	}
	if t.Scope, err = a.scope(); err != nil {
		return nil, err
	}
	if t.ExpiresIn, err = a.seconds("expires_in"); err != nil {
		return nil, err
	}
	return t, nil
}

// scope reads a text, or an array of texts as Twitch writes it. Anything else counts as
// not said.
func (a *answer) scope() (string, *Error) {
	v, err := a.get("scope")
	if list, ok := v.Strings(); ok {
		return strings.Join(list, " "), err
	}
	s, _ := v.Text()
	return s, err
}

// seconds reads a duration: a number, or one in quotes as some providers write it. What
// is no duration, or longer than 68 years, counts as not said.
func (a *answer) seconds(name string) (int64, *Error) {
	v, err := a.get(name)
	n, _, _ := v.NumericDate()
	if s, isText := v.Text(); isText {
		n, _ = strconv.ParseInt(s, 10, 64)
	}
	if n < 0 || n > math.MaxInt32 {
		n = 0
	}
	return n, err
}

// ParseTokenError reads what a token endpoint, or another one that a client calls,
// answers with another status than 200 (RFC 6749 section 5.2), also where the code is
// inside an object, as APIs of Google and Microsoft write it; nil if it gives no error
// code. The texts are the provider's own: Said is for a log.
func ParseTokenError(body []byte, maxSize int) *ProviderError {
	a, err := readAnswer(body, maxSize)
	if err != nil {
		return nil
	}
	return a.failure()
}

func (a *answer) failure() *ProviderError {
	v, _ := a.get("error")
	if v.Kind() == strictjson.Object {
		e := &ProviderError{}
		for _, name := range []string{"code", "status", "type"} {
			if e.Code == "" {
				e.Code, _ = v.Get(name).Text()
			}
		}
		e.Description, _ = v.Get("message").Text()
		if e.Code == "" {
			return nil
		}
		return e
	}
	code, _ := v.Text()
	if code == "" {
		return nil
	}
	said, _ := a.text("error_description")
	uri, _ := a.text("error_uri")
	return &ProviderError{Code: code, Description: said, URI: uri}
}

// maxSaidCode is how much of another side's error code a log gets, in bytes.
const maxSaidCode = 64

// Said is the error in the other side's words, for a log: the code in at most 64 bytes,
// and the description behind it in at most 256, with everything outside printable ASCII
// escaped.
func (e *ProviderError) Said() string {
	code := jws.Shown(e.Code)
	if len(code) > maxSaidCode {
		code = code[:maxSaidCode-len("...")] + "..."
	}
	if e.Description == "" {
		return code
	}
	return code + ": " + jws.Shown(e.Description)
}

func isPrintable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
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
