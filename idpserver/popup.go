package idpserver

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
)

// The popup is how people sign in where the browser has no FedCM. The relying
// party's page opens it at the top level, so that the page cookie comes with it;
// nothing of the native endpoints is relaxed, since no page can send
// Sec-Fetch-Dest: webidentity, and a request that has it is refused here. What is
// decided is decided by a form of our own page, which other sites cannot send
// and not frame. The answer is a message to the relying party's registered
// origin alone.
//
// Unlike FedCM's own dialog this tells us which site asks before the person
// agreed to anything. That cannot be had otherwise.
const (
	popupPath        = "/fedcm/popup"
	popupConsentPath = "/fedcm/popup/consent"
)

// Refusals of the popup beside those of the FedCM endpoints.
const (
	codePopupNative    = "not_a_window"
	codePopupState     = "state_missing"
	codePopupAction    = "action_unknown"
	codePopupDuplicate = "duplicate_parameter"
	codePopupContext   = "context_unknown"
	codeNotConnected   = "not_connected"
)

// popupView is what the page tells the one that opened it.
type popupView struct {
	origin, state string
	kind          string // "ready", "token", "error", "closed" or "disconnected"
	token         string
	account       string
	code, url     string // of an error
	next          string // where to go on to at once
	disconnect    bool
}

// popupRequest is a request of a known client's registered origin.
type popupRequest struct {
	client        *Client
	origin, state string
	context       string
	loginHint     string
	domainHint    string
	accountHint   string // of a request to disconnect
	disconnect    bool
	form          wire.AssertionRequest
	params        url.Values
}

var popupParams = []string{"client_id", "origin", "state", "context", "mode", "mediation", "nonce", "params", "fields",
	"login_hint", "domain_hint", "action", "account_hint"}

var contextWords = map[string]string{"": "Sign in to ", "signin": "Sign in to ", "signup": "Sign up to ", "use": "Use your account at ", "continue": "Continue to "}

// readPopup judges the parameters. The first result is nil while it is not known
// who asks; later refusals go to the relying party too.
func (s *Server) readPopup(ctx context.Context, r *http.Request, in url.Values) (*popupRequest, error) {
	refuse := func(status int, code, detail string) error { return web.NewProblem(status, code, detail) }
	if d := r.Header.Get("Sec-Fetch-Dest"); d != "" && d != "document" {
		return nil, refuse(http.StatusForbidden, codePopupNative, "This page answers a window only. A browser with FedCM has endpoints of its own.")
	}
	p := url.Values{}
	repeated := false
	for _, name := range popupParams {
		if values, ok := in[name]; ok {
			repeated = repeated || len(values) > 1
			p[name] = values[:1]
		}
	}
	if repeated {
		return nil, refuse(http.StatusBadRequest, codePopupDuplicate, "The site's request says something twice. Nothing was told to it.")
	}
	if p.Get("client_id") == "" {
		return nil, refuse(http.StatusBadRequest, fedcm.CodeNoClient, "The request does not say which site it is from (client_id).")
	}
	client, err := s.config.Clients.Client(ctx, p.Get("client_id"))
	if errors.Is(err, ErrNotFound) {
		return nil, refuse(http.StatusForbidden, fedcm.CodeUnknownClient, explanations[fedcm.CodeUnknownClient].text)
	}
	if err != nil {
		return nil, err
	}
	if !slices.Contains(client.Origins, p.Get("origin")) {
		return nil, refuse(http.StatusForbidden, fedcm.CodeForeignOrigin, explanations[fedcm.CodeForeignOrigin].text)
	}
	req := &popupRequest{
		client: client, origin: p.Get("origin"), state: p.Get("state"), context: p.Get("context"),
		loginHint: p.Get("login_hint"), domainHint: p.Get("domain_hint"), accountHint: p.Get("account_hint"), params: p,
	}
	switch {
	case req.state == "" || len(req.state) > 256 || strings.ContainsFunc(req.state, func(c rune) bool { return c <= ' ' || c > '~' }):
		req.state = ""
		return req, refuse(http.StatusBadRequest, codePopupState, "The site's request has no state of 1 to 256 visible ASCII characters.")
	case len(p.Encode()) > maxAuthRequest:
		return req, refuse(http.StatusBadRequest, fedcm.CodeInvalidRequest, "The site's request is longer than 3 KiB.")
	case contextWords[req.context] == "":
		return req, refuse(http.StatusBadRequest, codePopupContext, "The site's request has an unknown context.")
	}
	switch p.Get("action") {
	case "":
	case "disconnect":
		req.disconnect = true
		return req, nil
	default:
		return req, refuse(http.StatusBadRequest, codePopupAction, "The site's request has an unknown action.")
	}
	// The same reader as the native endpoint's; which account is for the person
	// to say.
	form := url.Values{"account_id": {"-"}}
	for _, name := range []string{"client_id", "nonce", "params", "fields"} {
		if p.Has(name) {
			form[name] = p[name]
		}
	}
	parsed, err := wire.ParseAssertionRequest(form)
	var fault *wire.Error
	switch {
	case errors.As(err, &fault):
		return req, refuse(http.StatusBadRequest, fault.Code, fault.Message)
	case err != nil:
		return req, err
	case parsed.Nonce == "" && !client.InsecureNoNonce:
		return req, refuse(http.StatusBadRequest, fedcm.CodeNoNonce, "The site's request has no nonce.")
	case len(parsed.Nonce) > maxNonce:
		return req, refuse(http.StatusBadRequest, fedcm.CodeLongNonce, "The site's nonce is longer than 512 bytes.")
	}
	req.form = *parsed
	return req, nil
}

