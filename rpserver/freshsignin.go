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
		if !s.AuthTime.IsZero() && rp.now().Sub(s.AuthTime) <= maxAge {
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
		start := rp.confirmAt(p, r, maxAge)
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

// confirmAt is where a person confirms who they are, and comes back to the page that they
// asked for.
func (rp *RP) confirmAt(p *provider, r *http.Request, maxAge time.Duration) string {
	start := rp.startFor(purpose{maxAge: strconv.Itoa(int(maxAge.Seconds()))}, p, pageOf(r))
	if u, ok := rp.User(r); ok && u.Email != "" {
		start += "&" + url.Values{"login_hint": {u.Email}}.Encode()
	}
	return start
}

var (
	errConfirm = web.NewProblem(http.StatusForbidden, "confirmation_required",
		"Confirm who you are to go on: open this page in the browser, or send the person to signin/start with max_age.")
	errConfirmFirst = web.NewProblem(http.StatusForbidden, "confirmation_required",
		"Nothing was done: confirm first that it is you, and then do it again.")
)
