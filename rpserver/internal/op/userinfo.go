package op

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// Userinfo asks the userinfo endpoint (OpenID Connect Core 1.0 section 5.3) about the
// person whose ID token has this subject. Errors are *Error: CodeNoEndpoint if the
// provider has none, CodeOtherPerson if it answers about somebody else.
func (p *Provider) Userinfo(ctx context.Context, accessToken, subject string) (*oidc.Userinfo, error) {
	if accessToken == "" {
		return nil, &Error{Code: CodeAccess, Setting: "Userinfo", Err: errors.New("there is no access token to ask with")}
	}
	to, err := p.Endpoint(ctx, "userinfo_endpoint")
	if err != nil {
		return nil, notFound(err)
	}
	r, why := p.patiently(ctx, func() (*reply, *Error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, to, nil)
		if err != nil {
			return nil, &Error{Code: CodeUnreachable, Err: err}
		}
		req.Header.Set("Authorization", "Bearer "+accessToken) // RFC 6750 section 2.1
		return p.send(req, secretsOf(nil, accessToken))
	})
	if why == nil && r.status == http.StatusMethodNotAllowed {
		// It takes the token in the body alone (section 2.2), which is asked for by few.
		r, why = p.patiently(ctx, func() (*reply, *Error) {
			form := url.Values{"access_token": {accessToken}}
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
			if err != nil {
				return nil, &Error{Code: CodeUnreachable, Err: err}
			}
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			return p.send(req, secretsOf(nil, accessToken))
		})
	}
	if why != nil {
		return nil, why
	}
	if r.status != http.StatusOK || r.said != nil {
		return nil, r.refused(CodeAccess)
	}
	if t, _, err := mime.ParseMediaType(r.header.Get("Content-Type")); err == nil && t == "application/jwt" {
		return nil, &Error{Code: CodeMalformed, Status: r.status,
			Err: errors.New("the provider signs its answer (application/jwt): let it answer this client in JSON (userinfo_signed_response_alg)")}
	}
	u, err := oidc.ParseUserinfo(r.body, subject, p.maxAnswer())
	switch {
	case errors.Is(err, &oidc.Error{Code: oidc.CodeUserinfoSubject}):
		return nil, &Error{Code: CodeOtherPerson, Status: r.status, Err: err}
	case err != nil:
		return nil, &Error{Code: CodeMalformed, Status: r.status, Err: err}
	}
	return u, nil
}