// wanted are the groups of claims that the relying party asks for.
func (r *popupRequest) wanted() []string {
	if !r.form.HasFields {
		return defaultFields
	}
	return union(r.form.Fields, nil)
}

// hintWords says which account the relying party asked for.
func (r *popupRequest) hintWords() string {
	var words []string
	if hint, ok := readText(r.loginHint, maxEmail); ok && hint != "" {
		words = append(words, "the account "+hint)
	}
	switch r.domainHint {
	case "":
	case "any", "*":
		words = append(words, "an account of an organisation")
	default:
		words = append(words, "an account of "+r.domainHint)
	}
	if len(words) == 0 {
		return "another account"
	}
	return strings.Join(words, ", ")
}

// servePopup shows who may be told to whom.
func (s *Server) servePopup(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
		return p
	}
	req, err := s.readPopup(r.Context(), r, r.URL.Query())
	if err == nil {
		err = s.showPopup(w, r, req)
	}
	return s.answerOpener(w, r, req, err)
}

func (s *Server) showPopup(w http.ResponseWriter, r *http.Request, req *popupRequest) error {
	all, err := s.signedIn(r.Context(), s.pageBrowser(r))
	if err != nil {
		return err
	}
	ready := &popupView{origin: req.origin, state: req.state, kind: "ready", disconnect: req.disconnect}
	if req.disconnect {
		people := slices.DeleteFunc(all, func(a *Account) bool {
			return req.accountHint != a.ID && !strings.EqualFold(req.accountHint, a.Email)
		})
		if len(people) == 0 {
			return web.NewProblem(http.StatusForbidden, fedcm.CodeForeignAccount, "The account that the site names is not signed in in this browser.")
		}
		if _, ok, err := s.grant(r.Context(), people[0].ID, req.client.ID); err != nil {
			return err
		} else if !ok {
			return web.NewProblem(http.StatusForbidden, codeNotConnected, req.client.Name+" is not connected to this account, so there is nothing to end.")
		}
		s.showConsent(w, r, http.StatusOK, consentView{
			client: req.client, people: people, action: popupConsentPath, hidden: req.params, popup: ready,
			question: req.client.Name + " asks to be disconnected from this account. The next time that you sign in there, you are asked again.",
		}, "")
		return nil
	}
	people := s.hinted(all, req.loginHint, req.domainHint)
	again := signInURL(popupPath+"?"+req.params.Encode(), req.loginHint, req.domainHint)
	if len(people) == 0 {
		e := explanation{
			title: "Sign in first", text: req.client.Name + " asks who you are, and nobody is signed in here yet.",
			href: again, action: "Sign in",
		}
		if len(all) == 0 {
			ready.next = again
		} else {
			e.title, e.text = "Another account is asked for", req.client.Name+" asks for "+req.hintWords()+". No account that is signed in here fits."
			e.action = "Sign in with another account"
		}
		look.Render(w, r, http.StatusOK, popupPage(s.popupView(r, "Sign in"), ready, e))
		return nil
	}
	s.showConsent(w, r, http.StatusOK, consentView{
		client: req.client, people: people, action: popupConsentPath, hidden: req.params, popup: ready,
		other: again, question: req.client.Name + " (" + req.origin + ") learns " + known(req.wanted()) + ".",
	}, "")
	return nil
}

