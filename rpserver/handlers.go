package rpserver

import (
	"errors"
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// serveNothing answers what is no path of the sign-in. Where Prefix is still in the
// path every request ends here, and whoever mounted it is told why.
func (rp *RP) serveNothing(w http.ResponseWriter, r *http.Request) {
	detail := "There is nothing here. The paths are below signin/ and signout; signin/start begins a sign-in."
	if rp.prefix != "" && strings.HasPrefix(r.URL.Path, rp.prefix+"/") {
		detail += " The prefix " + rp.prefix + " is still in the path: mount the handler with http.StripPrefix."
	}
	web.NewProblem(http.StatusNotFound, "not_found", detail).Write(w)
}

// post wraps what changes state: POST alone, from our own pages alone, the
// answer kept by no cache.
func (rp *RP) post(serve func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		err := error(nil)
		if p := web.CheckMethod(w, r, http.MethodPost); p != nil {
			err = p
		} else if p := rp.checkSameOrigin(r); p != nil {
			err = p
		} else {
			err = serve(w, r)
		}
		if err != nil {
			rp.refuse(w, r, err)
		}
	}
}

// server wraps what a provider's server calls: POST alone, no cookie, no page.
func (rp *RP) server(serve func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if p := web.CheckMethod(w, r, http.MethodPost); p != nil {
			rp.refuse(w, r, p)
		} else if err := serve(w, r); err != nil {
			rp.refuse(w, r, err)
		}
	}
}

// refuse answers with the problem that err is.
func (rp *RP) refuse(w http.ResponseWriter, r *http.Request, err error) {
	rp.problemOf(r, err).Write(w)
}

// problemOf logs err and gives what to answer. An error that is no problem is
// ours: the person gets a 503 without its text, the log gets the text.
func (rp *RP) problemOf(r *http.Request, err error) *web.Problem {
	var p *web.Problem
	if !errors.As(err, &p) {
		rp.log.ErrorContext(r.Context(), "relying party: cannot answer", "path", web.ForLog(r.URL.Path), "error", err)
		return errUnavailable
	}
	attrs := []any{"path", web.ForLog(r.URL.Path), "code", p.Code}
	if rp.ownSecret && (p.Code == codeNonceUnknown || p.Code == codeStateUnknown) {
		attrs = append(attrs, "hint", "Config.Secrets is empty: nonces and states made by another process, or by this one before a restart, are unknown here")
	}
	rp.log.InfoContext(r.Context(), "relying party: refused", attrs...)
	return p
}

var errUnavailable = web.NewProblem(http.StatusServiceUnavailable, "temporarily_unavailable",
	"The server could not finish this. Nobody was signed in or out; try again.")
