package issuer

import (
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/wasm/returnpage"
)

// PolyfillIssue serves token-request to the polyfill's script, where
// Config.Polyfill is set: Issue with headers that a page can set. The same
// origins may ask, the same policy decides.
func (i *Issuer) PolyfillIssue(w http.ResponseWriter, r *http.Request) {
	if !i.c.Polyfill {
		notFound(w)
		return
	}
	h := exchange.Polyfill
	w.Header().Set("Access-Control-Expose-Headers", h.Token)
	i.serveIssue(w, r, h, h.Token, h.Version, ProofHeader, "Content-Type")
}

// PolyfillRedeem serves token-redemption to the polyfill's keeper, where
// Config.Polyfill is set. Its records say "polyfill". The keeper sends no
// credentials; a request that has some is refused before its token is spent, so
// that a keeper with this fault does not go unnoticed.
func (i *Issuer) PolyfillRedeem(w http.ResponseWriter, r *http.Request) {
	if !i.c.Polyfill {
		notFound(w)
		return
	}
	h := exchange.Polyfill
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", h.Token+", "+h.Lifetime)
	if r.Method == http.MethodOptions {
		preflight(w, "POST", h.Token, h.Version, "Content-Type")
		return
	}
	if refused := web.CheckMethod(w, r, http.MethodPost); refused != nil {
		refused.Write(w)
		return
	}
	if r.Header.Get("Cookie") != "" || r.Header.Get("Authorization") != "" {
		i.refuse(w, r, exchange.CredentialsSent)
		return
	}
	i.serveRedeem(w, r, h, pst.ViaPolyfill)
}

func notFound(w http.ResponseWriter) {
	web.NewProblem(http.StatusNotFound, "not_found", "There is nothing at this path.").Write(w)
}

var returnPage = returnpage.Handler()

// ReturnPage serves the page to which a token keeper brings answers back, where
// Config.Polyfill is set: the issuer's own pages ask for tokens, so their origin
// needs it.
func (i *Issuer) ReturnPage(w http.ResponseWriter, r *http.Request) {
	if !i.c.Polyfill {
		notFound(w)
		return
	}
	if refused := web.CheckMethod(w, r, http.MethodGet); refused != nil {
		refused.Write(w)
		return
	}
	returnPage.ServeHTTP(w, r)
}