// servePopupConsent takes the person's decision.
func (s *Server) servePopupConsent(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodPost); p != nil {
		return p
	}
	form, p := web.ReadForm(w, r, maxForm)
	if p != nil {
		return p
	}
	req, err := s.readPopup(r.Context(), r, form)
	if err == nil {
		err = s.decidePopup(w, r, req, form)
	}
	return s.answerOpener(w, r, req, err)
}

func (s *Server) decidePopup(w http.ResponseWriter, r *http.Request, req *popupRequest, form url.Values) error {
	ctx := r.Context()
	tell := func(v popupView, title, text string) error {
		v.origin, v.state = req.origin, req.state
		look.Render(w, r, http.StatusOK, popupPage(s.popupView(r, title), &v, explanation{title: title, text: text}))
		return nil
	}
	switch form.Get("do") {
	case "cancel":
		s.config.Log.InfoContext(ctx, "popup cancelled", "client", req.client.ID)
		return tell(popupView{kind: "closed"}, "Nothing was told", req.client.Name+" was told nothing about you. You can close this window.")
	case "continue":
	default:
		return web.NewProblem(http.StatusBadRequest, codePopupAction, "The form does not say what to do. Go back and press one of the buttons.")
	}
	people, err := s.signedIn(ctx, s.pageBrowser(r))
	if err != nil {
		return err
	}
	a := pick(people, form.Get("account"))
	if a == nil {
		return errNotYours
	}
	if _, wait, ok := s.limits.authorize.allow(a.ID, s.config.Now()); !ok {
		return tooMany(w, wait)
	}
	if req.disconnect {
		if err := (provider{s}).Disconnect(r, req.client.ID, a.ID); err != nil {
			return err
		}
		return tell(popupView{kind: "disconnected", account: a.ID}, "Disconnected", req.client.Name+" has to ask again. You can close this window.")
	}
	assertion := fedcm.Assertion{AssertionRequest: req.form, Origin: req.origin}
	assertion.AccountID = a.ID
	assertion.Account.ID = a.ID
	assertion.DisclosureShownFor = req.wanted() // by our own page
	token, err := (provider{s}).Assert(r, &assertion)
	if err != nil {
		return err
	}
	s.sweep(ctx)
	return tell(popupView{kind: "token", token: token}, "Signed in", "Going back to "+req.client.Name+". You can close this window if it stays.")
}

// answerOpener shows a refusal and, once it is known who asked, tells the relying
// party its code as the native endpoint would (FedCM, the error of an assertion).
func (s *Server) answerOpener(w http.ResponseWriter, r *http.Request, req *popupRequest, err error) error {
	if err == nil || req == nil {
		return err
	}
	var p *web.Problem
	if !errors.As(err, &p) {
		s.config.Log.ErrorContext(r.Context(), "popup failed", "path", r.URL.Path, "error", err.Error())
		p = web.NewProblem(http.StatusServiceUnavailable, fedcm.CodeUnavailable, "We could not answer just now. Nothing was done; try again in a moment.")
	} else {
		s.config.Log.InfoContext(r.Context(), "popup refused", "path", r.URL.Path, "code", p.Code, "client", req.client.ID)
	}
	v := &popupView{origin: req.origin, state: req.state, kind: "error", code: p.Code, url: s.errorURL(p.Code)}
	look.Render(w, r, p.Status, popupPage(s.popupView(r, "Not possible"), v, explanation{
		code: p.Code, title: titleOf(p), text: p.Detail,
	}))
	return nil
}

func (s *Server) popupView(r *http.Request, title string) view {
	v := s.view(r.Context(), PageConsent, title)
	v.scripts = append(v.scripts, assets.Path("popup.js"))
	return v
}
