package rpserver

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// RequireFresh is RequireUser for what must not happen to an open session: to change an
// address, to pay. Who did not prove to the provider within maxAge that they are who they
// are is sent there to do so, and back. A form cannot be sent by way of the provider: it is
// answered with a page that leads there, and anything that is not asked for as a page with
// a problem document; both have status 403 and the code confirmation_required.
func (rp *RP) RequireFresh(maxAge time.Duration, next http.Handler) http.Handler {
	return rp.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := rp.SignedIn(r)
		if rp.isFresh(s, maxAge) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Add("Vary", "Accept")
		if !wantsPage(r) {
			errConfirm.Write(w)
			return
		}
		w.Header().Set("Cache-Control", "no-store") // the next time they may have confirmed
		p := rp.providerOf(s)
		if p == nil {
			rp.refusePage(w, r, errConfirmFirst)
			return
		}
		start := rp.confirmAt(r, p, pageOf(r), maxAge)
		switch {
		case r.Method != http.MethodGet:
			rp.refusePage(w, r, again(errConfirmFirst, start))
		case rp.hasConfirmed(r): // and it was not enough: to ask again would never end
			rp.refusePage(w, r, again(errNotConfirmed, start))
		default:
			http.Redirect(w, r, start, http.StatusSeeOther)
		}
	}))
}

// linkFresh is how long ago who links proved to the provider who they are.
const linkFresh = 15 * time.Minute

// isFresh tells whether the person proved within an age who they are.
func (rp *RP) isFresh(s *SignIn, age time.Duration) bool {
	return !s.AuthTime.IsZero() && rp.now().Sub(s.AuthTime) <= age
}

// confirmAt is where the person who is signed in confirms who they are, and comes back
// from.
func (rp *RP) confirmAt(r *http.Request, p *provider, back string, age time.Duration) string {
	start := rp.startFor(purpose{maxAge: strconv.Itoa(int(age.Seconds()))}, p, back)
	if u, ok := rp.User(r); ok && u.Email != "" {
		start += "&" + url.Values{"login_hint": {u.Email}}.Encode()
	}
	return start
}

// confirms tells whether the person of a sign-in can confirm who they are: the provider is
// among ours, said once when they proved it, and answers with the cookie of the session.
func (p *provider) confirms(s *SignIn) bool {
	return p != nil && !s.AuthTime.IsZero() && p.ResponseMode != modeFormPost
}

// confirmFirst refuses what needs a fresh sign-in, with where to get one. It is not gone on
// with from there by itself: it begins on a page of this site.
func (rp *RP) confirmFirst(r *http.Request, p *provider, q url.Values) error {
	back, ok := safeReturn(q["return"])
	if !ok {
		return errReturnRefused
	}
	return again(errConfirmFirst, rp.confirmAt(r, p, back, linkFresh))
}

var (
	errConfirm = web.NewProblem(http.StatusForbidden, "confirmation_required",
		"Confirm who you are to go on: open this page in the browser, or send the person to signin/start with max_age.")
	errConfirmFirst = web.NewProblem(http.StatusForbidden, "confirmation_required",
		"Nothing was done: confirm first that it is you, and then do it again.")
)
