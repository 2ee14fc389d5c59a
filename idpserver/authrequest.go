package idpserver

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// The errors of an authorization answer (RFC 6749 section 4.1.2.1, OpenID Connect
// Core 1.0 section 3.1.2.6).
const (
	authInvalidRequest   = "invalid_request"
	authUnsupportedType  = "unsupported_response_type"
	authInvalidScope     = "invalid_scope"
	authAccessDenied     = "access_denied"
	authServerError      = "server_error"
	authLoginRequired    = "login_required"
	authConsentRequired  = "consent_required"
	authAccountSelection = "account_selection_required"
	authRequestObject    = "request_not_supported"
	authRequestURI       = "request_uri_not_supported"
	authRegistration     = "registration_not_supported"
)

const (
	maxAuthRequest = 3 << 10 // bytes of the parameters in a query, so that they fit into "next"
	paramSince     = "signed_in_since"
)

// authRequest is an authentication request (OpenID Connect Core 1.0 section
// 3.1.2.1) of a known client to one of its redirect URIs.
type authRequest struct {
	client      *Client
	redirectURI string
	state       string
	nonce       string
	challenge   string
	scopes      []string
	prompts     []string
	loginHint   string
	hd          string
	since       time.Time // the person must have signed in at or after it
	params      url.Values
}

// authError is a refusal that goes back to the client by redirect.
type authError struct{ code, text string }

func (e *authError) Error() string { return e.code + ": " + e.text }

// authParams are the parameters that are read; others are ignored (RFC 6749
// section 3.1) and not carried on.
var authParams = []string{"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce",
	"code_challenge", "code_challenge_method", "prompt", "login_hint", "hd", "max_age",
	"request", "request_uri", "registration", paramSince}

// readAuthRequest judges the parameters. The first result is nil while it is not
// known where an answer may go: the refusal is then a page and never a redirect
// (RFC 9700 section 4.11.2). Later refusals are *authError.
func (s *Server) readAuthRequest(ctx context.Context, in url.Values) (*authRequest, error) {
	p := url.Values{}
	repeated := ""
	for _, name := range authParams {
		switch values := in[name]; {
		case len(values) > 1:
			repeated = name
		case len(values) == 1 && values[0] != "": // RFC 6749 section 3.1: empty is not there
			p.Set(name, values[0])
		}
	}
	page := func(code, detail string) (*authRequest, error) {
		return nil, web.NewProblem(http.StatusBadRequest, code, detail)
	}
	switch {
	case repeated == "client_id" || repeated == "redirect_uri":
		return page("duplicate_parameter", "The site's request names itself more than once. Nothing was told to it.")
	case !p.Has("client_id"):
		return page(fedcm.CodeNoClient, "The request does not say which site it is from (client_id). Nothing was told to anybody.")
	}
	client, err := s.config.Clients.Client(ctx, p.Get("client_id"))
	if errors.Is(err, ErrNotFound) {
		return page(fedcm.CodeUnknownClient, "We do not know the site that asked who you are, so we told it nothing. The people who run it have to register it.")
	}
	if err != nil {
		return nil, err
	}
	// RFC 9700 section 2.1: compared as strings, character by character.
	if !slices.Contains(client.RedirectURIs, p.Get("redirect_uri")) {
		return page("redirect_uri_mismatch", "The site asked for the answer to be sent to an address that is not registered for it (redirect_uri), so we told it nothing. The addresses must be equal to the letter.")
	}
	r := &authRequest{
		client: client, redirectURI: p.Get("redirect_uri"), state: p.Get("state"), nonce: p.Get("nonce"),
		challenge: p.Get("code_challenge"), scopes: strings.Fields(p.Get("scope")), prompts: strings.Fields(p.Get("prompt")),
		loginHint: p.Get("login_hint"), hd: p.Get("hd"), params: p,
	}
	if repeated != "" {
		return r, &authError{authInvalidRequest, repeated + " appears more than once"}
	}
	return r, r.check(s.config.Now())
}

