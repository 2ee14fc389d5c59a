package op

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// endSession is a request to sign a person out (OpenID Connect RP-Initiated Logout 1.0
// section 2).
type endSession struct {
	client *directory.Client // nil: no site says that it asks
	hint   tokens.Hint
	hinted bool
	back   string // where the browser goes afterwards; empty: nowhere
	params url.Values
}

// The parameters that are read. logout_hint and ui_locales are passed over.
var endSessionParams = []string{"id_token_hint", "client_id", "post_logout_redirect_uri", "state"}

// ServeEndSession answers the end session endpoint. A site that shows an ID token of the
// account that is signed in here signs it out; otherwise the person is asked, since any
// link could lead here. By POST of another site no cookie comes, so the person is asked
// too.
func (o *OP) ServeEndSession(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); p != nil {
		return p
	}
	in, p := web.ReadQuery(r)
	if r.Method == http.MethodPost {
		in, p = web.ReadForm(w, r, pages.MaxForm)
	}
	if p != nil {
		return p
	}
	req, err := o.readEndSession(r, in)
	if err != nil {
		return err
	}
	here, err := o.c.People.Here(r)
	if err != nil {
		return err
	}
	if r.Method == http.MethodGet && req.hinted {
		if a := people.Pick(here, req.hint.Account); a != nil {
			return o.endSession(w, r, req, a.ID)
		}
		if len(here) == 0 { // they are signed out already
			return o.afterSignOut(w, r, req)
		}
	}
	if r.Method == http.MethodGet && len(here) == 0 {
		return o.afterSignOut(w, r, req)
	}
	o.c.Pages.ShowSignOut(w, r, pages.SignOut{Client: req.client, Action: EndSessionConfirmPath, Hidden: req.params})
	return nil
}

// ServeEndSessionConfirm takes the person's decision.
func (o *OP) ServeEndSessionConfirm(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodPost); p != nil {
		return p
	}
	form, p := web.ReadForm(w, r, pages.MaxForm)
	if p != nil {
		return p
	}
	req, err := o.readEndSession(r, form)
	if err != nil {
		return err
	}
	switch form.Get("do") {
	case "signout":
	case "stay":
		http.Redirect(w, r, "/account", http.StatusSeeOther)
		return nil
	default:
		return pages.ErrNoAction
	}
	here, err := o.c.People.Here(r)
	if err != nil {
		return err
	}
	var ids []string
	for _, a := range here {
		if !req.hinted || a.ID == req.hint.Account || people.Pick(here, req.hint.Account) == nil {
			ids = append(ids, a.ID)
		}
	}
	return o.endSession(w, r, req, ids...)
}

func (o *OP) endSession(w http.ResponseWriter, r *http.Request, req *endSession, accounts ...string) error {
	if _, err := o.c.Tokens.SignOut(w, r, accounts...); err != nil {
		return err
	}
	return o.afterSignOut(w, r, req)
}

func (o *OP) afterSignOut(w http.ResponseWriter, r *http.Request, req *endSession) error {
	if req.back != "" {
		http.Redirect(w, r, req.back, http.StatusSeeOther)
		return nil
	}
	o.c.Pages.ShowSignedOut(w, r)
	return nil
}

// readEndSession judges the parameters. A redirect goes to an address that is registered
// for the client that the hint or client_id names, and to no other (section 3).
func (o *OP) readEndSession(r *http.Request, in url.Values) (*endSession, error) {
	req := &endSession{params: url.Values{}}
	for _, name := range endSessionParams {
		switch values := in[name]; {
		case len(values) > 1:
			return nil, web.NewProblem(http.StatusBadRequest, "duplicate_parameter", "The site's request says "+name+" more than once. Nobody was signed out.")
		case len(values) == 1 && values[0] != "":
			req.params.Set(name, values[0])
		}
	}
	id := req.params.Get("client_id")
	if token := req.params.Get("id_token_hint"); token != "" {
		if req.hint, req.hinted = o.c.Tokens.ReadHint(token); !req.hinted {
			return nil, web.NewProblem(http.StatusBadRequest, "hint_refused", "The site's request names you by something that is not of this provider (id_token_hint). Nobody was signed out.")
		}
		if id != "" && id != req.hint.Client {
			return nil, web.NewProblem(http.StatusBadRequest, "hint_of_another", "The site's request names you by what belongs to another site (id_token_hint). Nobody was signed out.")
		}
		id = req.hint.Client
	}
	if id != "" {
		client, err := o.c.Clients.Client(r.Context(), id)
		if err != nil && !errors.Is(err, directory.ErrNotFound) {
			return nil, err
		}
		req.client = client
	}
	back := req.params.Get("post_logout_redirect_uri")
	if back == "" {
		return req, nil
	}
	if req.client == nil || !slices.Contains(req.client.PostLogoutRedirectURIs, back) {
		return nil, web.NewProblem(http.StatusBadRequest, "post_logout_redirect_uri_mismatch",
			"The site asked to go on to an address that is not registered for it (post_logout_redirect_uri). Nobody was signed out; you can do so on your account page.")
	}
	req.back = back
	if state := req.params.Get("state"); state != "" {
		separator := "?"
		if strings.Contains(back, "?") {
			separator = "&"
		}
		req.back += separator + url.Values{"state": {state}}.Encode()
	}
	return req, nil
}
