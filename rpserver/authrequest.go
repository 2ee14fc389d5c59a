package rpserver

import (
	"context"
	"slices"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// authRequest is where the browser goes to sign in: the request of this attempt with
// what the provider's settings add, in the address itself or, where the provider wants
// it so, sent to it beforehand (RFC 9126).
func (rp *RP) authRequest(ctx context.Context, p *provider, d op.Endpoints, q oidc.AuthRequest, verifier string) (string, error) {
	q.ClientID, q.RedirectURI, q.HostedDomain = p.ClientID, rp.redirectURI(p), p.HostedDomain
	q.Scopes = append(slices.Clone(p.scopes()), q.Scopes...)
	q.Extra = append(q.Extra, p.Params...)
	if q.Prompt == "" {
		q.Prompt = p.Prompt
	}
	if p.Offline {
		if slices.Contains(d.Scopes, scopeOffline) {
			q.Scopes = append(q.Scopes, scopeOffline)
		} else {
			q.AccessType = "offline"
		}
	}
	q.InsecureNoPKCE = verifier == ""
	if verifier != "" {
		var err error
		if q.Challenge, err = oidc.Challenge(verifier); err != nil {
			return "", err
		}
	}
	if !d.RequirePush {
		return q.URL(d.Authorization)
	}
	params, err := q.Written()
	if err != nil {
		return "", err
	}
	uri, err := p.op.Push(ctx, params)
	if err != nil {
		return "", err
	}
	return oidc.PushedURL(d.Authorization, p.ClientID, uri)
}

// scopeOffline asks for a refresh token (OpenID Connect Core 1.0 section 11).
const scopeOffline = "offline_access"

// verifier is the PKCE verifier of an attempt, "" where it goes without.
func (p *provider) verifier(browser, state string) string {
	if p.InsecureNoPKCE {
		return ""
	}
	return verifierOf(browser, state)
}
