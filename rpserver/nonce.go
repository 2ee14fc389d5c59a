package rpserver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// Why a nonce was not used. Any other error of a store means that it could not
// answer, and then nobody is signed in.
var (
	ErrNonceUnknown = errors.New("rpserver: nonce unknown")
	ErrNonceUsed    = errors.New("rpserver: nonce already used")
	ErrNonceExpired = errors.New("rpserver: nonce expired")
)

// errOtherBrowser is of our own judgement: a store knows no browsers.
var errOtherBrowser = errors.New("rpserver: nonce of another browser")

// NonceStore keeps the nonces and states that were used, and no others. It knows
// them by a hash that nobody can use. It is safe for concurrent use.
//
// A store has an epoch: what was made before it is unknown, since the store may have
// forgotten that it was used. A new store begins with the time when it was made, and
// each sweep moves the epoch on, never back. What is forgotten in this way is
// refused.
type NonceStore interface {
	// UseNonce uses up a nonce that was made and expires at these times. It returns
	// nil exactly once for a hash, however many callers ask at the same time and even
	// if the process ends in between. Every other call changes nothing and returns
	// ErrNonceUsed, ErrNonceUnknown for what was made before the epoch, or
	// ErrNonceExpired on or after its expiry, in this order.
	UseNonce(ctx context.Context, hash [32]byte, made, expires, now time.Time) error

	// CheckNonce says why a nonce could not be used, expiry aside: ErrNonceUsed,
	// ErrNonceUnknown or nil. It changes nothing.
	CheckNonce(ctx context.Context, hash [32]byte, made time.Time) error

	// SweepNonces forgets the nonces that expired more than an hour before now and
	// moves the epoch to an hour before now, both or neither. A relying party calls
	// it every few minutes.
	SweepNonces(ctx context.Context, now time.Time) error
}

// sweepEvery is how much time lies between two sweeps.
const sweepEvery = 10 * time.Minute

// use uses up a nonce or state, for the browser that asked for it alone. Another
// browser does not use it up, and is told first what is so for every browser.
func (rp *RP) use(ctx context.Context, s *sealed, browser string, now time.Time) error {
	if !s.of(browser) {
		return cmp.Or(rp.nonces.CheckNonce(ctx, s.hash, s.made), errOtherBrowser)
	}
	if err := rp.nonces.UseNonce(ctx, s.hash, s.made, s.made.Add(rp.lifetime), now); err != nil {
		return err
	}
	rp.sweep(ctx, now)
	return nil
}

// sweep forgets used nonces from time to time. It follows a use, so that whoever
// only asks causes no writing. A sweep that fails refuses nobody.
func (rp *RP) sweep(ctx context.Context, now time.Time) {
	last := rp.swept.Load()
	if now.Unix()-last < int64(sweepEvery.Seconds()) || !rp.swept.CompareAndSwap(last, now.Unix()) {
		return
	}
	if err := rp.nonces.SweepNonces(ctx, now); err != nil {
		rp.log.ErrorContext(ctx, "relying party: used nonces were not swept", "error", err)
	}
}

// sweepSignIns forgets sign-ins that are over from time to time, as sweep does nonces.
func (rp *RP) sweepSignIns(ctx context.Context, now time.Time) {
	last := rp.sweptRows.Load()
	if now.Unix()-last < int64(sweepEvery.Seconds()) || !rp.sweptRows.CompareAndSwap(last, now.Unix()) {
		return
	}
	if err := rp.signIns.SweepSignIns(ctx, now); err != nil {
		rp.log.ErrorContext(ctx, "relying party: sign-ins that are over were not swept", "error", err)
	}
}

// logoutUse is a logout token as it was used.
type logoutUse struct {
	provider, id string // Name, jti
	expires      time.Time
}

func (u logoutUse) hash() [32]byte { return secret.Hash("logout " + u.provider + " " + u.id) }

// checkLogout refuses a logout token that was used before.
func (rp *RP) checkLogout(ctx context.Context, u logoutUse, now time.Time) error {
	err := rp.nonces.CheckNonce(ctx, u.hash(), now)
	if errors.Is(err, ErrNonceUsed) {
		return web.NewProblem(http.StatusBadRequest, "logout_token_reused", "This logout token was used before (jti).")
	}
	return err
}

// useLogout keeps a logout token as used, for as long as it is good. That another one
// was faster is no failure: what it asked for is done.
func (rp *RP) useLogout(ctx context.Context, u logoutUse, now time.Time) error {
	if !u.expires.After(now) { // within the clock's skew
		u.expires = now.Add(rp.lifetime)
	}
	err := rp.nonces.UseNonce(ctx, u.hash(), now, u.expires, now)
	if errors.Is(err, ErrNonceUsed) {
		return nil
	}
	return err
}

// serveNonce answers POST signin/nonce: a new nonce for this browser, and the
// providers to ask with it.
func (rp *RP) serveNonce(w http.ResponseWriter, r *http.Request) error {
	nonce := rp.seal(sealedFor{label: labelNonce}, rp.rememberBrowser(w, r, cookieBrowser), "", rp.now())
	type p struct {
		Name      string `json:"name"`
		ConfigURL string `json:"configURL,omitempty"` // "": by redirect alone
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
		answer.Providers = append(answer.Providers, p{q.Name, q.ConfigURL, q.ClientID, q.TopLevelNonce, rp.startBeside(q)})
	}
	return writeJSON(w, answer)
}

// takeNonce uses up the nonce of a token that is good in every other way.
func (rp *RP) takeNonce(ctx context.Context, f sealedFor, nonce, browser string, now time.Time) error {
	err := ErrNonceUnknown
	if s, ok := rp.open(f, nonce); ok {
		err = rp.use(ctx, s, browser, now)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNonceUsed):
		return web.NewProblem(http.StatusForbidden, "nonce_reused",
			"This sign-in was completed before: its nonce is used up. Start signing in again.")
	case errors.Is(err, errOtherBrowser):
		return web.NewProblem(http.StatusForbidden, "nonce_other_browser",
			"This token was made for a sign-in that another browser began. Start signing in again.")
	case errors.Is(err, ErrNonceExpired):
		return web.NewProblem(http.StatusForbidden, "nonce_expired",
			"This sign-in took too long. Start signing in again.")
	case errors.Is(err, ErrNonceUnknown):
		return web.NewProblem(http.StatusForbidden, codeNonceUnknown,
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
