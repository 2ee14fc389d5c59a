package rpserver

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// One attempt of one browser. What belongs to it is kept nowhere but in this
// browser's cookie and, for a sign-in by redirect, in its state parameter:
//   - the cookie is 256 random bits that stand for the browser. Nonces and states
//     are bound to it.
//   - state holds where to go on to (returnpath.go), sealed for one provider and this
//     browser: nothing in it can be changed, and an answer works once and in one
//     browser (sealed.go).
//   - the PKCE verifier is derived from the browser's cookie and the state. Who
//     reads the URLs of a sign-in, or the store, cannot make it.

// The pre-session cookie: a random value that stands for this browser from its
// first nonce until an hour after its last one expired: who comes late is so told that
// it took too long, and not to allow cookies. A nonce is bound to it, so that a token made
// for one browser signs in no other: whoever steals or plants a token has not
// the cookie of the browser that asked for it.
//
// It is not the session cookie, since an application with its own sessions may
// not have one for strangers. All tabs of a browser share it, so that several
// sign-ins may be under way.
//
// A provider that answers by a POST (form_post) answers from another site, and this
// cookie does not come with that. A second one of the same kind does, for such
// providers alone: it is worth nothing but to bind their answers.
type browserCookie string

const (
	cookieBrowser browserCookie = "rp-browser"
	cookiePosted  browserCookie = "rp-posted"
)

// cookieOutlives is how long the cookie is there when its nonces are good no more.
const cookieOutlives = time.Hour

// cookieName gives a cookie the __Host- prefix on https: the browser then takes
// it from this very host alone, so that a neighbouring subdomain cannot plant
// one (draft-ietf-httpbis-rfc6265bis section 4.1.3.2). The prefix demands Secure,
// and WebKit drops Secure cookies of http://localhost. A port is part of the name:
// cookies are those of a host, and two sites on one would take each other's.
func cookieName(siteOrigin, name string) string {
	if u, err := url.Parse(siteOrigin); err == nil && u.Port() != "" {
		name += "-" + u.Port()
	}
	if strings.HasPrefix(siteOrigin, "https://") {
		return "__Host-" + name
	}
	return name
}

func (rp *RP) cookie(kind browserCookie, value string, maxAge int) *http.Cookie {
	c := &http.Cookie{
		Name:     cookieName(rp.origin, string(kind)),
		Value:    value,
		Path:     "/", // what __Host- demands
		MaxAge:   maxAge,
		Secure:   rp.secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
	if kind == cookiePosted {
		c.SameSite, c.Secure = http.SameSiteNoneMode, true
	}
	return c
}

// cookieOf is the kind of cookie that comes with this provider's answers.
func (p *provider) cookieOf() browserCookie {
	if p.ResponseMode == modeFormPost {
		return cookiePosted
	}
	return cookieBrowser
}

// browserOf reads the pre-session cookie. Two cookies of that name are refused
// like none: one of them is not ours.
func (rp *RP) browserOf(r *http.Request, kind browserCookie) (string, bool) {
	cs := r.CookiesNamed(cookieName(rp.origin, string(kind)))
	if len(cs) != 1 || !secret.Is(cs[0].Value) {
		return "", false
	}
	return cs[0].Value, true
}

// rememberBrowser gives this browser its cookie, or the one that it has a new
// term, so that a second tab does not take the first one's nonce from it.
func (rp *RP) rememberBrowser(w http.ResponseWriter, r *http.Request, kind browserCookie) string {
	browser, ok := rp.browserOf(r, kind)
	if !ok {
		browser = secret.New()
	}
	http.SetCookie(w, rp.cookie(kind, browser, int((rp.lifetime+cookieOutlives).Seconds())))
	return browser
}

// forgetBrowser ends the cookie, at sign-out. A sign-in leaves it until it
// expires: other tabs may be about to sign in too, and a token that is sent twice
// is then told that its nonce is used up. Alone the cookie is worth nothing.
func (rp *RP) forgetBrowser(w http.ResponseWriter) {
	http.SetCookie(w, rp.cookie(cookieBrowser, "", -1))
	http.SetCookie(w, rp.cookie(arrived, "", -1))
}

// verifierOf derives the PKCE verifier of an attempt: 43 characters (RFC 7636
// section 4.1), by HMAC-SHA256 under the browser's secret.
func verifierOf(browser, state string) string {
	mac := hmac.New(sha256.New, []byte(browser))
	mac.Write([]byte("PKCE verifier " + state))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// takeState uses up the state, for this browser alone.
func (rp *RP) takeState(ctx context.Context, state *sealed, browser string) error {
	err := rp.use(ctx, state, browser, rp.now())
	switch {
	case errors.Is(err, ErrNonceUsed):
		return errStateReused
	case errors.Is(err, errOtherBrowser):
		return errStateOtherBrowser
	case errors.Is(err, ErrNonceExpired):
		return errStateExpired
	case errors.Is(err, ErrNonceUnknown):
		return errStateUnknown
	}
	return err
}

// Codes of what was not made here, or not under the secrets that we have.
const (
	codeNonceUnknown = "nonce_unknown"
	codeStateUnknown = "state_unknown"
)

var (
	errStateUnknown = web.NewProblem(http.StatusForbidden, codeStateUnknown,
		"This answer belongs to no sign-in that was begun here. Start signing in again.")
	errStateReused = web.NewProblem(http.StatusForbidden, "state_reused",
		"This sign-in was completed, or refused, before. Start signing in again.")
	errStateOtherBrowser = web.NewProblem(http.StatusForbidden, "state_other_browser",
		"This answer belongs to a sign-in that another browser began. Start signing in again.")
	errStateExpired = web.NewProblem(http.StatusForbidden, "state_expired",
		"This sign-in took too long. Start signing in again.")
	errBrowserUnknown = web.NewProblem(http.StatusForbidden, "browser_unknown",
		"This browser sent no sign-in cookie, so the token cannot be tied to it. "+
			"Allow cookies for this site and start signing in again.")
)
