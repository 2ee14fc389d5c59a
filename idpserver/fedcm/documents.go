package fedcm

import (
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/web"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
)

// buildDocuments writes the two fixed documents once.
func (h *Handler) buildDocuments() (err error) {
	h.wellKnown, err = wire.WellKnown{
		ProviderURLs: []string{h.ConfigURL()},
		// Browsers want these two as well from a provider that has client
		// metadata, so that the config file cannot tell relying parties apart.
		AccountsEndpoint: h.url(h.path("accounts")),
		LoginURL:         h.url(h.config.LoginPath),
	}.JSON()
	if err != nil {
		return err
	}
	h.document, err = wire.ProviderConfig{
		AccountsEndpoint:        h.path("accounts"),
		ClientMetadataEndpoint:  h.path("client-metadata"),
		IDAssertionEndpoint:     h.path("assertion"),
		DisconnectEndpoint:      h.path("disconnect"),
		LoginURL:                h.config.LoginPath,
		SupportsUseOtherAccount: true,
		PopupEndpoint:           h.config.PopupPath,
		Branding:                h.config.Branding,
	}.JSON()
	return err
}

// serveWellKnown answers GET /.well-known/web-identity (FedCM, "The Well-Known File"). It
// is public: no cookies come with it and anybody may read it.
func (h *Handler) serveWellKnown(w http.ResponseWriter, r *http.Request) *Error {
	return servePublic(w, r, h.wellKnown)
}

// serveConfig answers GET config.json (FedCM, "The config file"), which is as public.
func (h *Handler) serveConfig(w http.ResponseWriter, r *http.Request) *Error {
	return servePublic(w, r, h.document)
}

func servePublic(w http.ResponseWriter, r *http.Request, doc []byte) *Error {
	if e := refused(web.CheckMethod(w, r, http.MethodGet)); e != nil {
		return e
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "public, max-age=300")
	writeJSON(w, http.StatusOK, doc)
	return nil
}

// serveAccounts answers the accounts endpoint (FedCM, "Accounts endpoint"). The request
// has cookies and says nothing of the relying party.
func (h *Handler) serveAccounts(w http.ResponseWriter, r *http.Request) *Error {
	if e := refused(web.CheckMethod(w, r, http.MethodGet)); e != nil {
		return e
	}
	if e := checkDest(r); e != nil {
		return e
	}
	list, e := h.accounts(r)
	if e != nil {
		return e
	}
	body, err := wire.AccountsJSON(list)
	if err != nil {
		return h.failed(r, err)
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, body)
	return nil
}

// accounts lists who is signed in in this browser; nobody is a refusal.
func (h *Handler) accounts(r *http.Request) ([]wire.Account, *Error) {
	list, err := h.config.Provider.Accounts(r)
	if err != nil {
		return nil, h.failed(r, err)
	}
	if len(list) == 0 {
		return nil, refuse(http.StatusUnauthorized, CodeSignedOut)
	}
	return list, nil
}

// serveClientMetadata answers the client metadata endpoint (FedCM, "Client Metadata").
// The request names the relying party, and carries no cookies.
func (h *Handler) serveClientMetadata(w http.ResponseWriter, r *http.Request) *Error {
	if e := refused(web.CheckMethod(w, r, http.MethodGet)); e != nil {
		return e
	}
	ids := web.Query(r)["client_id"]
	if len(ids) != 1 || ids[0] == "" {
		return refuse(http.StatusBadRequest, CodeNoClient)
	}
	client, e := h.client(r, ids[0])
	if e != nil {
		return e
	}
	body, err := wire.ClientMetadata{
		PrivacyPolicyURL:  client.PrivacyPolicyURL,
		TermsOfServiceURL: client.TermsOfServiceURL,
	}.JSON()
	if err != nil {
		return h.failed(r, err)
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	writeJSON(w, http.StatusOK, body)
	return nil
}
