package issuer

import (
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/refusal"
)

// allowIssue decides whether a page may ask for tokens, and sets the CORS answer
// (Fetch section 3.2.5). Tokens are granted on the strength of cookies, so only
// the issuer's own pages and allowed origins may ask. A request without Origin
// is a same-origin GET or comes from no browser, unless the browser's own
// Sec-Fetch-Site says that another site sent it.
func (i *Issuer) allowIssue(w http.ResponseWriter, r *http.Request) *refusal.Refusal {
	h := w.Header()
	h.Add("Vary", "Origin")
	switch origins := r.Header.Values("Origin"); {
	case len(origins) > 1, len(origins) == 1 && !i.allowed[origins[0]]:
		// The page may read why.
		h.Set("Access-Control-Allow-Origin", "*")
		return exchange.OriginNotAllowed
	case len(origins) == 1:
		h.Set("Access-Control-Allow-Origin", origins[0])
		h.Set("Access-Control-Allow-Credentials", "true")
		return nil
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
		return nil
	}
	return exchange.OriginNotAllowed
}

// preflight answers OPTIONS. The native token headers cause no preflight, but a
// page's own headers do, and so do the polyfill's.
func preflight(w http.ResponseWriter, methods string, headers ...string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", strings.Join(headers, ", "))
	h.Set("Access-Control-Max-Age", "600")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}
