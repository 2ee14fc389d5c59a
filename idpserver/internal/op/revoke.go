package op

import (
	"net/http"
	"net/url"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// ServeRevoke answers the revocation endpoint (RFC 7009). Whichever token of an
// authorization is revoked, all of it ends. A token that is unknown, over, or of another
// client is answered like one that was revoked.
func (o *OP) ServeRevoke(w http.ResponseWriter, r *http.Request) {
	o.answerServer(w, r, "revocation", http.StatusOK, o.revoke)
}

func (o *OP) revoke(_ http.ResponseWriter, r *http.Request, form url.Values, client *directory.Client) ([]byte, error) {
	if form.Get("token") == "" {
		return nil, web.NewProblem(http.StatusBadRequest, tokenInvalidRequest, "token is missing.")
	}
	return nil, o.c.Tokens.Revoke(r.Context(), client, form.Get("token"))
}
