package op

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// ServeAuthorize answers the authorization endpoint. It only shows a page, or
// answers from what was agreed to before; the person's decision goes to
// ConsentPath, which other sites' forms cannot reach. A request may come by POST
// from the client's page (OpenID Connect Core 1.0 section 3.1.2.1); it goes on as
// a GET, since the page cookie does not come with other sites' forms.
func (o *OP) ServeAuthorize(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); p != nil {
		return p
	}
	in, p := web.ReadQuery(r)
	if p != nil {
		return p
	}
	if r.Method == http.MethodPost {
		form, p := web.ReadForm(w, r, pages.MaxForm)
		if p != nil {
			return p
		}
		in = form
	}
	pushed, err := o.pushed(r.Context(), in)
	if err != nil {
		return err
	}
	if pushed != nil { // used up; what follows can be loaded again
		in = pushed
	}
	req, err := o.read(r.Context(), in)
	if err == nil && (r.Method == http.MethodPost || pushed != nil) {
		http.Redirect(w, r, AuthorizePath+"?"+req.params.Encode(), http.StatusSeeOther)
		return nil
	}
	if err == nil {
		err = o.authorize(w, r, req)
	}
	return o.answerClient(w, r, req, err)
}

// answerClient sends a refusal that is the client's business back to it.
func (o *OP) answerClient(w http.ResponseWriter, r *http.Request, req *authRequest, err error) error {
	var refused *oidc.ProviderError
	if req == nil || !errors.As(err, &refused) {
		return err
	}
	o.c.Log.InfoContext(r.Context(), "authorization refused", "client", req.client.ID, "code", refused.Code)
	http.Redirect(w, r, o.answerURL(req, "error", refused.Code, "error_description", refused.Description), http.StatusSeeOther)
	return nil
}

func (o *OP) authorize(w http.ResponseWriter, r *http.Request, req *authRequest) error {
	now := o.c.Now()
	all, err := o.c.People.HereSince(r, req.since)
	if err != nil {
		return err
	}
	fit := o.c.People.Hinted(all, req.LoginHint, req.HostedDomain)
	if req.forAccount != "" {
		fit = o.c.People.Hinted(fit, req.forAccount, "")
	}
	if req.HasPrompt(oidc.PromptNone) {
		return o.authorizeSilently(w, r, req, fit)
	}
	if len(fit) == 0 || req.HasPrompt(oidc.PromptLogin) {
		next := req.afterSigningIn(now)
		http.Redirect(w, r, pages.SignInURL(next, req.LoginHint, req.HostedDomain), http.StatusSeeOther)
		return nil
	}
	hidden := maps.Clone(req.params)
	if !req.since.IsZero() { // the time that it takes to decide must not count
		hidden.Del("max_age")
		hidden.Set(paramSince, strconv.FormatInt(req.since.Unix(), 10))
	}
	o.c.Pages.ShowConsent(w, r, pages.Consent{
		Heading: "Continue to " + req.client.Name, Client: req.client, People: fit, Action: ConsentPath, Hidden: hidden,
		Fields:   req.fields(),
		May:      o.sentences(req.asked()),
		Other:    pages.SignInURL(req.afterSigningIn(now), "", ""),
		Question: req.client.Name + " learns " + pages.InWords(req.fields()) + ".",
	})
	return nil
}

// sentences say what scopes allow beside who somebody is.
func (o *OP) sentences(scopes []string) (list []string) {
	for _, s := range scopes {
		switch s {
		case tokens.ScopeOffline:
			list = append(list, "learn this also while you are not there, until you disconnect it")
		case tokens.ScopeGroups:
			list = append(list, "see the groups that you belong to")
		}
		for _, own := range o.c.Scopes {
			if own.Name == s {
				list = append(list, own.Sentence)
			}
		}
	}
	return list
}

var errNotAgreed = refuse(oidc.ErrorConsentRequired, "the person has not agreed to all of this before")

