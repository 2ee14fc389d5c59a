package op

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// leftOut stands for words that repeat what was sent, or hold a token.
const leftOut = "(left out: it repeats what was sent, or holds a token)"

// repeated is how many bytes of a secret in a row are taken for a part of it.
const repeated = 12

// withoutSecrets are the other side's words for a log, unless they repeat what was sent,
// or a part of it.
func withoutSecrets(said *oidc.ProviderError, secrets []string) string {
	return without(said, func(text string) string { return withoutAny(text, secrets) }).Said()
}

func without(said *oidc.ProviderError, clean func(string) string) *oidc.ProviderError {
	words := *said
	words.Code, words.Description = clean(words.Code), clean(words.Description)
	return &words
}

// Answered is what a provider said by way of the browser, for a log: without the state, and
// without anything that is as long as what this site seals. The nonce is one, and nobody
// here knows it any more.
func Answered(said *oidc.ProviderError, state string) *oidc.ProviderError {
	return without(said, func(text string) string {
		if longestRun(text) >= sealedLike {
			return leftOut
		}
		return withoutAny(text, []string{state})
	})
}

// sealedLike is how many characters of base64url in a row are taken for something sealed: a
// nonce has 96, and names of clients up to 45.
const sealedLike = 64

// longestRun is the length of the longest run of base64url in a text.
func longestRun(text string) (most int) {
	for _, run := range strings.FieldsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	}) {
		most = max(most, len(run))
	}
	return most
}

// jwtBegins is how a JWT begins: a JSON object's first bytes in base64url.
const jwtBegins = "eyJ"

// withoutAny returns a text, or leftOut if it repeats one of secrets or holds a token of
// the provider's own: nobody's belongs into a log.
func withoutAny(text string, secrets []string) string {
	if strings.Contains(text, jwtBegins) || slices.ContainsFunc(secrets, func(s string) bool { return repeats(text, s) }) {
		return leftOut
	}
	return text
}

// repeats tells whether a text holds a secret, or so much of one that it tells. One of
// less than four characters is in every text.
func repeats(text, secret string) bool {
	if len(secret) > 3 && strings.Contains(text, secret) {
		return true
	}
	for i := 0; i+repeated <= len(text) && i < mostShown; i++ {
		if strings.Contains(secret, text[i:i+repeated]) {
			return true
		}
	}
	return false
}

// mostShown is how much of a text can come to a log (oidc.ProviderError.Said).
const mostShown = 256

// failure is an error whose text can stand in a log.
type failure struct {
	error
	text string
}

func (f failure) Error() string { return f.text }
func (f failure) Unwrap() error { return f.error }

// unanswered is an error of net/http for a log. It names the URL, which has no secret in
// it, and repeats of an answer what it cannot read, a header for one: that may be
// anything, what was sent as well.
func unanswered(err error, secrets []string) error {
	return failure{err, jws.Shown(withoutAny(err.Error(), secrets))}
}

// secretsOf is what of a request must not come to a log, each as it is and as it was
// written: a provider may repeat what it got before it read it.
func secretsOf(form url.Values, more ...string) []string {
	out := more
	for name, values := range form {
		if secretParameters[name] {
			out = append(out, values...)
		}
	}
	for _, s := range out {
		out = append(out, url.QueryEscape(s))
	}
	return out
}

var secretParameters = map[string]bool{
	"code": true, "code_verifier": true, "client_secret": true, "client_assertion": true,
	"refresh_token": true, "token": true, "login_hint": true, "id_token_hint": true, "state": true, "nonce": true,
}

// challenged is the error that an answer has in its header instead of its body (RFC 6750
// section 3); nil if there is none.
func challenged(res *http.Response) *oidc.ProviderError {
	if res.StatusCode < 400 {
		return nil
	}
	for _, challenge := range res.Header.Values("WWW-Authenticate") {
		if code := quoted(challenge, "error"); code != "" {
			return &oidc.ProviderError{Code: code, Description: quoted(challenge, "error_description")}
		}
	}
	return nil
}

// quoted is a parameter of a challenge (RFC 9110 section 11.2): name="value". It is read
// for a log alone, so that what a stricter reader refuses does no harm.
func quoted(challenge, name string) string {
	for rest := challenge; ; {
		before, after, found := strings.Cut(rest, name+`="`)
		if !found {
			return ""
		}
		if before == "" || strings.HasSuffix(before, " ") || strings.HasSuffix(before, ",") {
			value, _, _ := strings.Cut(after, `"`)
			return value
		}
		rest = after
	}
}
