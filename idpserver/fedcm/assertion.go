package fedcm

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/bonafides-dev/bonafides/internal/web"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

const (
	maxForm  = 16 << 10      // bytes of a form; params may hold JSON of the relying party's
	maxNonce = oidc.MaxNonce // bytes; it goes into the token, which readers bound
)

// serveAssertion answers the ID assertion endpoint (FedCM, "Identity assertion endpoint").
func (h *Handler) serveAssertion(w http.ResponseWriter, r *http.Request) *Error {
	form, client, origin, e := h.credentialed(w, r)
	if e != nil {
		return e
	}
	req, err := wire.ParseAssertionRequest(form)
	if err != nil {
		return malformed(err)
	}
	if req.Nonce == "" && !client.InsecureNoNonce {
		return refuse(http.StatusBadRequest, CodeNoNonce)
	}
	if len(req.Nonce) > maxNonce {
		return refuse(http.StatusBadRequest, CodeLongNonce)
	}
	list, e := h.accounts(r)
	if e != nil {
		return e
	}
	i := slices.IndexFunc(list, func(a wire.Account) bool { return a.ID == req.AccountID })
	if i < 0 {
		return refuse(http.StatusForbidden, CodeForeignAccount)
	}
	token, err := h.config.Provider.Assert(r, &Assertion{
		AssertionRequest: *req, Client: client, Account: list[i], Origin: origin,
	})
	if err != nil {
		return h.failed(r, err)
	}
	body, err := wire.TokenJSON(token)
	if err != nil {
		return h.failed(r, err)
	}
	writeJSON(w, http.StatusOK, body)
	return nil
}

// serveDisconnect answers the disconnect endpoint (FedCM, "Disconnect endpoint"). The hint
// is an account's id or one of its login hints. An account that is not connected, where
// the provider says which are, is refused as one that is not signed in is: a site that
// knows one account of somebody must not find out by this which others they have.
func (h *Handler) serveDisconnect(w http.ResponseWriter, r *http.Request) *Error {
	form, _, _, e := h.credentialed(w, r)
	if e != nil {
		return e
	}
	req, err := wire.ParseDisconnectRequest(form)
	if err != nil {
		return malformed(err)
	}
	list, e := h.accounts(r)
	if e != nil {
		return e
	}
	i := slices.IndexFunc(list, func(a wire.Account) bool {
		return (a.ID == req.AccountHint || slices.Contains(a.LoginHints, req.AccountHint)) &&
			(a.ApprovedClients == nil || slices.Contains(a.ApprovedClients, req.ClientID))
	})
	if i < 0 {
		return refuse(http.StatusForbidden, CodeForeignAccount)
	}
	if err := h.config.Provider.Disconnect(r, req.ClientID, list[i].ID); err != nil {
		return h.failed(r, err)
	}
	body, err := wire.DisconnectJSON(list[i].ID)
	if err != nil {
		return h.failed(r, err)
	}
	writeJSON(w, http.StatusOK, body)
	return nil
}

// credentialed makes the checks that the two POST endpoints share. Once the
// origin is known to be the client's, it sets the CORS headers, so that from
// then on the relying party gets to see why it was refused; before that nobody
// does but the server's log.
func (h *Handler) credentialed(w http.ResponseWriter, r *http.Request) (form url.Values, c *Client, origin string, e *Error) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Origin")
	if e = refused(web.CheckMethod(w, r, http.MethodPost)); e != nil {
		return nil, nil, "", e
	}
	if e = checkDest(r); e != nil {
		return nil, nil, "", e
	}
	form, unread := web.ReadForm(w, r, maxForm)
	if unread != nil {
		return nil, nil, "", refused(unread)
	}
	id := form.Get("client_id")
	if id == "" {
		return nil, nil, "", refuse(http.StatusBadRequest, CodeNoClient)
	}
	if c, e = h.client(r, id); e != nil {
		return nil, nil, "", e
	}
	origins := r.Header["Origin"]
	if len(origins) != 1 || origins[0] == "" {
		return nil, nil, "", refuse(http.StatusForbidden, CodeNoOrigin)
	}
	if origin = origins[0]; !slices.Contains(c.Origins, origin) {
		return nil, nil, "", refuse(http.StatusForbidden, CodeForeignOrigin)
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	return form, c, origin, nil
}

// client finds the relying party.
func (h *Handler) client(r *http.Request, id string) (*Client, *Error) {
	c, err := h.config.Provider.Client(r.Context(), id)
	if errors.Is(err, ErrUnknownClient) {
		return nil, refuse(http.StatusForbidden, CodeUnknownClient)
	}
	if err != nil {
		return nil, h.failed(r, err)
	}
	return c, nil
}

// checkDest refuses whatever is not the browser's own request. Scripts and forms
// cannot send this header (Fetch, "forbidden request-header"), so this
// is what keeps other sites from using the person's cookies here.
func checkDest(r *http.Request) *Error {
	if d := r.Header["Sec-Fetch-Dest"]; len(d) != 1 || wire.CheckDest(d[0]) != nil {
		return refuse(http.StatusForbidden, CodeNotBrowser)
	}
	return nil
}
