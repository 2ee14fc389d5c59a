package op

import "context"

// Endpoints are what the provider's discovery document says about its code flow.
type Endpoints struct {
	Authorization, Token string
	RequireIss           bool // the answer must name its issuer (RFC 9207)
}

// Endpoints returns them as they were within the last hour. What the document
// leads to is on this machine only where the issuer is.
func (p *Provider) Endpoints(ctx context.Context) (Endpoints, error) {
	d, err := p.discovery(ctx, endpointsKept)
	if err != nil {
		return Endpoints{}, err
	}
	if _, err := p.linked("authorization_endpoint", d.AuthorizationEndpoint); err != nil {
		return Endpoints{}, err
	}
	if _, err := p.linked("token_endpoint", d.TokenEndpoint); err != nil {
		return Endpoints{}, err
	}
	return Endpoints{d.AuthorizationEndpoint, d.TokenEndpoint, d.AuthorizationResponseIssParam}, nil
}
