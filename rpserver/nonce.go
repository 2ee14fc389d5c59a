package rpserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// Nonce is a nonce as a store keeps it: no one who reads the store can use it.
type Nonce struct {
	Hash    [32]byte  // SHA-256 of the nonce
	Browser [32]byte  // SHA-256 of the pre-session cookie of the browser that asked
	Issued  time.Time // when it was made
	Expires time.Time // on or after this it is not taken
}

// Why a nonce was not taken. Any other error means that the store could not
// answer, and then nobody is signed in.
var (
	ErrNonceUnknown      = errors.New("rpserver: nonce unknown")
	ErrNonceUsed         = errors.New("rpserver: nonce already used")
	ErrNonceOtherBrowser = errors.New("rpserver: nonce of another browser")
	ErrNonceExpired      = errors.New("rpserver: nonce expired")
)

// NonceStore keeps nonces until they are used or forgotten. It is safe for
// concurrent use.
type NonceStore interface {
	// PutNonce keeps a nonce. It may forget those that expired an hour or more
	// before n was issued.
	PutNonce(ctx context.Context, n Nonce) error

	// TakeNonce uses the nonce up. It returns nil exactly once for a nonce,
	// however many callers ask at the same time and even if the process ends in
	// between, and only for the browser that it was issued to, before it expires.
	// Everyone else gets one of the errors above and changes nothing; in
	// particular another browser does not use it up. A used nonce is remembered
	// as used, for every browser, until it is forgotten.
	TakeNonce(ctx context.Context, hash, browser [32]byte, now time.Time) error
}

// serveNonce answers POST signin/nonce: a new nonce for this browser, and the
// providers to ask with it.
func (rp *RP) serveNonce(w http.ResponseWriter, r *http.Request) error {
	now := rp.now()
	nonce := newSecret()
	browser := rp.rememberBrowser(w, r)
	err := rp.nonces.PutNonce(r.Context(), Nonce{
		Hash:    hashSecret(nonce),
		Browser: hashSecret(browser),
		Issued:  now,
		Expires: now.Add(rp.lifetime),
	})
	if err != nil {
		return err
	}
	type p struct {
		ConfigURL string `json:"configURL"`
		ClientID  string `json:"clientId"`
		TopNonce  bool   `json:"topLevelNonce,omitempty"`
		Start     string `json:"start"` // the code flow with this provider, beside signin.js
	}
	answer := struct {
		Nonce     string `json:"nonce"`
		ExpiresIn int    `json:"expiresIn"`
		Providers []p    `json:"providers"`
	}{Nonce: nonce, ExpiresIn: int(rp.lifetime.Seconds())}
	for _, q := range rp.providers {
		answer.Providers = append(answer.Providers, p{q.ConfigURL, q.ClientID, q.TopLevelNonce, rp.startPath(q)})
	}
	return writeJSON(w, answer)
}

// takeNonce uses up the nonce of a token that is good in every other way.
func (rp *RP) takeNonce(ctx context.Context, nonce, browser string, now time.Time) error {
	err := rp.nonces.TakeNonce(ctx, hashSecret(nonce), hashSecret(browser), now)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNonceUsed):
		return web.NewProblem(http.StatusForbidden, "nonce_reused",
			"This sign-in was completed before: its nonce is used up. Start signing in again.")
	case errors.Is(err, ErrNonceOtherBrowser):
		return web.NewProblem(http.StatusForbidden, "nonce_other_browser",
			"This token was made for a sign-in that another browser began. Start signing in again.")
	case errors.Is(err, ErrNonceExpired):
		return web.NewProblem(http.StatusForbidden, "nonce_expired",
			"This sign-in took too long. Start signing in again.")
	case errors.Is(err, ErrNonceUnknown):
		return web.NewProblem(http.StatusForbidden, "nonce_unknown",
			"The token's nonce was not issued here. Start signing in again.")
	}
	return err
}

// writeJSON answers 200 with v, which holds strings, numbers and booleans of our
// own making and always marshals.
func writeJSON(w http.ResponseWriter, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(append(b, '\n'))
	return nil
}
