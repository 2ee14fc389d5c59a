package op

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// pushedLifetime is how long a pushed request waits for the browser. It works once.
const pushedLifetime = time.Minute

// ServePAR answers the pushed authorization request endpoint (RFC 9126): a client's server
// sends the request, and the browser brings a name for it. A row is written only for who
// has a secret, so nobody fills the store.
func (o *OP) ServePAR(w http.ResponseWriter, r *http.Request) {
	o.answerServer(w, r, "par", http.StatusCreated, o.push)
}

func (o *OP) push(_ http.ResponseWriter, r *http.Request, form url.Values, client *directory.Client) ([]byte, error) {
	if len(client.SecretHash) == 0 {
		return nil, web.NewProblem(http.StatusUnauthorized, tokenInvalidClient, "A client needs a secret to push a request.")
	}
	in := url.Values{}
	for name, values := range form {
		in[name] = values
	}
	in.Del("client_secret")
	in.Set("client_id", client.ID)
	req, err := o.read(r.Context(), in)
	var page *web.Problem
	var refused *oidc.ProviderError
	switch {
	case errors.As(err, &refused):
		return nil, web.NewProblem(http.StatusBadRequest, refused.Code, refused.Description)
	case errors.As(err, &page):
		return nil, web.NewProblem(http.StatusBadRequest, tokenInvalidRequest, page.Detail)
	case err != nil:
		return nil, err
	}
	reference := secret.New()
	err = o.c.Codes.PutCode(r.Context(), directory.Code{
		Purpose: directory.CodePushed, Hash: secret.Hash(reference), Account: client.ID, Data: []byte(req.params.Encode()),
		Expires: o.c.Now().Add(pushedLifetime),
	})
	if err != nil {
		return nil, err
	}
	o.c.People.Sweep(r.Context())
	return oidc.PushedAnswer(reference, int64(pushedLifetime.Seconds()))
}

// errPushedGone is a page: where an answer may go stood in the request.
var errPushedGone = web.NewProblem(http.StatusBadRequest, "request_gone",
	"This request was used before, or is older than a minute. Go back to the site and begin again.")

// pushed are the parameters of a request that its client pushed, which is used up; nil if
// the browser brings the request itself.
func (o *OP) pushed(ctx context.Context, in url.Values) (url.Values, error) {
	reference, ok := oidc.Pushed(in)
	if !ok {
		return nil, nil
	}
	c, err := o.c.Codes.TakeCode(ctx, directory.CodePushed, secret.Hash(reference), o.c.Now())
	if errors.Is(err, directory.ErrNotFound) || err == nil && (len(in["client_id"]) != 1 || in.Get("client_id") != c.Account) {
		return nil, errPushedGone
	}
	if err != nil {
		return nil, err
	}
	return web.ParseQuery(string(c.Data))
}
