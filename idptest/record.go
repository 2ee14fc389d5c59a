package idptest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Request is one that came. Secrets are replaced by Hidden.
type Request struct {
	Endpoint Endpoint
	Method   string
	Path     string
	Form     url.Values // parameters of the query and of the body
	Auth     string     // client_secret_basic, client_secret_post, private_key_jwt, bearer, or none
	Time     time.Time  // by the provider's clock
}

// Hidden stands in a Request for a secret that was there.
const Hidden = "(hidden)"

// secrets are the parameters that are worth something to whoever reads them. State and
// nonce are left: tests look at them, and they are used up when the test can.
var secrets = []string{"client_secret", "client_assertion", "code", "code_verifier", "refresh_token", "token", "access_token", "id_token_hint"}

// Requests are all that came, in their order.
func (p *Provider) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Count is how many requests came to one endpoint.
func (p *Provider) Count(e Endpoint) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.requests {
		if r.Endpoint == e {
			n++
		}
	}
	return n
}

// Await returns when n requests have come to one endpoint, or the test is over. They may
// still be without an answer: a test of a provider that hangs knows from then on that its
// client is waiting.
func (p *Provider) Await(e Endpoint, n int) {
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if p.Count(e) >= n {
			return
		}
		select {
		case <-changed:
		case <-p.done:
			return
		}
	}
}

// Mistake is what a client did wrong.
type Mistake struct {
	Endpoint    Endpoint
	Code        string // the error that it was answered with (RFC 6749 section 5.2)
	Explanation string
}

func (m Mistake) String() string { return string(m.Endpoint) + ": " + m.Code + ": " + m.Explanation }

// Mistakes are what the provider refused because its client was wrong, in their order:
// no PKCE, another redirect URI, a code that was used before. Errors that the test
// asked for, by Denies or a quirk, are not among them.
func (p *Provider) Mistakes() []Mistake {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.mistakes)
}

// call is one request with what was read of it, and the quirks that it meets.
type call struct {
	endpoint Endpoint
	form     url.Values
	quirks   Quirks
}

// mistake notes what is wrong and returns the error answer for it.
func (p *Provider) mistake(c *call, code, explanation string) *oauthError {
	p.mistakes = append(p.mistakes, Mistake{c.endpoint, code, explanation})
	return &oauthError{code: code, description: explanation}
}

// serve reads a request, notes it, lets a fault have its turn, and answers. A handler
// has the provider's lock, so that every answer is made by one state of it; it is sent
// without the lock, or a client that reads slowly would stop the others.
func (p *Provider) serve(w http.ResponseWriter, r *http.Request, e Endpoint, handle func(http.ResponseWriter, *http.Request, *call)) {
	form, err := readForm(r)
	p.mu.Lock()
	p.requests = append(p.requests, Request{e, r.Method, r.URL.Path, hide(form), authOf(r, form), p.now()})
	close(p.changed)
	p.changed = make(chan struct{})
	fault, failing := p.takeFault(e)
	p.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	if failing && p.fail(w, r, fault) {
		return
	}
	answer := httptest.NewRecorder()
	func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		c := &call{e, form, p.quirks}
		if err != nil {
			p.mistake(c, "invalid_request", "the parameters are not well encoded").write(answer, http.StatusBadRequest)
			return
		}
		handle(answer, r, c)
	}()
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// readForm reads query and body. A semicolon is an ordinary character (WHATWG URL,
// application/x-www-form-urlencoded), which net/url would drop with its pair.
func readForm(r *http.Request) (url.Values, error) {
	all := r.URL.RawQuery
	if r.Method == http.MethodPost {
		b, err := readAll(r.Body)
		if err != nil {
			return url.Values{}, err
		}
		all += "&" + string(b)
	}
	return url.ParseQuery(strings.ReplaceAll(all, ";", "%3B"))
}

func hide(form url.Values) url.Values {
	out := url.Values{}
	for name, values := range form {
		if slices.Contains(secrets, name) {
			values = slices.Repeat([]string{Hidden}, len(values))
		}
		out[name] = slices.Clone(values)
	}
	return out
}

func authOf(r *http.Request, form url.Values) string {
	if _, _, ok := r.BasicAuth(); ok {
		return "client_secret_basic"
	}
	switch {
	case bearer(r) != "":
		return "bearer"
	case form.Has("client_assertion"):
		return "private_key_jwt"
	case form.Has("client_secret"):
		return "client_secret_post"
	}
	return "none"
}
