package idpserver

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

const (
	authorizePath = "/authorize"
	consentPath   = "/authorize/consent"
	tokenPath     = "/token"
)

// consentView is a page that asks whether a site may know who somebody is.
type consentView struct {
	client   *Client
	people   []*Account
	action   string     // where the forms go
	hidden   url.Values // the request, which they carry along
	other    string     // where another account signs in
	popup    *popupView // nil on the authorization endpoint
	question string
}

// serveAuthorize answers the authorization endpoint. It only shows a page, or
// answers from what was agreed to before; the person's decision goes to
// consentPath, which other sites' forms cannot reach. A request may come by POST
// from the client's page (OpenID Connect Core 1.0 section 3.1.2.1); it goes on as
// a GET, since the page cookie does not come with other sites' forms.
func (s *Server) serveAuthorize(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); p != nil {
		return p
	}
	in := r.URL.Query()
	if r.Method == http.MethodPost {
		form, p := web.ReadForm(w, r, maxForm)
		if p != nil {
			return p
		}
		in = form
	}
	req, err := s.readAuthRequest(r.Context(), in)
	if err == nil && r.Method == http.MethodPost {
		http.Redirect(w, r, authorizePath+"?"+req.params.Encode(), http.StatusSeeOther)
		return nil
	}
	if err == nil {
		err = s.authorize(w, r, req)
	}
	return s.answerClient(w, r, req, err)
}

// answerClient sends a refusal that is the client's business back to it.
func (s *Server) answerClient(w http.ResponseWriter, r *http.Request, req *authRequest, err error) error {
	var refused *authError
	if req == nil || !errors.As(err, &refused) {
		return err
	}
	s.config.Log.InfoContext(r.Context(), "authorization refused", "client", req.client.ID, "code", refused.code)
	http.Redirect(w, r, s.answerURL(req, "error", refused.code, "error_description", refused.text), http.StatusSeeOther)
	return nil
}

func (s *Server) authorize(w http.ResponseWriter, r *http.Request, req *authRequest) error {
	ctx, now := r.Context(), s.config.Now()
	all, err := s.signedInSince(ctx, s.pageBrowser(r), req.since)
	if err != nil {
		return err
	}
	people := s.hinted(all, req.loginHint, req.hd)
	if req.prompt("none") {
		return s.authorizeSilently(w, r, req, all, people)
	}
	if len(people) == 0 || req.prompt("login") {
		next := req.afterSigningIn(now)
		http.Redirect(w, r, signInURL(next, req.loginHint, req.hd), http.StatusSeeOther)
		return nil
	}
	hidden := maps.Clone(req.params)
	if !req.since.IsZero() { // the time that it takes to decide must not count
		hidden.Del("max_age")
		hidden.Set(paramSince, strconv.FormatInt(req.since.Unix(), 10))
	}
	s.showConsent(w, r, http.StatusOK, consentView{
		client: req.client, people: people, action: consentPath, hidden: hidden,
		other:    signInURL(req.afterSigningIn(now), "", ""),
		question: req.client.Name + " learns " + known(req.fields()) + ".",
	}, req.redirectURI)
	return nil
}

// authorizeSilently answers prompt=none: from what was agreed to before, or not
// at all.
func (s *Server) authorizeSilently(w http.ResponseWriter, r *http.Request, req *authRequest, all, people []*Account) error {
	switch {
	case len(all) == 0 || len(people) == 0:
		return &authError{authLoginRequired, "nobody who fits is signed in"}
	case len(people) > 1:
		return &authError{authAccountSelection, "several accounts are signed in; name one with login_hint"}
	}
	granted, ok, err := s.grant(r.Context(), people[0].ID, req.client.ID)
	if err != nil {
		return err
	}
	for _, f := range req.fields() {
		ok = ok && slices.Contains(granted, f)
	}
	if !ok {
		return &authError{authConsentRequired, "the person has not agreed to this before"}
	}
	return s.sendCodeTo(w, r, req, people[0])
}

// serveConsent takes the person's decision.
func (s *Server) serveConsent(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodPost); p != nil {
		return p
	}
	form, p := web.ReadForm(w, r, maxForm)
	if p != nil {
		return p
	}
	req, err := s.readAuthRequest(r.Context(), form)
	if err == nil {
		err = s.decide(w, r, req, form)
	}
	return s.answerClient(w, r, req, err)
}

func (s *Server) decide(w http.ResponseWriter, r *http.Request, req *authRequest, form url.Values) error {
	switch form.Get("do") {
	case "cancel":
		return &authError{authAccessDenied, "the person said no"}
	case "continue":
	default:
		return web.NewProblem(http.StatusBadRequest, "action_unknown", "The form does not say what to do. Go back and press one of the buttons.")
	}
	people, err := s.signedInSince(r.Context(), s.pageBrowser(r), req.since)
	if err != nil {
		return err
	}
	a := pick(people, form.Get("account"))
	if a == nil {
		return errNotYours
	}
	return s.sendCodeTo(w, r, req, a)
}

