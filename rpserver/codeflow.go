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

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// The code flow with PKCE by redirect is the way to sign in where FedCM is not,
// popups are blocked, or the person would rather (OpenID Connect Core 1.0 section
// 3.1, RFC 7636, RFC 9700). It ends in the same judgement and session as FedCM.
//
// What belongs to one attempt is kept nowhere but in its state parameter and in
// this browser's cookie:
//   - state is 256 random bits, the provider's name and where to go on to. Its
//     hash is in the NonceStore, bound to the browser, and is taken once: nothing
//     in it can be changed, and an answer works once and in one browser.
//   - the PKCE verifier is derived from the browser's cookie and the state. Who
//     reads the URLs of a sign-in, or the store, cannot make it.
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
		return web.NewProblem(http.StatusBadRequest, "return_url_refused",
			"The address to return to is not a path of this site. Give a path like /basket.")
	}
	d, err := p.endpoints.get(r.Context())
	if err != nil {
		return rp.endpointsUnavailable(r, p, err)
	}
	now, browser, nonce := rp.now(), rp.rememberBrowser(w, r), newSecret()
	state := newSecret() + "." + p.Name + "." + base64.RawURLEncoding.EncodeToString([]byte(next))
	for _, hash := range [][32]byte{hashSecret(nonce), hashState(state)} {
		err := rp.nonces.PutNonce(r.Context(), Nonce{Hash: hash, Browser: hashSecret(browser), Issued: now, Expires: now.Add(rp.lifetime)})
		if err != nil {
			return err
		}
	}
	challenge, err := oidc.Challenge(verifierOf(browser, state))
	if err != nil {
		return err
	}
	scopes := p.Scopes
	if scopes == nil {
		scopes = []string{"profile", "email"}
	}
	to, err := oidc.AuthRequest{
		ClientID: p.ClientID, RedirectURI: rp.redirectURI(p), State: state, Nonce: nonce, Challenge: challenge,
		Scopes: scopes, LoginHint: q.Get("login_hint"), HostedDomain: p.HostedDomain,
	}.URL(d.authorization)
	if err != nil {
		return err
	}
	rp.log.InfoContext(r.Context(), "relying party: sign-in by redirect", "issuer", p.Issuer)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// serveCallback answers GET signin/callback/NAME, where the provider sends the
// browser back to.
func (rp *RP) serveCallback(w http.ResponseWriter, r *http.Request) error {
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
			"The answer does not say to which sign-in it belongs (state). Start signing in again.")
	}
	state := q.Get("state")
	name, next, ok := readState(state)
	if !ok || name != p.Name {
		return errStateUnknown
	}
	browser, ok := rp.browserOf(r)
	if !ok {
		return errBrowserUnknown
	}
	d, err := p.endpoints.get(r.Context())
	if err != nil {
		return rp.endpointsUnavailable(r, p, err)
	}
	if err := rp.takeState(r.Context(), state, browser); err != nil {
		return err
	}
	answer, err := oidc.JudgeAnswer(q, state, p.Issuer, d.requireIss)
	var refused *oidc.Error
	var denied *oidc.ProviderError
	switch {
	case errors.As(err, &refused):
		return web.NewProblem(http.StatusForbidden, refused.Code, "The provider's answer was refused: "+refused.Message+".")
	case errors.As(err, &denied):
		return providerRefusal(denied)
	case err != nil:
		return err
	}
	token, err := rp.exchange(r.Context(), p, d, answer.Code, verifierOf(browser, state))
	if err != nil {
		return err
	}
	if _, _, err := rp.finish(w, r, p, token); err != nil {
		return err
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// readQuery refuses what two readers could take differently.
func readQuery(r *http.Request) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, web.NewProblem(http.StatusBadRequest, "malformed_query", "The address is not well encoded.")
	}
	return q, nil
}

// takeState uses up the state, for this browser alone.
func (rp *RP) takeState(ctx context.Context, state, browser string) error {
	err := rp.nonces.TakeNonce(ctx, hashState(state), hashSecret(browser), rp.now())
	switch {
	case errors.Is(err, ErrNonceUsed):
		return web.NewProblem(http.StatusForbidden, "state_reused",
			"This sign-in was completed, or refused, before. Start signing in again.")
	case errors.Is(err, ErrNonceOtherBrowser):
		return web.NewProblem(http.StatusForbidden, "state_other_browser",
			"This answer belongs to a sign-in that another browser began. Start signing in again.")
	case errors.Is(err, ErrNonceExpired):
		return web.NewProblem(http.StatusForbidden, "state_expired", "This sign-in took too long. Start signing in again.")
	case errors.Is(err, ErrNonceUnknown):
		return errStateUnknown
	}
	return err
}

var (
	errStateUnknown = web.NewProblem(http.StatusForbidden, "state_unknown",
		"This answer belongs to no sign-in that was begun here. Start signing in again.")
	errBrowserUnknown = web.NewProblem(http.StatusForbidden, "browser_unknown",
		"This browser sent no sign-in cookie, so the token cannot be tied to it. "+
			"Allow cookies for this site and start signing in again.")
)

// providerRefusal says what the provider's error means. Its own words are not
// repeated: they could be anybody's.
func providerRefusal(e *oidc.ProviderError) error {
	code, detail := "provider_error", "The identity provider refused to sign you in. Try again, or ask the people who run this site."
	switch e.Code {
	case "access_denied":
		code, detail = "provider_access_denied", "You were not signed in: you, or the identity provider, said no."
	case "login_required", "consent_required", "account_selection_required", "interaction_required":
		code, detail = "provider_"+e.Code, "The identity provider has to ask you something first. Start signing in again."
	case "temporarily_unavailable", "server_error":
		code, detail = "provider_"+e.Code, "The identity provider is not available now. Try again later."
	case "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope":
		code, detail = "provider_"+e.Code, "The identity provider did not accept this site's request. The people who run the site have to change it."
	}
	return web.NewProblem(http.StatusForbidden, code, detail)
}

// hashState keeps states apart from nonces in the store.
func hashState(state string) [32]byte { return hashSecret("state " + state) }

func readState(state string) (name, next string, ok bool) {
	parts := strings.Split(state, ".")
	if len(parts) != 3 || !wellFormedSecret(parts[0]) {
		return "", "", false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	if err != nil {
		return "", "", false
	}
	next, ok = safeReturn([]string{string(b)})
	return parts[1], next, ok
}

// verifierOf derives the PKCE verifier of an attempt: 43 characters (RFC 7636
// section 4.1), by HMAC-SHA256 under the browser's secret.
func verifierOf(browser, state string) string {
	mac := hmac.New(sha256.New, []byte(browser))
	mac.Write([]byte("PKCE verifier " + state))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// safeReturn accepts a path of this site; none is "/". What a browser could read
// as another host ("//host", "/\host", control characters) is refused, and so is
// everything with a scheme.
func safeReturn(values []string) (string, bool) {
	if len(values) == 0 {
		return "/", true
	}
	s := values[0]
	if len(values) > 1 || len(s) == 0 || len(s) > maxReturn || s[0] != '/' || strings.HasPrefix(s, "//") ||
		strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == '\\' || c >= 0x7f }) {
		return "", false
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\") {
		return "", false
	}
	return s, true
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
