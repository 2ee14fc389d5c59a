//go:build !tinygo

package oidc

import "strings"

// AuthRequest is an authentication request of the code flow (OpenID Connect Core
// section 3.1.2.1) with PKCE (RFC 7636 section 4.3): URL writes what a relying
// party sends, ParseAuthRequest and Judge read what comes to a provider. State,
// Nonce and Challenge belong to one browser and one attempt; NewRandom and
// NewVerifier make them.
type AuthRequest struct {
	ClientID     string   // required
	RedirectURI  string   // required, exactly as registered
	State        string   // required by URL
	Nonce        string   // required by URL
	Challenge    string   // required: Challenge(verifier)
	Scopes       []string // URL writes openid first, whether it is among them or not
	LoginHint    string
	Prompt       string // Prompt..., several with a space between them
	HostedDomain string // hd: a hint alone; the ID token's hd decides
	MaxAge       string // seconds
	Display      string // page, popup, touch or wap
	ACRValues    string
	UILocales    string
	AccessType   string // Google: "offline" for a refresh token
	IDTokenHint  string // an ID token of the person who is asked for
	Claims       string // JSON, as ParseClaimsRequest reads it
	ResponseMode string // form_post; empty: the answer comes in the query
	Extra        []Param

	// InsecureNoPKCE writes a request without a challenge, for providers that refuse one:
	// a code that is stolen on its way is then good for whoever authenticates as the client.
	InsecureNoPKCE bool

	// What has one value where a request is written, and that it is read as: scope
	// is Scopes in one text.
	responseType, scope, challengeMethod string
	request, requestURI, registration    string
	repeated                             string // a parameter that came more than once
}

// Param is one parameter of a query.
type Param struct{ Name, Value string }

// Values of Prompt, all those of OpenID Connect Core.
const (
	PromptNone          = "none" // alone: nobody may be asked anything
	PromptLogin         = "login"
	PromptConsent       = "consent"
	PromptSelectAccount = "select_account"
)

// PromptValues are the values of Prompt that Judge accepts, for a provider's
// discovery document.
func PromptValues() []string {
	return []string{PromptNone, PromptLogin, PromptConsent, PromptSelectAccount}
}

// members gives every parameter's name once, for writing and reading.
func (r *AuthRequest) members() []member[string] {
	return []member[string]{
		{"client_id", &r.ClientID},
		{"redirect_uri", &r.RedirectURI},
		{"response_type", &r.responseType},
		{"response_mode", &r.ResponseMode},
		{"scope", &r.scope},
		{"state", &r.State},
		{"nonce", &r.Nonce},
		{"code_challenge", &r.Challenge},
		{"code_challenge_method", &r.challengeMethod},
		{"prompt", &r.Prompt},
		{"login_hint", &r.LoginHint},
		{"hd", &r.HostedDomain},
		{"max_age", &r.MaxAge},
		{"request", &r.request},
		{"request_uri", &r.requestURI},
		{"registration", &r.registration},
		{"display", &r.Display},
		{"acr_values", &r.ACRValues},
		{"ui_locales", &r.UILocales},
		{"access_type", &r.AccessType},
		{"claims", &r.Claims},
		{"id_token_hint", &r.IDTokenHint},
	}
}

// Params are the parameters that have a value, those of Extra last. In a request
// that was read they are as they came.
func (r *AuthRequest) Params() []Param {
	var out []Param
	for _, m := range r.members() {
		if *m.value != "" {
			out = append(out, Param{m.name, *m.value})
		}
	}
	for _, p := range r.Extra {
		if p.Value != "" {
			out = append(out, p)
		}
	}
	return out
}

// Written are the parameters as they are sent, response_type first. Errors are *Error.
func (r AuthRequest) Written() ([]Param, error) {
	for _, p := range []Param{{"client_id", r.ClientID}, {"redirect_uri", r.RedirectURI}, {"state", r.State}, {"nonce", r.Nonce}} {
		if p.Value == "" {
			return nil, refuse(CodeRequest, "the request lacks "+p.Name)
		}
	}
	r.challengeMethod = ""
	if !r.InsecureNoPKCE {
		if err := CheckChallenge(r.Challenge); err != nil {
			return nil, err
		}
		r.challengeMethod = PKCEMethod
	}
	scope := "openid"
	var written []string
	for _, s := range r.Scopes {
		if s == "" || strings.ContainsAny(s, " \"\\") {
			return nil, refuse(CodeRequest, "a scope is empty or holds a character that no scope has")
		}
		if s != "openid" && !contains(written, s) {
			scope += " " + s
			written = append(written, s)
		}
	}
	for _, p := range r.Extra {
		for _, m := range r.members() {
			// What only wishes for something may come either way, once.
			if m.name == p.Name && !(contains(hints, m.name) && *m.value == "") {
				return nil, refuse(CodeRequest, "an extra parameter has the name of one that the request sets itself")
			}
		}
	}
	r.responseType, r.scope = "", scope
	// whoever looks at the address sees first what it is
	return append([]Param{{"response_type", "code"}}, r.Params()...), nil
}

// URL returns the address to send the browser to. The parameters are appended to
// endpoint, which may have a query of its own. Errors are *Error.
func (r AuthRequest) URL(endpoint string) (string, error) {
	params, err := r.Written()
	if err != nil {
		return "", err
	}
	return withParams(endpoint, params)
}

// PushedURL returns the address to send the browser to after a request was pushed
// (RFC 9126 section 4). Errors are *Error.
func PushedURL(endpoint, clientID, requestURI string) (string, error) {
	return withParams(endpoint, []Param{{"client_id", clientID}, {"request_uri", requestURI}})
}

func withParams(endpoint string, params []Param) (string, error) {
	if endpoint == "" || strings.ContainsAny(endpoint, "# ") {
		return "", refuse(CodeRequest, "the authorization endpoint is empty or has a fragment or space")
	}
	var b strings.Builder
	b.WriteString(endpoint)
	separator := byte('?')
	if strings.Contains(endpoint, "?") {
		separator = '&'
	}
	for _, p := range params {
		b.WriteByte(separator)
		separator = '&'
		escape(&b, p.Name)
		b.WriteByte('=')
		escape(&b, p.Value)
	}
	return b.String(), nil
}

// escape writes s for a query (WHATWG URL, application/x-www-form-urlencoded),
// with %20 for a space, which every server reads.
func escape(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
}
