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
	MaxURL                int // bytes of the whole address; 0: as long as it is
}

// maxHint bounds an ID token in an address, in bytes: servers and browsers refuse longer
// ones as a whole, and the provider then signs nobody out.
const maxHint = 6 << 10

// EndSession returns where the browser goes to sign out, and false if the provider has no
// such place. Errors are *Error.
func (p *Provider) EndSession(ctx context.Context, q EndSession) (string, bool, error) {
	to, err := p.Endpoint(ctx, "end_session_endpoint")
	if err != nil {
		why := notFound(err)
		if why.Code == CodeNoEndpoint {
			return "", false, nil
		}
		return "", false, why
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
	separator := "?"
	if strings.Contains(to, "?") { // which stays as the document has it
		separator = "&"
	}
	address := func() string {
		if len(query) == 0 {
			return to
		}
		return to + separator + query.Encode()
	}
	if q.MaxURL > 0 && len(address()) > q.MaxURL { // client_id says whose it is, too
		query.Del("id_token_hint")
	}
	return address(), true, nil
}
