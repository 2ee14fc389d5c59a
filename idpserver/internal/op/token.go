package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// The errors of the token endpoint (RFC 6749 section 5.2).
const (
	tokenInvalidRequest = "invalid_request"
	tokenInvalidClient  = "invalid_client"
	tokenInvalidGrant   = "invalid_grant"
	tokenUnsupported    = "unsupported_grant_type"
)

// ServeToken answers the token endpoint (OpenID Connect Core 1.0 section 3.1.3).
// It uses no cookie, so other sites' forms are no danger to it.
func (o *OP) ServeToken(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store") // RFC 6749 section 5.1
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	body, client, err := o.token(w, r)
	var p *web.Problem
	if err != nil && !errors.As(err, &p) {
		o.c.Log.ErrorContext(r.Context(), "token endpoint failed", "error", err.Error())
		o.refuseToken(w, r, web.NewProblem(http.StatusServiceUnavailable, "temporarily_unavailable",
			"The provider could not answer. The code may be used up; begin again."))
		return
	}
	if err != nil {
		if over := o.c.People.TokenFailed(r, client); over != nil {
			p = web.NewProblem(over.Status, "temporarily_unavailable", "Too many requests of this client, or from this network, failed.")
			p.RetryAfter = over.RetryAfter
		}
		o.refuseToken(w, r, p)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}

// refuseToken writes the error object of RFC 6749 section 5.2.
func (o *OP) refuseToken(w http.ResponseWriter, r *http.Request, p *web.Problem) {
	o.c.Log.InfoContext(r.Context(), "token refused", "code", p.Code, "status", p.Status)
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="token", charset="UTF-8"`)
	}
	p.SetHeaders(w.Header())
	var answer strictjson.Writer
	answer.String("error", p.Code)
	answer.String("error_description", p.Detail)
	b, err := answer.Bytes()
	if err != nil {
		p.Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(b)
}

// token returns the answer, and the client as soon as it is known which it is.
func (o *OP) token(w http.ResponseWriter, r *http.Request) ([]byte, *directory.Client, error) {
	if p := web.CheckMethod(w, r, http.MethodPost); p != nil {
		return nil, nil, p
	}
	form, p := web.ReadForm(w, r, pages.MaxForm)
	if p != nil {
		return nil, nil, web.NewProblem(p.Status, tokenInvalidRequest, p.Error())
	}
	client, err := o.authenticateClient(r, form)
	if err != nil {
		return nil, nil, err
	}
	bad := func(code, detail string) ([]byte, *directory.Client, error) {
		return nil, client, web.NewProblem(http.StatusBadRequest, code, detail)
	}
	switch {
	case form.Get("grant_type") == "":
		return bad(tokenInvalidRequest, "grant_type is missing.")
	case form.Get("grant_type") != "authorization_code":
		return bad(tokenUnsupported, "grant_type must be authorization_code.")
	case form.Get("code") == "" || form.Get("redirect_uri") == "":
		return bad(tokenInvalidRequest, "code and redirect_uri are both needed.")
	case form.Get("code_verifier") == "":
		return bad(tokenInvalidRequest, "code_verifier is missing (RFC 7636).")
	}
	body, err := o.exchange(r.Context(), client, form)
	return body, client, err
}

// exchange buys an ID token for the code.
func (o *OP) exchange(ctx context.Context, client *directory.Client, form url.Values) ([]byte, error) {
	bought, err := o.c.Tokens.Exchange(ctx, client, form.Get("code"), form.Get("redirect_uri"), form.Get("code_verifier"))
	if errors.Is(err, tokens.ErrInvalidGrant) {
		return nil, web.NewProblem(http.StatusBadRequest, tokenInvalidGrant,
			"The code is unknown, used already, older than a minute, or was made for another client, redirect_uri or code_verifier. Begin again.")
	}
	if err != nil {
		return nil, err
	}
	var w strictjson.Writer
	w.String("access_token", bought.AccessToken)
	w.String("token_type", "Bearer")
	w.Int("expires_in", int64(bought.Lifetime.Seconds()))
	w.String("scope", bought.Scope)
	w.String("id_token", bought.IDToken)
	return w.Bytes()
}
