package op

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// Methods of client authentication (OpenID Connect Core 1.0 section 9).
const (
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"
	AuthKey   = "private_key_jwt"
	AuthNone  = "none"
)

// ClientAuth is who the client is and how it shows it. With nothing but ID it is a
// public client, whose codes PKCE protects. What SecretFunc and Signer fail with gets
// into no error: they log it themselves.
type ClientAuth struct {
	ID         string
	Secret     string
	SecretFunc func(context.Context) (string, error) // in place of Secret, for each request
	Signer     jws.Signer                            // private_key_jwt
	Audience   string                                // of what Signer signs; empty: the issuer
	Method     string                                // empty: the best that the provider names
}

func (a *ClientAuth) hasSecret() bool { return a.Secret != "" || a.SecretFunc != nil }

// setting is where to look when the provider does not take the client.
func (a *ClientAuth) setting() string {
	switch {
	case a.Signer != nil:
		return "ClientKey or AssertionAudience"
	case a.SecretFunc != nil:
		return "ClientSecretFunc or TokenAuth"
	}
	return "ClientSecret or TokenAuth"
}

// method is how the client authenticates itself. A discovery document that names no
// methods means basic (OpenID Connect Discovery 1.0 section 3).
func (a *ClientAuth) method(d *oidc.Discovery) (string, error) {
	var can []string
	if a.Signer != nil {
		can = append(can, AuthKey)
	}
	if a.hasSecret() {
		can = append(can, AuthBasic, AuthPost)
	}
	switch {
	case a.Method == AuthNone, a.Method == "" && can == nil:
		return AuthNone, nil
	case slices.Contains(can, a.Method):
		return a.Method, nil
	case a.Method != "":
		return "", errors.New("the client has nothing to authenticate itself with in the way that it is set to")
	}
	named := d.TokenEndpointAuthMethods
	if len(named) == 0 {
		if a.hasSecret() {
			return AuthBasic, nil
		}
		return AuthKey, nil // there is nothing else to try
	}
	for _, m := range can {
		if slices.Contains(named, m) {
			return m, nil
		}
	}
	return "", errors.New("the provider takes none of the ways in which this client can authenticate itself (token_endpoint_auth_methods_supported)")
}

// authenticate adds to a form what says who asks, and returns what goes into the header
// besides.
func (p *Provider) authenticate(ctx context.Context, form url.Values) (func(*http.Request), *Error) {
	none := func(*http.Request) {}
	a := &p.c.Auth
	d, err := p.Metadata(ctx)
	if err != nil {
		return nil, &Error{Code: CodeUnreachable, Err: err}
	}
	method, err := a.method(d)
	if err != nil {
		return nil, &Error{Code: CodeAuth, Err: err, Setting: "TokenAuth"}
	}
	if method == AuthNone {
		form.Set("client_id", a.ID)
		return none, nil
	}
	if method == AuthKey {
		audience := a.Audience
		if audience == "" {
			audience = p.c.Issuer
		}
		assertion, err := oidc.ClientAssertion(a.Signer, a.ID, audience, secret.New(), p.c.Now())
		if err != nil {
			return nil, &Error{Code: CodeAuth, Err: errors.New("the client's key signs nothing"), Setting: "ClientKey"}
		}
		form.Set("client_id", a.ID)
		form.Set("client_assertion_type", oidc.AssertionType)
		form.Set("client_assertion", assertion)
		return none, nil
	}
	password := a.Secret
	if a.SecretFunc != nil {
		// What it says is not repeated: nobody knows what it is made of.
		if password, err = a.SecretFunc(ctx); err != nil || password == "" {
			why := errors.New("the client's secret could not be made")
			if ctx.Err() != nil {
				why = fmt.Errorf("%w: %w", why, ctx.Err())
			}
			return nil, &Error{Code: CodeAuth, Err: why, Setting: "ClientSecretFunc"}
		}
	}
	if method == AuthPost {
		form.Set("client_id", a.ID)
		form.Set("client_secret", password)
		return none, nil
	}
	return func(r *http.Request) { // RFC 6749 section 2.3.1: form-encoded, then Basic
		r.SetBasicAuth(url.QueryEscape(a.ID), url.QueryEscape(password))
	}, nil
}
