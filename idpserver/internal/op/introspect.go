package op

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// ServeIntrospect answers the introspection endpoint (RFC 7662): what a token is good
// for, to the client that has it and to the server of a scope that it holds.
func (o *OP) ServeIntrospect(w http.ResponseWriter, r *http.Request) {
	o.answerServer(w, r, "introspection", http.StatusOK, o.introspect)
}

func (o *OP) introspect(_ http.ResponseWriter, r *http.Request, form url.Values, client *directory.Client) ([]byte, error) {
	if len(client.SecretHash) == 0 { // section 4: it would answer whoever scans for tokens
		return nil, web.NewProblem(http.StatusUnauthorized, tokenInvalidClient, "A client needs a secret to ask what a token is.")
	}
	if form.Get("token") == "" {
		return nil, web.NewProblem(http.StatusBadRequest, tokenInvalidRequest, "token is missing.")
	}
	a, isRefresh, err := o.c.Tokens.Live(r.Context(), form.Get("token"))
	if err != nil && !errors.Is(err, tokens.ErrInvalidToken) {
		return nil, err
	}
	var w strictjson.Writer
	scopes := []string(nil)
	if err == nil {
		scopes = o.scopesFor(client, a, isRefresh)
	}
	if scopes == nil { // section 2.2: no more is said of what is not for who asks
		w.Bool("active", false)
		return w.Bytes()
	}
	w.Bool("active", true)
	w.String("scope", strings.Join(scopes, " "))
	w.String("client_id", a.Authorization.Client)
	if !isRefresh {
		w.String("token_type", "Bearer")
	}
	w.Int("exp", a.Expires.Unix())
	w.Int("iat", a.Issued.Unix())
	w.String("sub", a.Authorization.Account)
	w.String("aud", client.ID)
	w.String("iss", o.c.Issuer)
	return w.Bytes()
}

// scopesFor are the scopes of a token that a client may know of: all of its own, and of
// another's those that it serves. nil: it may not know of the token at all.
func (o *OP) scopesFor(client *directory.Client, a *tokens.Access, isRefresh bool) []string {
	if a.Authorization.Client == client.ID {
		return a.Scopes
	}
	if isRefresh {
		return nil
	}
	var served []string
	for _, s := range a.Scopes {
		if slices.ContainsFunc(o.c.Scopes, func(own directory.Scope) bool { return own.Name == s && own.Server == client.ID }) {
			served = append(served, s)
		}
	}
	return served
}