// sendCodeTo records what the person agreed to and sends the browser back to the
// client with a code.
func (s *Server) sendCodeTo(w http.ResponseWriter, r *http.Request, req *authRequest, a *Account) error {
	ctx, now := r.Context(), s.config.Now()
	if _, wait, ok := s.limits.authorize.allow(a.ID, now); !ok {
		return tooMany(w, wait)
	}
	if _, err := s.signingKey(req.client.algorithm()); err != nil {
		s.config.Log.ErrorContext(ctx, "client cannot be served", "client", req.client.ID, "error", err.Error())
		return &authError{authServerError, "there is no key for the algorithm that the client is registered with"}
	}
	since, err := s.signedInAt(ctx, s.pageBrowser(r), a.ID)
	if err != nil {
		return err
	}
	before, _, err := s.grant(ctx, a.ID, req.client.ID)
	if err != nil {
		return err
	}
	err = s.config.Store.PutGrant(ctx, Grant{
		Account: a.ID, Client: req.client.ID, Fields: union(before, req.fields()), At: now, LastUsed: now,
	})
	if err != nil {
		return err
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: it ends the program instead
	code := base64.RawURLEncoding.EncodeToString(secret[:])
	data, err := codeData{
		client: req.client.ID, redirectURI: req.redirectURI, challenge: req.challenge, nonce: req.nonce,
		scope: req.scope(), fields: req.fields(), signedIn: since.Unix(),
	}.JSON()
	if err != nil {
		return err
	}
	err = s.config.Store.PutCode(ctx, Code{
		Purpose: CodeAuthorization, Hash: sha256.Sum256([]byte(code)), Account: a.ID, Data: data,
		Expires: now.Add(s.config.AuthCodeLifetime),
	})
	if err != nil {
		return err
	}
	s.config.Log.InfoContext(ctx, "authorization code issued", "account", a.ID, "client", req.client.ID)
	s.sweep(ctx)
	// 303, so that no browser repeats the form at the client (RFC 9700 section 4.12).
	http.Redirect(w, r, s.answerURL(req, "code", code), http.StatusSeeOther)
	return nil
}

// showConsent draws the page. target is where its form may lead to in the end,
// which the policy of the page must allow.
func (s *Server) showConsent(w http.ResponseWriter, r *http.Request, status int, c consentView, target string) {
	v := s.view(r.Context(), PageConsent, "Continue to "+c.client.Name)
	var csp look.CSP
	if u, err := url.Parse(target); err == nil && target != "" {
		csp.FormAction = []string{u.Scheme + "://" + u.Host}
	}
	if c.popup != nil {
		v.scripts = append(v.scripts, assets.Path("popup.js"))
	}
	look.Render(w, r, status, consentPage(v, c), csp)
}

// hinted lists the accounts that the hints leave: login_hint is an address or an
// account id, hd a domain of the operator or "*" for any of them. A hint is no
// rule: the client holds the token against what it wanted.
func (s *Server) hinted(people []*Account, login, domain string) []*Account {
	return slices.DeleteFunc(slices.Clone(people), func(a *Account) bool {
		own := s.hostedDomain(a)
		return login != "" && login != a.ID && !strings.EqualFold(login, a.Email) ||
			domain != "" && own != domain && (own == "" || domain != "*" && domain != "any")
	})
}

// signInURL is the sign-in page, which goes on to next.
func signInURL(next, login, domain string) string {
	q := url.Values{"next": {next}}
	if login != "" {
		q.Set("login_hint", login)
	}
	if domain != "" {
		if domain == "*" {
			domain = "any"
		}
		q.Set("domain_hint", domain)
	}
	return "/signin?" + q.Encode()
}

// signedInSince lists the accounts that signed in at or after since in a browser.
func (s *Server) signedInSince(ctx context.Context, browser string, since time.Time) ([]*Account, error) {
	people, err := s.signedIn(ctx, browser)
	if err != nil || since.IsZero() {
		return people, err
	}
	fresh := people[:0]
	for _, a := range people {
		at, err := s.signedInAt(ctx, browser, a.ID)
		if err != nil {
			return nil, err
		}
		if at.Unix() >= since.Unix() {
			fresh = append(fresh, a)
		}
	}
	return fresh, nil
}

// signedInAt is when an account signed in in a browser.
func (s *Server) signedInAt(ctx context.Context, browser, account string) (time.Time, error) {
	list, err := s.config.Store.SignIns(ctx, browser, s.config.Now())
	if err != nil {
		return time.Time{}, err
	}
	for _, si := range list {
		if si.Account == account {
			return si.At, nil
		}
	}
	return time.Time{}, errNotYours
}

// grant returns the fields that the person agreed to for a client, and whether
// there is a grant at all.
func (s *Server) grant(ctx context.Context, account, client string) ([]string, bool, error) {
	grants, err := s.config.Store.Grants(ctx, account)
	if err != nil {
		return nil, false, err
	}
	for _, g := range grants {
		if g.Client == client {
			return g.Fields, true, nil
		}
	}
	return nil, false, nil
}

// union keeps the order of defaultFields.
func union(a, b []string) []string {
	out := []string{}
	for _, f := range defaultFields {
		if slices.Contains(a, f) || slices.Contains(b, f) {
			out = append(out, f)
		}
	}
	return out
}
