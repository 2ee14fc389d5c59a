package op

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// Push sends an authentication request from server to server, and returns the
// request_uri that stands for it in the browser's address (RFC 9126). Errors are *Error.
func (p *Provider) Push(ctx context.Context, params []oidc.Param) (requestURI string, err error) {
	form := url.Values{}
	for _, q := range params {
		form.Add(q.Name, q.Value)
	}
	r, why := p.post(ctx, "pushed_authorization_request_endpoint", form)
	if why != nil {
		return "", why
	}
	if r.said != nil || r.status != http.StatusCreated && r.status != http.StatusOK { // section 2.2, and what some answer
		why := r.refused(CodeNotTaken)
		if r.said != nil {
			why.Setting = RequestSetting(r.said.Code)
		}
		return "", why
	}
	uri, err := oidc.ParsePushed(r.body, p.maxAnswer())
	if err != nil {
		return "", &Error{Code: CodeMalformed, Status: r.status, Err: fmt.Errorf("pushed authorization request: %w", err)}
	}
	return uri, nil
}

// RequestSetting is the setting that providers refuse authentication requests for, by the
// code of their error (RFC 6749 section 4.1.2.1); "" if none is known.
func RequestSetting(code string) string {
	switch code {
	case oidc.ErrorInvalidRequest:
		return "ResponseMode, Params or InsecureNoPKCE"
	case oidc.ErrorInvalidScope:
		return "Scopes or Offline"
	}
	return ""
}
