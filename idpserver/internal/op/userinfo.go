package op

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// The errors of whoever shows an access token (RFC 6750 section 3.1).
const (
	bearerInvalidRequest = "invalid_request"
	bearerInvalidToken   = "invalid_token"
	bearerScope          = "insufficient_scope"
)

// ServeUserinfo answers the userinfo endpoint (OpenID Connect Core 1.0 section 5.3): GET
// or POST with the access token in the Authorization header, POST also with it in the
// form (RFC 6750 sections 2.1 and 2.2). A token in the query is refused: it would stand
// in every log on the way.
func (o *OP) ServeUserinfo(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if preflight(w, r, "GET, POST") {
		return
	}
	body, err := o.userinfo(w, r)
	var p *web.Problem
	switch {
	case err == nil:
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	case errors.As(err, &p):
		o.refuseBearer(w, r, p)
	default:
		o.c.Log.ErrorContext(r.Context(), "userinfo endpoint failed", "error", err.Error())
		o.writeRefusal(w, web.NewProblem(http.StatusServiceUnavailable, "temporarily_unavailable", "The provider could not answer. Try again."))
	}
}

func (o *OP) userinfo(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if p := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); p != nil {
		return nil, p
	}
	token, err := bearer(w, r)
	if err != nil {
		return nil, err
	}
	access, err := o.c.Tokens.Access(r.Context(), token)
	if errors.Is(err, tokens.ErrInvalidToken) {
		return nil, errInvalidToken
	}
	if err != nil {
		return nil, err
	}
	client, err := o.c.Clients.Client(r.Context(), access.Authorization.Client)
	if errors.Is(err, directory.ErrNotFound) { // it was registered once
		return nil, errInvalidToken
	}
	if err != nil {
		return nil, err
	}
	allowOrigin(w, r, client)
	if !access.Has(tokens.ScopeOpenID) {
		return nil, web.NewProblem(http.StatusForbidden, bearerScope, "The access token is not for the userinfo endpoint: it lacks the scope openid.")
	}
	body, err := o.c.Tokens.Userinfo(r.Context(), access, client)
	if errors.Is(err, tokens.ErrInvalidToken) {
		return nil, errInvalidToken
	}
	return body, err
}

var (
	errNoToken      = web.NewProblem(http.StatusUnauthorized, "", "Send the access token: Authorization: Bearer TOKEN.")
	errInvalidToken = web.NewProblem(http.StatusUnauthorized, bearerInvalidToken, "The access token is unknown, expired or revoked.")
)

// bearer is the access token of a request.
func bearer(w http.ResponseWriter, r *http.Request) (string, error) {
	twice := web.NewProblem(http.StatusBadRequest, bearerInvalidRequest, "The access token comes more than once, or in more than one way.")
	var found []string
	for _, v := range r.Header.Values("Authorization") {
		scheme, token, _ := strings.Cut(v, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return "", errNoToken
		}
		found = append(found, strings.TrimLeft(token, " "))
	}
	q, p := web.ReadQuery(r)
	if p != nil {
		return "", p
	}
	if q.Has("access_token") {
		return "", web.NewProblem(http.StatusBadRequest, bearerInvalidRequest, "The access token came in the address, where logs keep it. Send it in the Authorization header.")
	}
	if r.Method == http.MethodPost && r.ContentLength != 0 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, p := web.ReadForm(w, r, pages.MaxForm)
		if p != nil {
			return "", web.NewProblem(p.Status, bearerInvalidRequest, p.Error())
		}
		found = append(found, form["access_token"]...)
	}
	switch {
	case len(found) > 1:
		return "", twice
	case len(found) == 0 || found[0] == "":
		return "", errNoToken
	}
	return found[0], nil
}

// refuseBearer writes a refusal with the challenge of RFC 6750 section 3.
func (o *OP) refuseBearer(w http.ResponseWriter, r *http.Request, p *web.Problem) {
	o.c.Log.InfoContext(r.Context(), "userinfo refused", "code", p.Code, "status", p.Status)
	challenge := `Bearer realm="userinfo"`
	if p.Code != "" { // no more is said to who sent no token at all
		challenge += `, error="` + p.Code + `", error_description="` + p.Detail + `"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	if p.Code == "" {
		p.SetHeaders(w.Header())
		w.WriteHeader(p.Status)
		return
	}
	o.writeRefusal(w, p)
}
