package idptest

import (
	"fmt"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// grant is what a person allowed a client: a code stands for it, then a refresh token.
type grant struct {
	client      string
	redirectURI string
	challenge   string
	nonce       string
	scopes      []string
	person      Person
	sid         string
	authTime    time.Time
	expires     time.Time // of the code
	used        bool
	offline     bool
	over        bool // revoked
}

// serveAuthorize answers GET and POST /authorize at once, without a page: with the next
// queued person, or error (OpenID Connect Core section 3.1.2, RFC 6749 section 4.1).
func (p *Provider) serveAuthorize(w http.ResponseWriter, r *http.Request, c *call) {
	if !allow(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	form, no := p.pushedForm(c)
	if no != nil {
		no.write(w, http.StatusBadRequest)
		return
	}
	// Nothing goes to an address that is not the client's (RFC 6749 section 4.1.2.1).
	client, ok := p.clients[form.Get("client_id")]
	to := form.Get("redirect_uri")
	u, err := url.Parse(to)
	switch {
	case !ok:
		p.mistake(c, "invalid_request", "no client has this client_id").write(w, http.StatusBadRequest)
		return
	case err != nil || !u.IsAbs() || strings.Contains(to, "#"):
		p.mistake(c, "invalid_request", "redirect_uri is missing, or is no absolute address without a fragment").write(w, http.StatusBadRequest)
		return
	case client.RedirectURIs != nil && !slices.Contains(client.RedirectURIs, to):
		p.mistake(c, "invalid_request", "redirect_uri is not one that the client registered, letter by letter").write(w, http.StatusBadRequest)
		return
	}
	if no := p.judgeRequest(c, form); no != nil {
		p.sendBack(w, c, form, url.Values{"error": {no.code}, "error_description": {no.description}})
		return
	}
	t := p.next()
	if t.denied != "" {
		p.sendBack(w, c, form, url.Values{"error": {t.denied}, "error_description": {"the test wants it so"}})
		return
	}
	scopes := strings.Fields(form.Get("scope"))
	g := &grant{
		client: client.ID, redirectURI: to, challenge: form.Get("code_challenge"), nonce: form.Get("nonce"),
		scopes: scopes, person: t.person, sid: secret.New(), authTime: p.now(), expires: p.now().Add(time.Minute),
		offline: slices.Contains(scopes, "offline_access") || form.Get("access_type") == "offline",
	}
	if c.quirks.Answers.NoPKCE {
		g.challenge = ""
	}
	p.sessions[session{client.ID, t.person.Subject}] = g.sid
	code := secret.New()
	p.codes[code] = g
	p.sendBack(w, c, form, url.Values{"code": {code}})
}

// judgeRequest holds a request to the rules of the code flow. The error is one for the
// client.
func (p *Provider) judgeRequest(c *call, form url.Values) *oauthError {
	no := func(code, why string) *oauthError { return p.mistake(c, code, why) }
	for name, values := range form {
		if len(values) > 1 && slices.Contains([]string{"client_id", "redirect_uri", "state", "nonce", "scope", "response_type", "code_challenge"}, name) {
			return no("invalid_request", name+" appears more than once")
		}
	}
	a := c.quirks.Answers
	scopes := strings.Fields(form.Get("scope"))
	mode, challenge := form.Get("response_mode"), form.Get("code_challenge")
	switch {
	case c.quirks.Endpoints.NoAuthorization:
		return no("unauthorized_client", "this provider signs nobody in")
	case form.Get("request") != "":
		return no("request_not_supported", "request objects are not supported")
	case form.Get("response_type") != "code":
		return no("unsupported_response_type", "response_type must be code")
	case !slices.Contains(scopes, "openid"):
		return no("invalid_scope", "scope must hold openid")
	case mode != "" && mode != "query" && mode != "form_post":
		return no("invalid_request", "response_mode must be query or form_post")
	case a.FormPostOnly && len(scopes) > 1 && mode != "form_post":
		return no("invalid_request", "response_mode must be form_post when name or email is asked for")
	case a.NoPKCE:
	case a.PKCERefused && challenge != "":
		return no("invalid_request", "code_challenge is an unknown parameter")
	case a.PKCERefused || a.PKCEOptional && challenge == "":
	case challenge == "":
		return no("invalid_request", "code_challenge is missing: the client does no PKCE (RFC 7636); Quirks.Answers.PKCEOptional allows it")
	case form.Get("code_challenge_method") != oidc.PKCEMethod || oidc.CheckChallenge(challenge) != nil:
		return no("invalid_request", "code_challenge is not one of method S256 (RFC 7636 section 4.2)")
	}
	return nil
}

// sendBack sends the browser to the redirect URI with an answer.
func (p *Provider) sendBack(w http.ResponseWriter, c *call, form, answer url.Values) {
	a := c.quirks.Answers
	if s := form.Get("state"); s != "" {
		answer.Set("state", s)
	}
	if a.WrongState {
		answer.Set("state", secret.New())
	}
	if !a.NoIssuer && c.quirks.Endpoints.Tenant == "" {
		answer.Set("iss", p.issuer()) // RFC 9207 section 2
	}
	if a.WrongIssuer {
		answer.Set("iss", wrongIssuer)
	}
	to := form.Get("redirect_uri")
	if a.FormPost || form.Get("response_mode") == "form_post" {
		writeForm(w, to, answer)
		return
	}
	query := answer.Encode()
	if a.SemicolonInQuery {
		query = "session_state=a;b&" + query
	}
	if strings.Contains(to, "?") {
		to += "&" + query
	} else {
		to += "?" + query
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// writeForm answers with a page that submits itself (OAuth 2.0 Form Post Response Mode
// section 2).
func writeForm(w http.ResponseWriter, to string, answer url.Values) {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html><title>Submit</title><body onload=\"document.forms[0].submit()\"><form method=\"post\" action=\"%s\">\n", html.EscapeString(to))
	for _, name := range []string{"code", "error", "error_description", "state", "iss"} {
		if v := answer.Get(name); v != "" {
			fmt.Fprintf(&b, "<input type=\"hidden\" name=\"%s\" value=\"%s\">\n", name, html.EscapeString(v))
		}
	}
	b.WriteString("</form></body>\n")
	writeBody(w, http.StatusOK, "text/html; charset=utf-8", []byte(b.String()))
}
