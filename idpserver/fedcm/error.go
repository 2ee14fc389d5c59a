package fedcm

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/internal/web"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// The codes of refusals. Those of OAuth 2.0 (RFC 6749 section 4.1.2.1), for which
// browsers have sentences of their own, are used where they fit. Faults of the
// form have the codes of protocol/fedcm; "method_not_allowed",
// "wrong_content_type", "body_too_large", "body_unreadable", "malformed_form" and
// "duplicate_parameter" are refused before it is read.
const (
	CodeNotBrowser     = wire.CodeDest
	CodeNoClient       = "client_id_missing"
	CodeUnknownClient  = wire.ErrorUnauthorizedClient
	CodeNoOrigin       = "origin_missing"
	CodeForeignOrigin  = "origin_mismatch"
	CodeNoNonce        = "nonce_missing"
	CodeLongNonce      = "nonce_too_long"
	CodeSignedOut      = "signed_out"
	CodeForeignAccount = "account_not_signed_in"
	CodeUnavailable    = wire.ErrorTemporarilyUnavailable
	CodeInvalidRequest = wire.ErrorInvalidRequest
)

var details = map[string]string{
	CodeNotBrowser:     "Sec-Fetch-Dest is not webidentity. Only a browser's own FedCM request may come here; call navigator.credentials.get() instead.",
	CodeNoClient:       "client_id is missing or appears more than once. Send the id under which the relying party is registered.",
	CodeUnknownClient:  "No relying party is registered under this client_id. Check clientId, or register it with this provider.",
	CodeNoOrigin:       "The request has no Origin header, or more than one. Browsers send one with this request.",
	CodeForeignOrigin:  "The request comes from an origin that is not registered for this client_id. Register the exact origin: scheme, host and port.",
	CodeNoNonce:        "The request has no nonce. Give params: {nonce: ...} in navigator.credentials.get(), fresh for each call.",
	CodeLongNonce:      "The nonce is longer than 512 bytes. A random one of 16 to 32 bytes is enough.",
	CodeSignedOut:      "Nobody is signed in at this provider in this browser. Sign in here first, then try again.",
	CodeForeignAccount: "The account is not one of those signed in in this browser. Sign in with it first, then try again.",
	CodeUnavailable:    "The provider could not answer. Nothing was done; try again in a moment.",
}

func refuse(status int, code string) *Error { return &Error{status, code, details[code]} }

// malformed is the answer to a form that protocol/fedcm refuses; it names the
// fault and never repeats a value.
func malformed(err error) *Error {
	var fault *wire.Error
	if errors.As(err, &fault) {
		return &Error{http.StatusBadRequest, fault.Code, fault.Message}
	}
	return &Error{http.StatusBadRequest, CodeInvalidRequest, "The form could not be read."}
}

// failed turns an error of the Provider into an answer: its own refusals pass,
// anything else means that it could not answer.
func (h *Handler) failed(r *http.Request, err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	h.config.Log.ErrorContext(r.Context(), "FedCM endpoint failed", "path", web.ForLog(r.URL.Path), "error", err.Error())
	return refuse(http.StatusServiceUnavailable, CodeUnavailable)
}

// refuse writes a refusal (FedCM, "Identity assertion endpoint", error): the browser reads
// "error", developers the rest.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, e *Error) {
	h.config.Log.InfoContext(r.Context(), "FedCM request refused", "path", web.ForLog(r.URL.Path), "code", e.Code, "status", e.Status)
	page := ""
	if h.config.ErrorURL != nil {
		page = h.config.ErrorURL(e.Code)
	}
	var body strictjson.Writer
	inner, err := wire.ErrorObject(e.Code, page)
	if err == nil {
		body.Raw("error", inner)
	}
	body.String("title", http.StatusText(e.Status))
	body.Int("status", int64(e.Status))
	body.String("code", e.Code)
	body.String("detail", e.Detail)
	b, err := body.Bytes()
	if err != nil { // a provider's own code or detail is not UTF-8
		web.Refuse(w, (*refusal.Refusal)(e))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, e.Status, b)
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