func (r *authRequest) check(now time.Time) error {
	refuse := func(code, text string) error { return &authError{code, text} }
	p := r.params
	for _, v := range p {
		if !utf8.ValidString(v[0]) {
			return refuse(authInvalidRequest, "a parameter is not UTF-8")
		}
	}
	switch {
	case len(p.Encode()) > maxAuthRequest:
		r.state = "" // it may be what is too long
		return refuse(authInvalidRequest, "the parameters are longer than 3 KiB")
	case p.Has("request"):
		return refuse(authRequestObject, "request objects are not supported")
	case p.Has("request_uri"):
		return refuse(authRequestURI, "request_uri is not supported")
	case p.Has("registration"):
		return refuse(authRegistration, "registration is not supported")
	case !p.Has("response_type"):
		return refuse(authInvalidRequest, "response_type is missing")
	case p.Get("response_type") != "code":
		return refuse(authUnsupportedType, "response_type must be code")
	case p.Has("response_mode") && p.Get("response_mode") != "query":
		return refuse(authInvalidRequest, "response_mode must be query")
	case !slices.Contains(r.scopes, "openid"):
		return refuse(authInvalidScope, "scope must hold openid")
	case r.nonce == "" && !r.client.InsecureNoNonce:
		return refuse(authInvalidRequest, "nonce is missing")
	case len(r.nonce) > maxNonce:
		return refuse(authInvalidRequest, "nonce is longer than 512 bytes")
	case p.Get("code_challenge_method") != oidc.PKCEMethod:
		return refuse(authInvalidRequest, "code_challenge_method must be S256 (RFC 7636)")
	case oidc.CheckChallenge(r.challenge) != nil:
		return refuse(authInvalidRequest, "code_challenge is missing or is not an S256 challenge (RFC 7636)")
	case slices.Contains(r.prompts, "none") && len(r.prompts) > 1:
		return refuse(authInvalidRequest, "prompt none stands alone")
	}
	for _, v := range r.prompts {
		if !slices.Contains(promptValues, v) {
			return refuse(authInvalidRequest, "prompt has an unknown value")
		}
	}
	if p.Has("max_age") {
		n, err := strconv.ParseUint(p.Get("max_age"), 10, 31)
		if err != nil {
			return refuse(authInvalidRequest, "max_age is not a number of seconds")
		}
		r.since = now.Add(-time.Duration(n) * time.Second)
	}
	// Our own addition, when we send people to sign in afresh. It can only ask
	// for more than the request did.
	if p.Has(paramSince) {
		n, err := strconv.ParseInt(p.Get(paramSince), 10, 64)
		if err != nil {
			return refuse(authInvalidRequest, paramSince+" is not a time")
		}
		r.since = time.Unix(n, 0)
	}
	return nil
}

const maxNonce = 512 // bytes, as in the FedCM endpoints

var promptValues = []string{"none", "login", "consent", "select_account"}

func (r *authRequest) prompt(v string) bool { return slices.Contains(r.prompts, v) }

// fields are the groups of claims that the scopes ask for (OpenID Connect Core
// 1.0 section 5.4). Unknown scopes are ignored, as section 3.1.2.1 wants.
func (r *authRequest) fields() []string {
	out := []string{}
	for _, f := range defaultFields {
		scope := "profile"
		if f == fieldEmail {
			scope = "email"
		}
		if slices.Contains(r.scopes, scope) {
			out = append(out, f)
		}
	}
	return out
}

// scope is what is granted: of what was asked for, what exists here.
func (r *authRequest) scope() string {
	out := "openid"
	for _, v := range []string{"profile", "email"} {
		if slices.Contains(r.scopes, v) {
			out += " " + v
		}
	}
	return out
}

// afterSigningIn is the request as it goes on once somebody has signed in: what
// chose the account has done its work, and a sign-in that had to be fresh must
// be from now on.
func (r *authRequest) afterSigningIn(now time.Time) string {
	p := url.Values{}
	for name, v := range r.params {
		p[name] = v
	}
	p.Del("login_hint")
	p.Del("hd")
	p.Del("prompt")
	if r.prompt("login") || !r.since.IsZero() {
		p.Del("max_age")
		p.Set(paramSince, strconv.FormatInt(now.Unix(), 10))
	}
	return authorizePath + "?" + p.Encode()
}

// answerURL is the redirect URI with the answer in its query. The iss parameter
// (RFC 9207) tells a client with several providers which one answered.
func (s *Server) answerURL(r *authRequest, answer ...string) string {
	q := url.Values{"iss": {s.config.Issuer}}
	if r.state != "" {
		q.Set("state", r.state)
	}
	for i := 0; i < len(answer); i += 2 {
		q.Set(answer[i], answer[i+1])
	}
	separator := "?"
	if strings.Contains(r.redirectURI, "?") {
		separator = "&" // RFC 6749 section 3.1.2: a query that is there stays
	}
	return r.redirectURI + separator + q.Encode()
}
