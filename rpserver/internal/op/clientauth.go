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
// public client, whose codes PKCE protects.
type ClientAuth struct {
	ID         string
	Secret     string
	SecretFunc func(context.Context) (string, error) // in place of Secret, for each request
	Signer     jws.Signer                            // private_key_jwt
	Audience   string                                // of what Signer signs; empty: the issuer
	Method     string                                // empty: the best that the provider names
}

// methods are those that the client has what it takes for, the best one first.
func (a *ClientAuth) methods() (can []string) {
	if a.Signer != nil {
		can = append(can, AuthKey)
	}
	if a.Secret != "" || a.SecretFunc != nil {
		can = append(can, AuthBasic, AuthPost)
	}
	if len(can) == 0 {
		can = append(can, AuthNone)
	}
	return can
}

// method is how the client authenticates itself. A discovery document that names no
// methods means basic (OpenID Connect Discovery 1.0 section 3), and whoever has a key was
// told to use it. A client with nothing to show asks all the same.
func (a *ClientAuth) method(d *oidc.Discovery) (string, *Error) {
	can := a.methods()
	if a.Method != "" {
		if a.Method != AuthNone && !slices.Contains(can, a.Method) {
			return "", &Error{Code: CodeAuth, Err: fmt.Errorf("the client has nothing to show for the method %q", a.Method),
				Setting: "ClientSecret, ClientKey or TokenAuth"}
		}
		return a.Method, nil
	}
	if len(d.TokenEndpointAuthMethods) == 0 || can[0] == AuthNone {
		return can[0], nil
	}
	for _, m := range can {
		if slices.Contains(d.TokenEndpointAuthMethods, m) {
			return m, nil
		}
	}
	return "", &Error{Code: CodeAuth, Setting: "TokenAuth",
		Err: errors.New("the provider takes none of the ways in which this client can authenticate itself (token_endpoint_auth_methods_supported)")}
}

// credentials are what one request shows.
type credentials struct {
	method   string
	password string // of AuthBasic, which goes into the header
}

// authenticate adds to a form what says who asks, and to the request's header what goes
// there.
func (p *Provider) authenticate(ctx context.Context, form url.Values) (*credentials, *Error) {
	d, err := p.Metadata(ctx)
	if err != nil {
		return nil, notFound(err)
	}
	a, c := &p.c.Auth, &credentials{}
	var why *Error
	if c.method, why = a.method(d); why != nil {
		return nil, why
	}
	switch c.method {
	case AuthBasic:
		c.password, why = a.secret(ctx)
		return c, why
	case AuthPost:
		password, why := a.secret(ctx)
		form.Set("client_id", a.ID)
		form.Set("client_secret", password)
		return c, why
	case AuthKey:
		assertion, err := oidc.ClientAssertion(a.Signer, a.ID, p.audience(d), secret.New(), p.c.Now())
		if err != nil {
			return nil, &Error{Code: CodeAuth, Err: err, Setting: "ClientKey"}
		}
		form.Set("client_assertion_type", oidc.AssertionType)
		form.Set("client_assertion", assertion)
	}
	form.Set("client_id", a.ID)
	return c, nil
}

// secret is the client's, which may be made anew for each request.
func (a *ClientAuth) secret(ctx context.Context) (string, *Error) {
	if a.SecretFunc == nil {
		return a.Secret, nil
	}
	password, err := a.SecretFunc(ctx)
	if err == nil && password == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", &Error{Code: CodeAuth, Err: fmt.Errorf("the client's secret could not be made: %w", err), Setting: "ClientSecretFunc"}
	}
	return password, nil
}

// audience is what a client assertion is for: the issuer, which RFC 9126 section 2 asks
// servers to take. One that stands for several tenants is nobody's name; Entra ID takes
// its token endpoint.
func (p *Provider) audience(d *oidc.Discovery) string {
	switch {
	case p.c.Auth.Audience != "":
		return p.c.Auth.Audience
	case len(p.c.Tenants) > 0:
		return d.TokenEndpoint
	}
	return p.c.Issuer
}

// show puts into the header what goes there.
func (c *credentials) show(r *http.Request, id string) {
	if c.method == AuthBasic { // RFC 6749 section 2.3.1: form-encoded, then Basic
		r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(c.password))
	}
}

// setting is what could help where the provider refuses the client.
func (c *credentials) setting() string {
	switch c.method {
	case AuthKey:
		return "ClientKey, AssertionAudience or TokenAuth"
	case AuthNone:
		return "ClientSecret"
	}
	return "ClientSecret or TokenAuth"
}
