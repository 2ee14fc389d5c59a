package issuer

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/wasm/returnpage"
)

// Paths of the handler.
const (
	IssuePath      = "/issue"
	RedeemPath     = "/redeem"
	TrustTokenPath = "/.well-known/trust-token"
	CommitmentPath = pst.CommitmentPath
	RecordKeysPath = "/.well-known/redemption-record-keys"

	PolyfillIssuePath  = "/.well-known/private-state-token/polyfill/issue"
	PolyfillRedeemPath = "/.well-known/private-state-token/polyfill/redeem"
	ReturnPath         = returnpage.Path
)

// Paths lists the paths that ServeHTTP answers, for mounting the issuer in a
// site's own mux:
//
//	for _, p := range issuer.Paths() {
//		mux.Handle(p, iss)
//	}
func Paths() []string {
	return []string{IssuePath, RedeemPath, TrustTokenPath, CommitmentPath, RecordKeysPath,
		PolyfillIssuePath, PolyfillRedeemPath, ReturnPath}
}

// ServeHTTP answers at the Paths, and with 404 elsewhere. Issue, Redeem,
// TrustToken, PolyfillIssue and PolyfillRedeem serve the exchanges at other paths.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case IssuePath:
		i.Issue(w, r)
	case RedeemPath:
		i.Redeem(w, r)
	case TrustTokenPath:
		i.TrustToken(w, r)
	case CommitmentPath:
		i.commitment.ServeHTTP(w, r)
	case RecordKeysPath:
		i.recordKeys.ServeHTTP(w, r)
	case PolyfillIssuePath:
		i.PolyfillIssue(w, r)
	case PolyfillRedeemPath:
		i.PolyfillRedeem(w, r)
	case ReturnPath:
		i.ReturnPage(w, r)
	default:
		notFound(w)
	}
}

// TrustToken serves issuance and redemption at one path, as the 2021 articles
// about Trust Tokens have it. A message that begins with the length of a token
// is a redemption; no batch is that large.
func (i *Issuer) TrustToken(w http.ResponseWriter, r *http.Request) {
	msg, refused := message(r, exchange.Native)
	issuance := refused == nil && !pst.IsRedeemRequest(msg)
	if r.Method == http.MethodOptions { // a preflight has no message
		issuance = i.allowed[r.Header.Get("Origin")]
	}
	if issuance {
		i.Issue(w, r)
		return
	}
	// What is wrong with the headers is the same on both sides, and this one
	// tells every origin.
	i.Redeem(w, r)
}

// message takes the message out of a request: all that a redemption sees of it.
func message(r *http.Request, h exchange.Headers) ([]byte, *refusal.Refusal) {
	return h.Message(r.Header.Values(h.Token), r.Header.Values(h.Version))
}

// answer is what goes back: the token header and a few words for the page's own
// script, to which a browser never shows that header.
type answer struct {
	token   string
	seconds int64 // lifetime of a record; 0 for none
	body    []byte
}

func (a *answer) write(w http.ResponseWriter, names exchange.Headers) {
	h := w.Header()
	// An empty value is an answer: no tokens were granted.
	h[http.CanonicalHeaderKey(names.Token)] = []string{a.token}
	if a.seconds > 0 {
		h.Set(names.Lifetime, strconv.FormatInt(a.seconds, 10))
	}
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(a.body)
}

// refuse answers with a refusal and logs its code.
func (i *Issuer) refuse(w http.ResponseWriter, r *http.Request, refused *refusal.Refusal) {
	i.c.Log.LogAttrs(context.Background(), levelOf(refused.Status), "request refused",
		slog.String("path", web.ForLog(r.URL.Path)), slog.String("code", refused.Code))
	web.Refuse(w, refused)
}

// Commitments returns a handler for the CommitmentPath alone: for servers that
// publish keys and leave the exchanges to others. version is raised with every
// change of the keys (at least 1); batch is how many tokens a client should ask
// for at a time.
func Commitments(keys *Keys, version uint32, batch int) (http.Handler, error) {
	p, err := publishCommitment(keys, version, batch)
	if err != nil {
		return nil, err
	}
	return p, nil
}

func publishCommitment(keys *Keys, version uint32, batch int) (*web.Document, error) {
	if batch < 1 || batch > MaxBatch {
		return nil, fmt.Errorf("issuer: a batch of %d; want 1 to %d", batch, MaxBatch)
	}
	c, err := keys.core.Commitment(version, batch)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	return publish(pst.CommitmentContentType, c.JSON()), nil
}

// publish makes a document that anybody may read and cache for a short time.
func publish(contentType string, body []byte) *web.Document {
	return web.NewDocument(body, contentType, "public, max-age=300")
}
