package op

import (
	"context"
	"errors"
	"mime"
	"net/http"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// Userinfo asks the userinfo endpoint (OpenID Connect Core 1.0 section 5.3) about the
// person whose ID token has this subject. Errors are *Error: CodeNoEndpoint if the
// provider has none, CodeOtherPerson if it answers about somebody else.
func (p *Provider) Userinfo(ctx context.Context, accessToken, subject string) (*oidc.Userinfo, error) {
	to, missing := p.to(ctx, "userinfo_endpoint")
	if missing != nil {
		return nil, missing
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
	if err != nil {
		return nil, &Error{Code: CodeUnreachable, Err: err}
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	r, why := p.patiently(ctx, func() (*reply, *Error) { return p.send(req) })
	if why != nil {
		return nil, why
	}
	if r.status != http.StatusOK || r.said != nil {
		return nil, &Error{Code: CodeAccess, Status: r.status, Said: r.words}
	}
	if t, _, err := mime.ParseMediaType(r.header.Get("Content-Type")); err == nil && t == "application/jwt" {
		return nil, &Error{Code: CodeMalformed, Status: r.status,
			Err: errors.New("the provider signs its answer (application/jwt): let it answer this client in JSON (userinfo_signed_response_alg)")}
	}
	u, err := oidc.ParseUserinfo(r.body, subject, p.maxAnswer())
	var refused *oidc.Error
	if errors.As(err, &refused) && refused.Code == oidc.CodeUserinfoSubject {
		return nil, &Error{Code: CodeOtherPerson, Status: r.status, Err: err}
	}
	if err != nil {
		return nil, &Error{Code: CodeMalformed, Status: r.status, Err: err}
	}
	return u, nil
}
