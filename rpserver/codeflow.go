package rpserver

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// The code flow with PKCE by redirect is the way to sign in where FedCM is not,
// popups are blocked, or the person would rather (OpenID Connect Core 1.0 section
// 3.1, RFC 7636, RFC 9700). It ends in the same judgement and session as FedCM.
//
// What belongs to one attempt is in attempt.go, how browsers come here in navigation.go.
const (
	startPath    = "/signin/start"
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

// serveStart answers GET signin/start?provider=NAME&return=/PATH: it sends the
// browser to the provider. Without a name, where there are several, the person chooses:
// the links of a site with one provider go on working when it gets a second one.
func (rp *RP) serveStart(w http.ResponseWriter, r *http.Request) error {
	if err := checkNavigation(r); err != nil {
		return err
	}
	if r.Method == http.MethodHead { // a program that looks whether the address is there
		return nil
	}
	if isAhead(r) {
		return errAhead
	}
	q, err := readQuery(r)
	if err != nil || rp.comeHere(w, r, q) {
		return err
	}
	next, ok := safeReturn(q["return"])
	if !ok {
		return errReturnRefused
	}
	if len(q["provider"]) == 0 && len(rp.providers) > 1 && !hasPurpose(q) {
		rp.showWays(w, r, http.StatusOK, rp.ways(next))
		return nil
	}
	p, err := rp.providerNamed(q["provider"])
	if err != nil {
		return err
	}
	why, err := rp.readPurpose(r, p, q)
	if err == nil {
		err = rp.begin(w, r, p, why, next, loginHint(q))
	}
	var elsewhere *refusedAttempt // it says itself where to go on
	switch {
	case errors.Is(err, errFromHere): // a press on a page of this site would be taken for its own
		return err
	case err != nil && !errors.As(err, &elsewhere):
		return again(err, rp.startFor(why, p, next))
	}
	return err
}

// begin sends the browser to the provider with a request that only this browser's
// answer fits.
func (rp *RP) begin(w http.ResponseWriter, r *http.Request, p *provider, why purpose, next, loginHint string) error {
	d, err := p.op.Endpoints(r.Context())
	if err != nil {
		return rp.endpointsUnavailable(r, p, err)
	}
	now, browser := rp.now(), rp.rememberBrowser(w, r, p.cookieOf())
	nonce := rp.seal(sealedFor{labelCodeNonce, p.Name}, browser, "", now)
	state := rp.seal(sealedFor{why.label, p.Name}, why.bound(browser), why.written(rp.keepPath(w, next)), now)
	to, err := rp.authRequest(r.Context(), p, d, oidc.AuthRequest{
		State: state, Nonce: nonce, LoginHint: loginHint, ResponseMode: p.ResponseMode, Scopes: why.scopes, MaxAge: why.maxAge,
	}, p.verifier(browser, state))
	if err != nil {
		return rp.noAnswer(r, p, err)
	}
	rp.log.InfoContext(r.Context(), "relying party: sign-in by redirect", "issuer", p.Issuer)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// serveCallback answers signin/callback/NAME, where the provider sends the browser back
// to: GET with the answer in the query, or POST with it in a form (OAuth 2.0 Form Post
// Response Mode) where ResponseMode says so.
func (rp *RP) serveCallback(w http.ResponseWriter, r *http.Request) error {
	if isAhead(r) {
		return errAhead
	}
	p, err := rp.providerNamed([]string{r.PathValue("provider")})
	if err != nil {
		return err
	}
	q, err := rp.readAnswer(w, r, p)
	if err != nil {
		return err
	}
	if failure := q["error"]; len(q["state"]) == 0 && len(failure) == 1 {
		// Of whose sign-in is not said, so nothing is taken for it; why is said all the same.
		said := &oidc.ProviderError{Code: failure[0], Description: q.Get("error_description"), URI: q.Get("error_uri")}
		return again(rp.providerRefusal(r, p, said, ""), rp.startAt(p, "/"))
	}
	if len(q["state"]) != 1 {
		return again(web.NewProblem(http.StatusForbidden, "state_missing",
			"The answer does not say which sign-in it belongs to (state). Start signing in again."), rp.startAt(p, "/"))
	}
	state := q.Get("state")
	attempt, why, ok := rp.openAttempt(r, p, state)
	if !ok {
		return again(errStateUnknown, rp.startAt(p, "/"))
	}
	browser, ok := rp.browserOf(r, p.cookieOf())
	if !ok && rp.now().Before(attempt.made.Add(rp.lifetime)) && comeAgain(w, r, q) {
		return nil
	}
	path := rp.pathOf(w, r, attempt.path)
	err = rp.answered(w, r, p, q, attempt, why, browser)
	if errors.Is(err, errStateReused) && attempt.of(why.bound(browser)) {
		// The page was loaded again, or the button pressed twice. With a POST of another site
		// no session comes that would say whether the first one signed the person in.
		_, signedIn := rp.User(r)
		switch {
		case signedIn, p.ResponseMode == modeFormPost:
			err = nil
		case comeAgainLater(w, r, q): // it came twice at once, and the other one may not be through
			return nil
		}
	}
	if err != nil && rp.isOld(r, err, why) {
		err = nil
	}
	if err != nil {
		if !attempt.of(why.bound(browser)) { // somebody else began it
			why = purpose{}
		}
		return again(err, rp.startFor(why, p, path))
	}
	how := arrivedSignedIn
	if why.label == labelConfirm {
		how = arrivedConfirmed
	}
	rp.arrive(w, r, how, path)
	return nil
}

// readAnswer reads the parameters of the provider's answer.
func (rp *RP) readAnswer(w http.ResponseWriter, r *http.Request, p *provider) (url.Values, error) {
	want := http.MethodGet
	if p.ResponseMode == modeFormPost {
		want = http.MethodPost
	}
	if problem := web.CheckMethod(w, r, want); problem != nil {
		return nil, problem
	}
	if want == http.MethodGet {
		return readQuery(r)
	}
	return readPosted(w, r)
}

// maxPosted bounds an answer that comes in a form, in bytes.
const maxPosted = 64 << 10

// answered judges the provider's answer and signs the person in.
func (rp *RP) answered(w http.ResponseWriter, r *http.Request, p *provider, q url.Values, attempt *sealed, why purpose, browser string) error {
	switch {
	case browser == "" && !rp.now().Before(attempt.made.Add(rp.lifetime)): // and the cookie's time is over too
		return errStateExpired
	case browser == "":
		return errBrowserUnknown
	}
	d, err := p.op.Endpoints(r.Context())
	if err != nil {
		return rp.endpointsUnavailable(r, p, err)
	}
	if err := rp.takeState(r.Context(), attempt, why.bound(browser)); err != nil {
		return err
	}
	state := q.Get("state")
	issuer := p.Issuer
	if iss := q["iss"]; len(iss) == 1 && p.isIssuer(iss[0]) { // a tenant of it, or another form of its name
		issuer = iss[0]
	}
	answer, err := oidc.JudgeAnswer(q, state, issuer, d.RequireIss)
	var refused *oidc.Error
	var denied *oidc.ProviderError
	switch {
	case errors.As(err, &refused):
		rp.logProvider(r, p, "relying party: the provider's answer was refused", err)
		return &refusedBecause{web.NewProblem(http.StatusForbidden, refused.Code, "The provider's answer was refused: "+refused.Message+"."), err}
	case errors.As(err, &denied):
		return rp.providerRefusal(r, p, denied, state)
	case err != nil:
		return err
	}
	tokens, err := p.op.Exchange(r.Context(), op.CodeRequest{
		RedirectURI: rp.redirectURI(p), Code: answer.Code, Verifier: p.verifier(browser, state),
	})
	if err != nil {
		return rp.noAnswer(r, p, err)
	}
	_, _, err = rp.finish(w, r, p, brought{
		token: tokens.IDToken, nonceFor: sealedFor{labelCodeNonce, p.Name}, cookie: p.cookieOf(), answer: tokens, why: why,
	})
	return err
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
