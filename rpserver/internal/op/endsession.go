package op

import (
	"context"
	"net/url"
	"strings"
)

// EndSession is a request to sign a person out at the provider as well (OpenID Connect
// RP-Initiated Logout 1.0 section 2).
type EndSession struct {
	IDTokenHint           string // "" if it was not kept
	ClientID              string
	PostLogoutRedirectURI string // as registered
	State                 string
}

// maxHint bounds an ID token in an address, in bytes: servers and browsers refuse longer
// ones as a whole, and the provider then signs nobody out.
const maxHint = 6 << 10

// EndSession returns where the browser goes to sign out, and false if the provider has no
// such place.
func (p *Provider) EndSession(ctx context.Context, q EndSession) (string, bool, error) {
	d, err := p.Metadata(ctx)
	if err != nil {
		return "", false, err
	}
	if d.EndSessionEndpoint == "" {
		return "", false, nil
	}
	to, err := p.Endpoint(ctx, "end_session_endpoint")
	if err != nil {
		return "", false, err
	}
	u, err := url.Parse(to)
	if err != nil {
		return "", false, err
	}
	query := url.Values{}
	for name, value := range map[string]string{
		"id_token_hint": q.IDTokenHint, "client_id": q.ClientID,
		"post_logout_redirect_uri": q.PostLogoutRedirectURI, "state": q.State,
	} {
		if value != "" && len(value) <= maxHint {
			query.Set(name, value)
		}
	}
	// What the document's address has stays as it is written.
	u.RawQuery = strings.Trim(u.RawQuery+"&"+query.Encode(), "&")
	return u.String(), true, nil
}
