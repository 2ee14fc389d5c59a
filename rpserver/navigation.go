package rpserver

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// How people come to the sign-in and go on from it: by a link in a mail, from the site's
// other hosts, with the page loaded again, with a browser that keeps a cookie back, and
// with programs that look at an address before they do.

// navigation wraps what a browser navigates to. A refusal is a page. The methods other
// than GET are for the handler to refuse.
func (rp *RP) navigation(serve func(http.ResponseWriter, *http.Request) error, also ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer") // the URL may hold a code
		if p := web.CheckMethod(w, r, append([]string{http.MethodGet}, also...)...); p != nil {
			rp.refusePage(w, r, p)
			return
		}
		if err := serve(w, r); err != nil {
			rp.refusePage(w, r, err)
		}
	}
}

// checkNavigation refuses what is no page that a person goes to: a frame, an image, a
// script's request. Where the person comes from does not matter. A link in a mail or on
// the site's other host leads to a page that needs a sign-in, and the browser says of
// the redirect to here that it came from another site. Another site can so begin a
// sign-in of its visitor; what it cannot do is end one, or end it as somebody else: the
// answer must be bound to this browser's cookie, and the account is the visitor's own.
func checkNavigation(r *http.Request) error {
	mode, dest := r.Header.Values("Sec-Fetch-Mode"), r.Header.Values("Sec-Fetch-Dest")
	known := len(mode) <= 1 && len(dest) <= 1
	if known && (len(mode) == 0 || mode[0] == "navigate") && (len(dest) == 0 || dest[0] == "document") {
		return nil
	}
	return web.NewProblem(http.StatusForbidden, "navigation_required",
		"Signing in is a page of its own: it cannot be begun in a frame or by a script. Open it with a link.")
}

// isAhead tells whether nobody looks at the answer yet: browsers fetch ahead what they
// expect next (Fetch, the Sec-Purpose header, and what there was before it), programs
// look at an address with HEAD. An answer of a provider works once, and is the person's.
func isAhead(r *http.Request) bool {
	if r.Method == http.MethodHead {
		return true
	}
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if v := strings.ToLower(r.Header.Get(name)); strings.HasPrefix(v, "prefetch") || strings.HasPrefix(v, "preview") {
			return true
		}
	}
	return false
}

// errAhead makes a browser ask again when the person gets there: it keeps no answer
// that is not a success.
var errAhead = web.NewProblem(http.StatusServiceUnavailable, "fetched_ahead",
	"This address was fetched before anybody went there. Nothing was done; open it again.")

// readQuery reads the parameters of a request's query. What decides and comes twice is for
// the caller to refuse.
func readQuery(r *http.Request) (url.Values, error) {
	q, p := web.ReadQuery(r)
	if p != nil {
		return nil, p
	}
	return given(q), nil
}

// readPosted is readQuery for a form.
func readPosted(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	q, p := web.ReadPosted(w, r, maxPosted)
	if p != nil {
		return nil, p
	}
	return given(q), nil
}

// given leaves out the parameters without a value: they count as left out (RFC 6749
// section 3.1).
func given(q url.Values) url.Values {
	for name, values := range q {
		if q[name] = slices.DeleteFunc(values, func(v string) bool { return v == "" }); len(q[name]) == 0 {
			delete(q, name)
		}
	}
	return q
}

// safeReturn accepts a path of this site; none is "/", and so is one that is too long to
// keep, or that leads to another sign-in: the person signs in all the same.
func safeReturn(values []string) (string, bool) {
	switch {
	case len(values) == 0:
		return "/", true
	case len(values) > 1:
		return "", false
	case len(values[0]) > maxReturn && web.IsPath(values[0], len(values[0])), beginsAgain(values[0]):
		return "/", true
	}
	return values[0], web.IsPath(values[0], maxReturn)
}

// beginsAgain tells whether a path is that of signin/start, of this relying party or of
// another one below another prefix. Whoever wrote the link that a person followed would begin
// there what is for this site's own pages alone (readPurpose): after comeAgain the browser
// says of it that it comes from here.
func beginsAgain(path string) bool {
	u, err := url.Parse(path)
	return err == nil && u.Host == "" && strings.HasSuffix(u.Path, startPath)
}

// loginHint is whom the provider is to sign in, "" if nobody says so, or with more than
// anybody's address has.
func loginHint(q url.Values) string {
	if hint := q.Get("login_hint"); len(hint) <= maxReturn {
		return hint
	}
	return ""
}

// startAt is where a sign-in with this provider begins that comes back to a path.
func (rp *RP) startAt(p *provider, back string) string {
	return rp.prefix + startPath + "?" + url.Values{"provider": {p.Name}, "return": {back}}.Encode()
}

// startBeside is the same for signin.js, which knows where it is.
func (rp *RP) startBeside(p *provider) string {
	return strings.TrimPrefix(startPath, "/") + "?" + url.Values{"provider": {p.Name}}.Encode()
}

// paramHere marks a sign-in that was sent to the site's own host.
const paramHere = "here"

