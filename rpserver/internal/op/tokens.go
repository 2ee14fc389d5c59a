package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// CodeRequest is what a code is sent with (OpenID Connect Core 1.0 section 3.1.3.1).
type CodeRequest struct {
	RedirectURI string // exactly that of the authentication request
	Code        string
	Verifier    string // PKCE; empty: the request had no challenge
}

// Exchange sends a code to the token endpoint and returns what it gives, among it an ID
// token, which the caller judges. Errors are *Error.
func (p *Provider) Exchange(ctx context.Context, q CodeRequest) (*oidc.TokenAnswer, error) {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {q.Code}, "redirect_uri": {q.RedirectURI}}
	if q.Verifier != "" {
		form.Set("code_verifier", q.Verifier)
	}
	t, why := p.tokens(ctx, form, func(*oidc.ProviderError) string { return CodeRefused })
	if why != nil {
		return nil, why
	}
	if t.IDToken == "" {
		return nil, &Error{Code: CodeNoIDToken, Status: http.StatusOK}
	}
	return t, nil
}

// grantOver are the errors that only the person can help: RFC 6749 section 5.2, and what
// Entra answers where a rule of the organisation changed since the sign-in.
var grantOver = []string{"invalid_grant", oidc.ErrorInteractionRequired, oidc.ErrorLoginRequired, oidc.ErrorConsentRequired}

// Renew sends a refresh token to the token endpoint (RFC 6749 section 6). Scopes may be
// fewer than those that were granted; none means the same. CodeGrantOver says that the
// provider takes the refresh token no more. An answer without a refresh token means that
// the old one stays. Errors are *Error.
func (p *Provider) Renew(ctx context.Context, refreshToken string, scopes []string) (*oidc.TokenAnswer, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	t, why := p.tokens(ctx, form, func(said *oidc.ProviderError) string {
		if said != nil && slices.Contains(grantOver, said.Code) {
			return CodeGrantOver
		}
		return CodeNotTaken
	})
	if why != nil {
		return nil, why
	}
	if t.AccessToken == "" {
		return nil, &Error{Code: CodeMalformed, Status: http.StatusOK, Err: errors.New("the answer holds no access token")}
	}
	return t, nil
}

// tokens asks the token endpoint. code is that of the Error where the provider refuses,
// by what it said.
func (p *Provider) tokens(ctx context.Context, form url.Values, code func(*oidc.ProviderError) string) (*oidc.TokenAnswer, *Error) {
	r, why := p.post(ctx, "token_endpoint", form)
	if why != nil {
		return nil, why
	}
	if r.status < 200 || r.status > 299 || r.said != nil { // some say no with status 200, and yes with 201
		return nil, r.refused(code(r.said))
	}
	t, err := oidc.ParseTokenAnswer(r.body, p.maxAnswer())
	if err != nil {
		return nil, &Error{Code: CodeMalformed, Status: r.status, Err: err}
	}
	if most := p.maxIDToken(); len(t.IDToken) > most {
		return nil, &Error{Code: CodeTooLarge, Status: r.status, Setting: "MaxIDToken",
			Err: fmt.Errorf("the ID token has %d bytes, more than %d", len(t.IDToken), most)}
	}
	return t, nil
}