// authorizeSilently answers prompt=none: from what was agreed to before, or not
// at all. Accounts that never agreed to tell this client anything are as if they were
// not signed in: by hints and max_age, and which refusal comes, a client could
// otherwise ask whether its visitor is somebody, and since when.
func (o *OP) authorizeSilently(w http.ResponseWriter, r *http.Request, req *authRequest, fit []*directory.Account) error {
	var known []*directory.Account
	agreed := map[string]directory.Grant{}
	for _, a := range fit {
		granted, ok, err := o.c.Tokens.Granted(r.Context(), a.ID, req.client.ID)
		if err != nil {
			return err
		}
		if ok {
			known, agreed[a.ID] = append(known, a), granted
		}
	}
	switch len(known) {
	case 0:
		return refuse(oidc.ErrorLoginRequired, "nobody is signed in who fits and has agreed to tell this client who they are")
	case 1:
	default:
		return refuse(oidc.ErrorAccountSelectionRequired, "several accounts are signed in; name one with login_hint")
	}
	// Another program on the device can take such a client's id and redirect URI (RFC 8252
	// section 8.6).
	if req.client.Native {
		return errNotAgreed
	}
	before := agreed[known[0].ID]
	for _, f := range req.fields() {
		if !slices.Contains(before.Fields, f) {
			return errNotAgreed
		}
	}
	for _, s := range req.asked() {
		if !slices.Contains(before.Scopes, s) {
			return errNotAgreed
		}
	}
	err := o.sendCodeTo(w, r, req, known[0])
	// No person is in front of this: a limit is the client's business.
	if over := new(web.Problem); errors.As(err, &over) && over.Status == http.StatusTooManyRequests {
		return refuse(oidc.ErrorTemporarilyUnavailable, "too many requests for this account; try again in a moment")
	}
	return err
}

// ServeConsent takes the person's decision.
func (o *OP) ServeConsent(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodPost); p != nil {
		return p
	}
	form, p := web.ReadForm(w, r, pages.MaxForm)
	if p != nil {
		return p
	}
	req, err := o.read(r.Context(), form)
	if err == nil {
		err = o.decide(w, r, req, form)
	}
	return o.answerClient(w, r, req, err)
}

func (o *OP) decide(w http.ResponseWriter, r *http.Request, req *authRequest, form url.Values) error {
	switch form.Get("do") {
	case "cancel":
		return refuse(oidc.ErrorAccessDenied, "the person said no")
	case "continue":
	default:
		return pages.ErrNoAction
	}
	here, err := o.c.People.HereSince(r, req.since)
	if err != nil {
		return err
	}
	a := people.Pick(here, form.Get("account"))
	if a == nil {
		return people.ErrNotYours
	}
	if req.forAccount != "" && a.ID != req.forAccount {
		return refuse(oidc.ErrorLoginRequired, "somebody else signed in than the one whom id_token_hint names")
	}
	return o.sendCodeTo(w, r, req, a)
}

// sendCodeTo records what the person agreed to and sends the browser back to the
// client with a code.
func (o *OP) sendCodeTo(w http.ResponseWriter, r *http.Request, req *authRequest, a *directory.Account) error {
	if refused := o.c.People.AllowAuthorization(a.ID); refused != nil {
		return refused
	}
	signIn, err := o.c.People.SignInHere(r, a.ID)
	if err != nil {
		return err
	}
	code, err := o.c.Tokens.Authorize(r.Context(), tokens.Authorization{
		Account: a, Client: req.client, Wanted: req.fields(), Shown: req.fields(), Nonce: req.Nonce, SignIn: signIn,
		Code: &tokens.Code{
			RedirectURI: req.RedirectURI, Challenge: req.Challenge,
			Scopes: req.granted(), Claims: req.Claims, Offline: req.offline(),
		},
	})
	if errors.Is(err, tokens.ErrNoAlgorithm) {
		return refuse(oidc.ErrorServer, "there is no key for the algorithm that the client is registered with")
	}
	if err != nil {
		return err
	}
	o.c.People.Sweep(r.Context())
	// 303, so that no browser repeats the form at the client (RFC 9700 section 4.12).
	http.Redirect(w, r, o.answerURL(req, "code", code), http.StatusSeeOther)
	return nil
}
