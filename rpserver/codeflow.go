package rpserver

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// The code flow with PKCE by redirect is the way to sign in where FedCM is not,
// popups are blocked, or the person would rather (OpenID Connect Core 1.0 section
// 3.1, RFC 7636, RFC 9700). It ends in the same judgement and session as FedCM.
//
// What belongs to one attempt is in attempt.go.
const (
	callbackPath = "/signin/callback/"
	maxReturn    = 1024
)

// RedirectURIs are what to register at the providers, one for each: an answer
// that comes to one of them can be no other provider's (RFC 9700 section 4.4.2).
func (rp *RP) RedirectURIs() []string {
	var out []string
	for _, p := range rp.providers {
		out = append(out, rp.redirectURI(p))
	}
	return out
}

func (rp *RP) redirectURI(p *provider) string {
	return rp.origin + rp.prefix + callbackPath + p.Name
}

func (rp *RP) startPath(p *provider) string {
	return "signin/start?" + url.Values{"provider": {p.Name}}.Encode()
}

// navigation wraps what a browser navigates to. A refusal is a page.
func (rp *RP) navigation(serve func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer") // the URL may hold a code
		if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
			rp.refusePage(w, r, p)
			return
		}
		if err := serve(w, r); err != nil {
			rp.refusePage(w, r, err)
		}
	}
}

// serveStart answers GET signin/start?provider=NAME&return=/PATH: it sends the
// browser to the provider. Other sites' pages cannot begin a sign-in here.
func (rp *RP) serveStart(w http.ResponseWriter, r *http.Request) error {
	if site := r.Header.Values("Sec-Fetch-Site"); len(site) > 1 || len(site) == 1 && (site[0] == "cross-site" || site[0] == "same-site") {
		return web.NewProblem(http.StatusForbidden, "cross_origin_request",
			"This sign-in was begun by another site's page. Begin it from this site's own pages.")
	}
	q, err := readQuery(r)
	if err != nil {
		return err
	}
	p, err := rp.providerNamed(q["provider"])
	if err != nil {
		return err
	}
	next, ok := safeReturn(q["return"])
	if !ok {
		return errReturnRefused
	}
	d, err := p.op.Endpoints(r.Context())
	if err != nil {
		return rp.endpointsUnavailable(r, p, err)
	}
	now, browser := rp.now(), rp.rememberBrowser(w, r)
	nonce := rp.seal(sealedFor{labelCodeNonce, p.Name}, browser, "", now)
	state := rp.seal(sealedFor{labelState, p.Name}, browser, rp.keepPath(w, next), now)
	to, err := rp.authRequest(r.Context(), p, d, oidc.AuthRequest{
		State: state, Nonce: nonce, LoginHint: q.Get("login_hint"),
	}, p.verifier(browser, state))
	if err != nil {
		return rp.noAnswer(r, p, err)
	}
	rp.log.InfoContext(r.Context(), "relying party: sign-in by redirect", "issuer", p.Issuer)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// serveCallback answers GET signin/callback/NAME, where the provider sends the
// browser back to.
func (rp *RP) serveCallback(w http.ResponseWriter, r *http.Request) error {
	if isAhead(r) {
		return errAhead
	}
	p, err := rp.providerNamed([]string{r.PathValue("provider")})
	if err != nil {
		return err
	}
	q, err := readQuery(r)
	if err != nil {
		return err
	}
	if len(q["state"]) != 1 {
		return web.NewProblem(http.StatusForbidden, "state_missing",
			"The answer does not say which sign-in it belongs to (state). Start signing in again.")
	}
	state := q.Get("state")
	attempt, ok := rp.open(sealedFor{labelState, p.Name}, state)
	if !ok {
		return errStateUnknown
	}
	browser, ok := rp.browserOf(r)
	switch {
	case !ok && !rp.now().Before(attempt.made.Add(rp.lifetime)): // and the cookie's time is over too
		return errStateExpired
	case !ok:
		return errBrowserUnknown
	}
	d, err := p.op.Endpoints(r.Context())
	if err != nil {
		return rp.endpointsUnavailable(r, p, err)
	}
	if err := rp.takeState(r.Context(), attempt, browser); err != nil {
		if errors.Is(err, errStateReused) {
			if _, signedIn := rp.User(r); signedIn {
				return errSignedIn
			}
		}
		return err
	}
	answer, err := oidc.JudgeAnswer(q, state, p.Issuer, d.RequireIss)
	var refused *oidc.Error
	var denied *oidc.ProviderError
	switch {
	case errors.As(err, &refused):
		return web.NewProblem(http.StatusForbidden, refused.Code, "The provider's answer was refused: "+refused.Message+".")
	case errors.As(err, &denied):
		return rp.providerRefusal(r, p, denied)
	case err != nil:
		return err
	}
	tokens, err := p.op.Exchange(r.Context(), op.CodeRequest{
		RedirectURI: rp.redirectURI(p), Code: answer.Code, Verifier: p.verifier(browser, state),
	})
	if err != nil {
		return rp.noAnswer(r, p, err)
	}
	if _, _, err := rp.finish(w, r, p, brought{tokens.IDToken, sealedFor{labelCodeNonce, p.Name}, tokens, false}); err != nil {
		return err
	}
	http.Redirect(w, r, rp.pathOf(w, r, attempt.path), http.StatusSeeOther)
	return nil
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

// readQuery refuses what two readers could take differently.
func readQuery(r *http.Request) (url.Values, error) {
	q, p := web.ReadQuery(r)
	if p != nil {
		return nil, p
	}
	return q, nil
}

// safeReturn accepts a path of this site; none is "/".
func safeReturn(values []string) (string, bool) {
	switch {
	case len(values) == 0:
		return "/", true
	case len(values) > 1 || !web.IsPath(values[0], maxReturn):
		return "", false
	}
	return values[0], true
}

func (rp *RP) providerNamed(names []string) (*provider, error) {
	if len(names) == 0 && len(rp.providers) == 1 {
		return rp.providers[0], nil
	}
	for _, p := range rp.providers {
		if len(names) == 1 && p.Name == names[0] {
			return p, nil
		}
	}
	return nil, web.NewProblem(http.StatusBadRequest, "provider_unknown", "This site does not sign in with that provider.")
}
