//go:build !tinygo

package oidc

import "strings"

// AuthRequest is an authentication request of the code flow (OpenID Connect Core
// section 3.1.2.1) with PKCE. State, Nonce and Challenge belong to one browser
// and one attempt; NewRandom and NewVerifier make them.
type AuthRequest struct {
	ClientID     string   // required
	RedirectURI  string   // required, exactly as registered
	State        string   // required
	Nonce        string   // required
	Challenge    string   // required: Challenge(verifier)
	Scopes       []string // beside openid, which always comes first
	LoginHint    string
	Prompt       string
	HostedDomain string // hd: a hint alone; the ID token's hd decides
	MaxAge       string // seconds
	ACRValues    string
	UILocales    string
	AccessType   string // Google: "offline" for a refresh token
	Extra        []Param
}

// Param is one parameter of a query.
type Param struct{ Name, Value string }

// URL returns the address to send the browser to. The parameters are appended to
// endpoint, which may have a query of its own. Errors are *Error.
func (r AuthRequest) URL(endpoint string) (string, error) {
	if endpoint == "" || strings.ContainsAny(endpoint, "# ") {
		return "", refuse(CodeRequest, "the authorization endpoint is empty or has a fragment or space")
	}
	for _, p := range []Param{{"client_id", r.ClientID}, {"redirect_uri", r.RedirectURI}, {"state", r.State}, {"nonce", r.Nonce}} {
		if p.Value == "" {
			return "", refuse(CodeRequest, "the request lacks "+p.Name)
		}
	}
	if err := CheckChallenge(r.Challenge); err != nil {
		return "", err
	}
	scope := "openid"
	for _, s := range r.Scopes {
		if s == "" || strings.ContainsAny(s, " \"\\") {
			return "", refuse(CodeRequest, "a scope is empty or holds a character that no scope has")
		}
		if s != "openid" {
			scope += " " + s
		}
	}
	params := []Param{
		{"response_type", "code"}, {"client_id", r.ClientID}, {"redirect_uri", r.RedirectURI}, {"scope", scope},
		{"state", r.State}, {"nonce", r.Nonce}, {"code_challenge", r.Challenge}, {"code_challenge_method", PKCEMethod},
		{"login_hint", r.LoginHint}, {"prompt", r.Prompt}, {"hd", r.HostedDomain}, {"max_age", r.MaxAge},
		{"acr_values", r.ACRValues}, {"ui_locales", r.UILocales}, {"access_type", r.AccessType},
	}
	for _, p := range r.Extra {
		for _, own := range params {
			if own.Name == p.Name {
				return "", refuse(CodeRequest, "an extra parameter has the name of one that the request sets itself")
			}
		}
		params = append(params, p)
	}
	var b strings.Builder
	b.WriteString(endpoint)
	separator := byte('?')
	if strings.Contains(endpoint, "?") {
		separator = '&'
	}
	for _, p := range params {
		if p.Value == "" {
			continue
		}
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

// AuthAnswer is what a provider sent back to the redirect URI.
type AuthAnswer struct {
	Code  string
	Scope string
}

// ProviderError is the error that a provider answered with (RFC 6749 section
// 4.1.2.1). The texts are the provider's own.
type ProviderError struct {
	Code        string // invalid_request, access_denied, login_required, ...
	Description string
	URI         string
}

// Error returns the code alone: the description may be long and is not ours.
func (e *ProviderError) Error() string { return CodeDenied + ": " + e.Code }

// JudgeAnswer judges the parameters of a redirect back, for which url.Values can
// be used. state is the one that this browser's request had, or "" if the
// browser has none. issuer is held against the iss parameter (RFC 9207): it must
// be there if requireIss is set, and must be issuer's wherever it is. Errors are
// *Error, or *ProviderError once the answer is known to be the provider's.
func JudgeAnswer(query map[string][]string, state, issuer string, requireIss bool) (*AuthAnswer, error) {
	one := func(name string) (string, error) {
		values := query[name]
		if len(values) > 1 {
			return "", refuse(CodeResponse, "a parameter of the answer appears more than once")
		}
		if len(values) == 0 {
			return "", nil
		}
		return values[0], nil
	}
	var fields [7]string
	for i, name := range [...]string{"state", "iss", "code", "error", "error_description", "error_uri", "scope"} {
		var err error
		if fields[i], err = one(name); err != nil {
			return nil, err
		}
	}
	gotState, iss, code, failure := fields[0], fields[1], fields[2], fields[3]
	if state == "" || !equal(gotState, state) {
		return nil, refuse(CodeState, "the answer belongs to no sign-in that this browser began, or to an older one: begin again")
	}
	if iss != issuer && (iss != "" || requireIss) {
		return nil, refuse(CodeResponseIss, "the answer is of another provider than the one that was asked")
	}
	switch {
	case failure != "" && code != "":
		return nil, refuse(CodeResponse, "the answer holds a code and an error")
	case failure != "":
		return nil, &ProviderError{failure, fields[4], fields[5]}
	case code == "":
		return nil, refuse(CodeResponse, "the answer holds neither a code nor an error")
	}
	return &AuthAnswer{Code: code, Scope: fields[6]}, nil
}