// comeHere sends a sign-in that began at another host of the site, www.shop.example for
// shop.example or 127.0.0.1 for localhost, to the site's own: the provider sends people
// back there alone, and the cookie that binds their answer would stay behind. It does so
// once. Behind a proxy that writes a Host of its own no request is ever at home.
func (rp *RP) comeHere(w http.ResponseWriter, r *http.Request, q url.Values) bool {
	if q.Has(paramHere) || isHost(r.Host, rp.origin) {
		return false
	}
	query := paramHere + "=1"
	if r.URL.RawQuery != "" {
		query = r.URL.RawQuery + "&" + query
	}
	http.Redirect(w, r, rp.origin+rp.prefix+startPath+"?"+query, http.StatusSeeOther)
	return true
}

// isHost tells whether a Host header names the host of an origin, which has no default
// port.
func isHost(host, origin string) bool {
	scheme, at, _ := strings.Cut(origin, "://")
	port := ":80"
	if scheme == "https" {
		port = ":443"
	}
	return strings.EqualFold(strings.TrimSuffix(host, port), at)
}

// arrived is the cookie that says for a few seconds that a sign-in has just come to its
// end. Who then is not signed in has a browser, or an application, that keeps no session:
// to send them to the provider again would never end. The same is true of who has just
// confirmed who they are, and is asked to; who only signed in may have done so with what
// the provider knew since this morning.
const (
	arrived          = browserCookie("rp-arrived")
	arrivedSignedIn  = "1"
	arrivedConfirmed = "confirmed"
	arrivedTime      = 10 // seconds
)

func (rp *RP) arrive(w http.ResponseWriter, r *http.Request, how, path string) {
	http.SetCookie(w, rp.cookie(arrived, how, arrivedTime))
	http.Redirect(w, r, path, http.StatusSeeOther)
}

func (rp *RP) hasArrived(r *http.Request) bool {
	return len(rp.arrivals(r)) > 0
}

func (rp *RP) hasConfirmed(r *http.Request) bool {
	return slices.ContainsFunc(rp.arrivals(r), func(c *http.Cookie) bool { return c.Value == arrivedConfirmed })
}

func (rp *RP) arrivals(r *http.Request) []*http.Cookie {
	return r.CookiesNamed(cookieName(rp.origin, string(arrived)))
}

// paramAgain marks an answer that comes for the second time, from this site's own page.
const paramAgain = "again"

// comeAgain answers with a page that loads the same address once more. WebKit keeps a
// cookie back that was set on the way to another site where a chain of redirects leads to
// here; with a navigation of this site's own page it comes. What is lacking after that is
// lacking for good.
func comeAgain(w http.ResponseWriter, r *http.Request, q url.Values) bool {
	if r.Method != http.MethodGet || q.Has(paramAgain) {
		return false
	}
	web.GoOn(w, sameAgain(r), 0)
	return true
}

// comeAgainLater is comeAgain in a moment: what another request has begun is through then.
func comeAgainLater(w http.ResponseWriter, r *http.Request, q url.Values) bool {
	if r.Method != http.MethodGet || q.Has(paramAgain) {
		return false
	}
	web.GoOn(w, sameAgain(r), 2)
	return true
}

// sameAgain is the address of the request, marked, beside itself.
func sameAgain(r *http.Request) string {
	return r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:] + "?" + r.URL.RawQuery + "&" + paramAgain + "=1"
}

// isOld tells whether an answer is one of before that somebody who is signed in opened, from
// the history or a bookmark: it ends nothing and begins nothing, and the page where it led
// to is theirs to see. What was begun for more than to sign in was not done, and is said to
// be not done.
func (rp *RP) isOld(r *http.Request, err error, why purpose) bool {
	if why.label != labelState {
		return false
	}
	for _, old := range []error{errStateReused, errStateExpired, errBrowserUnknown, errStateOtherBrowser} {
		if errors.Is(err, old) {
			_, signedIn := rp.User(r)
			return signedIn
		}
	}
	return false
}

// initiatePath is where others send people who are to sign in here: OpenID Connect Core
// 1.0 section 4. It is the initiate_login_uri to register.
const initiatePath = "/signin/initiate"

// InitiateLoginURI is what to register at a provider that starts sign-ins itself.
func (rp *RP) InitiateLoginURI() string { return rp.origin + rp.prefix + initiatePath }

// serveInitiate answers signin/initiate?iss=ISSUER&login_hint=...&target_link_uri=..., by
// GET or POST. It begins nothing itself: it leads to signin/start, as a link would.
func (rp *RP) serveInitiate(w http.ResponseWriter, r *http.Request) error {
	q, err := readQuery(r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		if q, err = readPosted(w, r); err != nil {
			return err
		}
	}
	p := rp.providerOfIssuer(q["iss"])
	if p == nil {
		return web.NewProblem(http.StatusBadRequest, "provider_unknown", "This site does not sign in with the provider that sent you (iss).")
	}
	to := url.Values{"provider": {p.Name}}
	// A target that is not of this site is left out: it could be anybody's. So are two.
	if path, ok := strings.CutPrefix(q.Get("target_link_uri"), rp.origin); ok && len(q["target_link_uri"]) == 1 {
		if back, ok := safeReturn([]string{path}); ok {
			to.Set("return", back)
		}
	}
	if hint := loginHint(q); hint != "" {
		to.Set("login_hint", hint)
	}
	http.Redirect(w, r, rp.prefix+startPath+"?"+to.Encode(), http.StatusSeeOther)
	return nil
}

func (rp *RP) providerOfIssuer(names []string) *provider {
	if len(names) != 1 {
		return nil
	}
	for _, p := range rp.providers {
		if p.isIssuer(names[0]) {
			return p
		}
	}
	return nil
}
