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
	d, err := p.Metadata(ctx)
	if err != nil {
		return &Error{Code: CodeUnreachable, Err: err}
	}
	if d.RevocationEndpoint == "" {
		return nil
	}
	form := url.Values{"token": {token}}
	if hint != "" {
		form.Set("token_type_hint", hint)
	}
	r, why := p.post(ctx, "revocation_endpoint", form)
	if why != nil {
		return why
	}
	if r.code() == "invalid_token" { // Google, where section 2.2 wants 200: it is over already
		return nil
	}
	if r.said != nil || r.status != http.StatusOK && r.status != http.StatusNoContent {
		return &Error{Code: CodeRefused, Status: r.status, Said: r.words}
	}
	return nil
}
