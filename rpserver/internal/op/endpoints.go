package op

import (
	"context"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Endpoints are what the provider's discovery document says about its code flow.
type Endpoints struct {
	Authorization, Token string
	RequireIss           bool // the answer must name its issuer (RFC 9207)
	RequirePush          bool // requests are to be pushed (RFC 9126)
	Scopes               []string
}

// Endpoints returns them as Metadata has them. What the document leads to is on this
// machine only where the document is. Errors are *jwks.Error, or the context's.
func (p *Provider) Endpoints(ctx context.Context) (Endpoints, error) {
	d, err := p.Metadata(ctx)
	if err != nil {
		return Endpoints{}, err
	}
	e := Endpoints{RequireIss: d.AuthorizationResponseIssParam, RequirePush: d.RequirePAR, Scopes: d.ScopesSupported}
	if e.Authorization, err = p.Endpoint(ctx, "authorization_endpoint"); err != nil {
		return Endpoints{}, err
	}
	if e.Token, err = p.Endpoint(ctx, "token_endpoint"); err != nil {
		return Endpoints{}, err
	}
	return e, nil
}

// Algorithms are those that the provider signs ID tokens with, of those that can be
// checked here; nil if it does not say.
func (p *Provider) Algorithms(ctx context.Context) ([]jws.Algorithm, error) {
	d, err := p.Metadata(ctx)
	if err != nil {
		return nil, err
	}
	return d.SigningAlgorithms()
}
