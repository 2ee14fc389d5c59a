package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// The errors of the token endpoint (RFC 6749 section 5.2).
const (
	tokenInvalidRequest = "invalid_request"
	tokenInvalidClient  = "invalid_client"
	tokenInvalidGrant   = "invalid_grant"
	tokenUnsupported    = "unsupported_grant_type"
)

// ServeToken answers the token endpoint (OpenID Connect Core 1.0 section 3.1.3).
func (o *OP) ServeToken(w http.ResponseWriter, r *http.Request) {
	o.answerServer(w, r, "token", http.StatusOK, o.token)
}

// token is the answer of the token endpoint.
func (o *OP) token(w http.ResponseWriter, r *http.Request, form url.Values, client *directory.Client) ([]byte, error) {
	switch form.Get("grant_type") {
	case "authorization_code":
		return o.exchange(r.Context(), client, form)
	case "refresh_token":
		return o.refresh(r.Context(), client, form)
	case "":
		return nil, web.NewProblem(http.StatusBadRequest, tokenInvalidRequest, "grant_type is missing.")
	}
	return nil, web.NewProblem(http.StatusBadRequest, tokenUnsupported, "grant_type must be authorization_code or refresh_token.")
}

// exchange buys tokens for a code.
func (o *OP) exchange(ctx context.Context, client *directory.Client, form url.Values) ([]byte, error) {
	switch {
	case form.Get("code") == "" || form.Get("redirect_uri") == "":
		return nil, web.NewProblem(http.StatusBadRequest, tokenInvalidRequest, "code and redirect_uri are both needed.")
	case form.Get("code_verifier") == "" && !client.AllowNoPKCE:
		return nil, web.NewProblem(http.StatusBadRequest, tokenInvalidRequest, "code_verifier is missing (RFC 7636).")
	}
	bought, err := o.c.Tokens.Exchange(ctx, client, form.Get("code"), form.Get("redirect_uri"), form.Get("code_verifier"))
	if errors.Is(err, tokens.ErrInvalidGrant) {
		return nil, web.NewProblem(http.StatusBadRequest, tokenInvalidGrant,
			"The code is unknown, used already, older than a minute, or was made for another client, redirect_uri or code_verifier. Begin again.")
	}
	if err != nil {
		return nil, err
	}
	return bought.JSON()
}

// refresh buys tokens for a refresh token (RFC 6749 section 6).
func (o *OP) refresh(ctx context.Context, client *directory.Client, form url.Values) ([]byte, error) {
	if form.Get("refresh_token") == "" {
		return nil, web.NewProblem(http.StatusBadRequest, tokenInvalidRequest, "refresh_token is missing.")
	}
	bought, err := o.c.Tokens.Refresh(ctx, client, form.Get("refresh_token"), strings.Fields(form.Get("scope")))
	switch {
	case errors.Is(err, tokens.ErrInvalidGrant):
		return nil, web.NewProblem(http.StatusBadRequest, tokenInvalidGrant,
			"The refresh token is unknown, replaced, expired or revoked, or another client's. Ask the person to sign in again.")
	case errors.Is(err, tokens.ErrInvalidScope):
		return nil, web.NewProblem(http.StatusBadRequest, oidc.ErrorInvalidScope, "scope holds what was not granted.")
	case err != nil:
		return nil, err
	}
	return bought.JSON()
}
