package op

import (
	"context"
	"net/http"
	"net/url"
)

// Revoke tells the provider that a token is wanted no more (RFC 7009). hint is its kind,
// refresh_token or access_token. A provider without the endpoint, or that does not know
// the token, has nothing to revoke: that is no error. Errors are *Error.
func (p *Provider) Revoke(ctx context.Context, token, hint string) error {
	form := url.Values{"token": {token}}
	if hint != "" {
		form.Set("token_type_hint", hint)
	}
	r, why := p.post(ctx, "revocation_endpoint", form)
	switch {
	case why != nil && why.Code == CodeNoEndpoint:
		return nil
	case why != nil:
		return why
	case r.status == http.StatusOK, r.status == http.StatusNoContent:
		return nil
	case r.said != nil && isOver(r.said):
		return nil // section 2.2 wants 200 for a token that is over; Google says 400
	}
	return r.refused(CodeNotTaken)
}
