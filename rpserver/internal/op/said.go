package op

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// leftOut stands for words that repeat what was sent.
const leftOut = "(left out: it repeats what was sent)"

// tell is how many bytes of a secret in a row give it away. Providers shorten what they
// repeat.
const tell = 16

// withoutSecrets are the other side's words, unless they repeat what was sent, or hold a
// token of their own.
func withoutSecrets(said *oidc.ProviderError, secrets []string) string {
	words := *said
	if repeats(words.Code, secrets) {
		words.Code = leftOut
	}
	if repeats(words.Description, secrets) {
		words.Description = leftOut
	}
	return words.Said()
}

// repeats tells whether text holds one of secrets, or enough of it in the part that a log
// gets. What begins like a JWT counts as well: nobody's belongs into a log.
func repeats(text string, secrets []string) bool {
	if strings.Contains(text, "eyJ") {
		return true
	}
	start := text[:min(len(text), 256)]
	for _, s := range secrets {
		// Of three bytes or less nobody could say whether they are a word.
		if len(s) > 3 && strings.Contains(text, s) {
			return true
		}
		for i := 0; i+tell <= len(start); i++ {
			if strings.Contains(s, start[i:i+tell]) {
				return true
			}
		}
	}
	return false
}

// shown is an error for a log: bounded, escaped, and without secrets.
type shown struct {
	err     error
	secrets []string
}

func (e shown) Error() string {
	if text := e.err.Error(); !repeats(text, e.secrets) {
		return jws.Shown(text)
	}
	return leftOut
}

func (e shown) Unwrap() error { return e.err }

// secretsOf is what of a request must not come to a log, plainly and as it was written.
func secretsOf(req *http.Request) []string {
	var out []string
	if _, password, ok := req.BasicAuth(); ok {
		plain, _ := url.QueryUnescape(password)
		out = append(out, password, plain)
	}
	if _, credentials, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok { // Basic or Bearer
		out = append(out, credentials)
	}
	if req.GetBody == nil {
		return out
	}
	sent, err := req.GetBody()
	if err != nil {
		return out
	}
	b, _ := io.ReadAll(sent)
	form, _ := web.ParseQuery(string(b))
	for name, values := range form {
		if !secretParameters[name] {
			continue
		}
		for _, v := range values {
			out = append(out, v, url.QueryEscape(v))
		}
	}
	return out
}

var secretParameters = map[string]bool{
	"code": true, "code_verifier": true, "client_secret": true, "client_assertion": true,
	"refresh_token": true, "token": true, "login_hint": true, "id_token_hint": true, "state": true, "nonce": true,
}
