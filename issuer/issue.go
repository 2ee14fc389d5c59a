package issuer

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// ProofHeader is the request header in which a page hands the policy a solved
// challenge or a CAPTCHA's answer. It is read where Config.Facts gives none.
const ProofHeader = exchange.ProofHeader

// Issue serves token-request: it asks the policy, signs as many of the blinded
// elements as it grants, and answers in the token header. Granting none is a
// success with an empty header. The body tells the page's script numbers and
// reason: {"requested":30,"issued":7,"reason":"granted"}.
func (i *Issuer) Issue(w http.ResponseWriter, r *http.Request) {
	i.serveIssue(w, r, exchange.Native, ProofHeader, "Content-Type")
}

// serveIssue is Issue with either set of headers. preflighted are the request
// headers that a page of an allowed origin may set.
func (i *Issuer) serveIssue(w http.ResponseWriter, r *http.Request, h exchange.Headers, preflighted ...string) {
	if refused := i.allowIssue(w, r); refused != nil {
		i.refuse(w, r, refused)
		return
	}
	if r.Method == http.MethodOptions {
		preflight(w, "GET, POST", preflighted...)
		return
	}
	if refused := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); refused != nil {
		refused.Write(w)
		return
	}
	msg, refused := message(r, h)
	if refused != nil {
		i.refuse(w, r, refused)
		return
	}
	req, refused := exchange.ParseIssuance(msg)
	if refused != nil {
		i.refuse(w, r, refused)
		return
	}
	a, refused := i.issue(w, r, req)
	if refused != nil {
		i.refuse(w, r, refused)
		return
	}
	a.write(w, h)
}

func (i *Issuer) issue(w http.ResponseWriter, r *http.Request, req *pst.IssueRequest) (*answer, *refusal.Refusal) {
	now := i.c.Now()
	key, refused := i.c.Keys.core.Signing(now)
	if refused != nil {
		return nil, refused
	}
	if r.ContentLength > exchange.MaxIssueBody {
		return nil, exchange.BodyTooLarge
	}
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, exchange.MaxIssueBody)
	}
	f, err := i.c.Facts(r)
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &tooLong): // Facts read a body without a declared length
		return nil, exchange.BodyTooLarge
	case err != nil:
		return nil, i.failed("facts", err, exchange.PolicyUnavailable)
	}
	f.Requested, f.Now = min(req.Count(), i.c.BatchSize), now
	if f.Proof == "" {
		f.Proof = r.Header.Get(ProofHeader)
	}
	if len(f.Proof) > exchange.MaxProof {
		return nil, exchange.ProofTooLarge
	}
	d, err := i.c.Policy.Decide(r.Context(), f)
	if err != nil {
		return nil, i.failed("policy", err, exchange.PolicyUnavailable)
	}
	n := max(0, min(d.Tokens, f.Requested))
	token, err := exchange.SignIssuance(key, req, n)
	if err != nil {
		return nil, i.failed("signing tokens", err, exchange.SigningFailed)
	}
	i.c.Log.LogAttrs(r.Context(), slog.LevelInfo, "tokens issued",
		slog.Int("requested", req.Count()), slog.Int("issued", n), slog.String("reason", d.Reason))
	return &answer{token: token, body: issueBody(req.Count(), n, d.Reason)}, nil
}

func issueBody(requested, issued int, reason string) []byte {
	b, err := json.Marshal(struct {
		Requested int    `json:"requested"`
		Issued    int    `json:"issued"`
		Reason    string `json:"reason"`
	}{requested, issued, reason})
	if err != nil { // two ints and a string always marshal
		return nil
	}
	return b
}

// failed logs what went wrong on the issuer's own side and returns the refusal
// for it.
func (i *Issuer) failed(what string, err error, refused *refusal.Refusal) *refusal.Refusal {
	i.c.Log.LogAttrs(context.Background(), slog.LevelError, what+" failed", slog.String("error", err.Error()))
	return refused
}

func levelOf(status int) slog.Level {
	if status >= 500 {
		return slog.LevelWarn
	}
	return slog.LevelDebug
}
