package op

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// answerServer answers what a client's server posts, with its authentication: at the
// token endpoint and those that work alike. They use no cookie, so other sites' forms are
// no danger to them. An answer of nil is an empty one; status is that of a good one.
func (o *OP) answerServer(w http.ResponseWriter, r *http.Request, endpoint string, status int,
	serve func(http.ResponseWriter, *http.Request, url.Values, *directory.Client) ([]byte, error)) {
	h := w.Header()
	h.Set("Cache-Control", "no-store") // RFC 6749 section 5.1
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	if preflight(w, r, http.MethodPost) {
		return
	}
	var client *directory.Client // as soon as it is known which it is
	body, err := func() ([]byte, error) {
		if p := web.CheckMethod(w, r, http.MethodPost); p != nil {
			return nil, p
		}
		form, p := web.ReadForm(w, r, pages.MaxForm)
		if p != nil {
			return nil, web.NewProblem(p.Status, tokenInvalidRequest, p.Error())
		}
		found, err := o.authenticateClient(r, form)
		if err != nil {
			return nil, err
		}
		client = found
		allowOrigin(w, r, client)
		return serve(w, r, form, client)
	}()
	var p *web.Problem
	if err != nil && !errors.As(err, &p) {
		o.c.Log.ErrorContext(r.Context(), endpoint+" endpoint failed", "error", err.Error())
		o.refuseServer(w, r, endpoint, web.NewProblem(http.StatusServiceUnavailable, "temporarily_unavailable",
			"The provider could not answer. Try again; a code that was sent may be used up, and then the sign-in has to begin again."))
		return
	}
	if err != nil {
		if over := o.c.People.TokenFailed(r, client); over != nil {
			p = web.NewProblem(over.Status, "temporarily_unavailable", "Too many requests of this client, or from this network, failed.")
			p.RetryAfter = over.RetryAfter
		}
		o.refuseServer(w, r, endpoint, p)
		return
	}
	if body != nil {
		h.Set("Content-Type", "application/json")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// refuseServer writes the error object of RFC 6749 section 5.2.
func (o *OP) refuseServer(w http.ResponseWriter, r *http.Request, endpoint string, p *web.Problem) {
	o.c.Log.InfoContext(r.Context(), endpoint+" refused", "code", p.Code, "status", p.Status)
	if p.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="`+endpoint+`", charset="UTF-8"`)
	}
	o.writeRefusal(w, p)
}

func (o *OP) writeRefusal(w http.ResponseWriter, p *web.Problem) {
	p.SetHeaders(w.Header())
	var answer strictjson.Writer
	answer.String("error", p.Code)
	answer.String("error_description", p.Detail)
	b, err := answer.Bytes()
	if err != nil {
		p.Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(b)
}

// preflight answers the browser's question whether a page may send a request (Fetch,
// the CORS protocol). Which client's page it is stands in the request, so any may send
// it; the answer is for the pages of the client's registered origins alone. No cookie is
// read here, and none is allowed to come.
func preflight(w http.ResponseWriter, r *http.Request, methods string) bool {
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	if r.Method != http.MethodOptions || origin == "" || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
	h.Set("Access-Control-Max-Age", "3600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allowOrigin lets a page of the client read the answer.
func allowOrigin(w http.ResponseWriter, r *http.Request, c *directory.Client) {
	if origins := r.Header.Values("Origin"); len(origins) == 1 && slices.Contains(c.Origins, origins[0]) {
		w.Header().Set("Access-Control-Allow-Origin", origins[0])
		w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate")
	}
}
