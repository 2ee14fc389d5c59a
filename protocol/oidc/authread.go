//go:build !tinygo

package oidc

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// The most that Judge accepts, in bytes: for all parameters as a query, so that
// they fit into an address that leads back to them, and for a nonce.
const (
	MaxAuthRequest = 3 << 10
	MaxNonce       = 512
)

// hints are parameters that a provider may pass over (OpenID Connect Core section
// 3.1.2.1), and most do.
var hints = []string{"display", "acr_values", "ui_locales", "access_type", "claims", "id_token_hint"}

// Hints lists the parameters that a provider need not read: ParseAuthRequest reads those
// that it is told to.
func Hints() []string { return slices.Clone(hints) }

// ParseAuthRequest reads the parameters of a request, for which url.Values can be
// used. A parameter without a value counts as left out, and an unknown one is
// ignored (RFC 6749 section 3.1). Each of also names another parameter that the
// provider reads: one of Hints, or one of its own, which then goes into Extra.
//
// It judges nothing: an answer may go to RedirectURI only if that is registered for
// ClientID, so a provider checks that first and then calls Judge. If a parameter
// came more than once, none of its values is read; Repeated names it.
func ParseAuthRequest(query map[string][]string, also ...string) *AuthRequest {
	r := &AuthRequest{}
	read := func(name string, into *string) {
		switch values := query[name]; {
		case len(values) > 1:
			r.repeated = name
		case len(values) == 1:
			*into = values[0]
		}
	}
	for _, m := range r.members() {
		if !slices.Contains(hints, m.name) || slices.Contains(also, m.name) {
			read(m.name, m.value)
		}
	}
	for _, name := range also {
		if slices.Contains(hints, name) {
			continue
		}
		p := Param{Name: name}
		if read(name, &p.Value); p.Value != "" {
			r.Extra = append(r.Extra, p)
		}
	}
	r.Scopes = strings.Fields(r.scope)
	return r
}

// Repeated names a parameter that came more than once: the last one, in the order in
// which they are read. It is empty if there is none.
func (r *AuthRequest) Repeated() string { return r.repeated }

// AuthRules are a provider's rules for the requests of a client. By the zero value a
// request needs PKCE, which binds the code to the browser that asked for it, and no nonce,
// as OpenID Connect Core section 3.1.2.1 has it for the code flow.
type AuthRules struct {
	RequireNonce bool // refuse a request without a nonce
	AllowNoPKCE  bool // take a request without a challenge; set RequireNonce with it
}

// Judge holds a request that ParseAuthRequest read to the rules of the code flow with
// PKCE. The error is a *ProviderError, meant for the client; its description says
// which parameter is wrong and repeats none. If the request is too long, State is
// emptied, since it may be the part that is too long.
func (r *AuthRequest) Judge(rules AuthRules) error {
	no := func(code, text string) error { return &ProviderError{Code: code, Description: text} }
	if r.repeated != "" {
		return no(ErrorInvalidRequest, r.repeated+" appears more than once")
	}
	size := -1 // one separator less than parameters
	for _, p := range r.Params() {
		if !utf8.ValidString(p.Value) {
			return no(ErrorInvalidRequest, "a parameter is not UTF-8")
		}
		size += 1 + escapedSize(p.Name) + 1 + escapedSize(p.Value)
	}
	prompts := strings.Fields(r.Prompt)
	switch {
	case size > MaxAuthRequest:
		r.State = ""
		return no(ErrorInvalidRequest, "the parameters are longer than 3 KiB")
	case r.request != "":
		return no(ErrorRequestNotSupported, "request objects are not supported")
	case r.requestURI != "":
		return no(ErrorRequestURINotSupported, "request_uri is not supported")
	case r.registration != "":
		return no(ErrorRegistrationNotSupported, "registration is not supported")
	case r.responseType == "":
		return no(ErrorInvalidRequest, "response_type is missing")
	case r.responseType != "code":
		return no(ErrorUnsupportedResponseType, "response_type must be code")
	case r.ResponseMode != "" && r.ResponseMode != "query":
		return no(ErrorInvalidRequest, "response_mode must be query")
	case !slices.Contains(r.Scopes, "openid"):
		return no(ErrorInvalidScope, "scope must hold openid")
	case r.Nonce == "" && rules.RequireNonce:
		return no(ErrorInvalidRequest, "nonce is missing")
	case len(r.Nonce) > MaxNonce:
		return no(ErrorInvalidRequest, "nonce is longer than 512 bytes")
	case rules.AllowNoPKCE && r.Challenge == "" && r.challengeMethod == "":
	case r.Challenge == "" && r.challengeMethod == "":
		return no(ErrorInvalidRequest, "code_challenge is missing: this provider wants PKCE with S256 (RFC 7636)")
	case r.challengeMethod != PKCEMethod:
		return no(ErrorInvalidRequest, "code_challenge_method must be S256 (RFC 7636)")
	case CheckChallenge(r.Challenge) != nil:
		return no(ErrorInvalidRequest, "code_challenge is missing or is not an S256 challenge (RFC 7636)")
	}
	if slices.Contains(prompts, PromptNone) && len(prompts) > 1 {
		return no(ErrorInvalidRequest, "prompt none must stand alone")
	}
	for _, v := range prompts {
		if !slices.Contains(PromptValues(), v) {
			return no(ErrorInvalidRequest, "prompt has an unknown value")
		}
	}
	if _, ok := r.maxAge(); !ok {
		return no(ErrorInvalidRequest, "max_age is not a number of seconds")
	}
	return nil
}

// HasPrompt tells whether a value is among those of Prompt.
func (r *AuthRequest) HasPrompt(v string) bool { return slices.Contains(strings.Fields(r.Prompt), v) }

// SignedInSince is the time at or after which the person must have signed in, by
// the MaxAge of a judged request; the zero Time if it asks for none.
func (r *AuthRequest) SignedInSince(now time.Time) time.Time {
	age, ok := r.maxAge()
	if r.MaxAge == "" || !ok {
		return time.Time{}
	}
	return now.Add(-age)
}

// maxAge reads MaxAge, whose absence is no fault.
func (r *AuthRequest) maxAge() (time.Duration, bool) {
	if r.MaxAge == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(r.MaxAge, 10, 31)
	return time.Duration(n) * time.Second, err == nil
}

// escapedSize is the length of s in a form (WHATWG URL, form-urlencoded serializer,
// as net/url writes it): a space is one character.
func escapedSize(s string) (n int) {
	var b strings.Builder
	escape(&b, s)
	return b.Len() - 2*strings.Count(s, " ")
}
