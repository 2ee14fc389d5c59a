package pages

import (
	"errors"
	"net/http"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

type signInForm struct {
	email, password field
	next, domain    string
	already         []*directory.Account
	again           bool // who is signed in has to sign in once more
	note            *note
}

// ServeSignIn is the login_url of FedCM and the sign-in page of everybody else.
// login_hint fills in an address, domain_hint says which organisation is asked
// for (FedCM, "The config file").
func (p *Pages) ServeSignIn(w http.ResponseWriter, r *http.Request) error {
	if refused := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); refused != nil {
		return refused
	}
	if r.Method == http.MethodPost {
		return p.postSignIn(w, r)
	}
	q := web.Query(r)
	f := signInForm{next: safeNext(q.Get("next"))}
	if address, _, err := people.ParseEmail(q.Get("login_hint")); err == nil {
		f.email.value = address
	}
	if d := q.Get("domain_hint"); d == "any" || people.IsDomain(d) {
		f.domain = d
	}
	return p.showSignIn(w, r, http.StatusOK, f)
}

func (p *Pages) showSignIn(w http.ResponseWriter, r *http.Request, status int, f signInForm) error {
	here, err := p.c.People.Here(r)
	if err != nil {
		return err
	}
	f.already = here
	// Who signed in too long ago for where they go on to would be led back here.
	if since := sinceOf(f.next); !since.IsZero() {
		if f.already, err = p.c.People.HereSince(r, since); err != nil {
			return err
		}
	}
	f.again = len(here) > 0 && len(f.already) == 0
	f.email.name, f.email.label, f.email.kind, f.email.autocomplete = "email", "E-mail address", "email", "username"
	f.email.attrs = map[string]any{"required": true, "maxlength": people.MaxEmail}
	f.password = field{name: "password", label: "Password", kind: "password", autocomplete: "current-password",
		attrs: map[string]any{"required": true}}
	look.Render(w, r, status, signInPage(p.view(r.Context(), SignIn, "Sign in", f.next), f))
	return nil
}

func (p *Pages) postSignIn(w http.ResponseWriter, r *http.Request) error {
	form, refused := web.ReadForm(w, r, MaxForm)
	if refused != nil {
		return refused
	}
	f := signInForm{next: safeNext(form.Get("next"))}
	f.email.value, _ = people.ReadText(form.Get("email"), people.MaxEmail)
	a, err := p.c.People.Authenticate(r, form.Get("email"), form.Get("password"))
	if errors.As(err, &refused) {
		p.c.Log.InfoContext(r.Context(), "sign-in refused", "code", refused.Code)
		f.note = problemNote("signin", refused)
		refused.SetHeaders(w.Header())
		return p.showSignIn(w, r, refused.Status, f)
	}
	if err != nil {
		return err
	}
	if err := p.c.People.Begin(w, r, a); err != nil {
		return err
	}
	http.Redirect(w, r, afterSignIn(f.next), http.StatusSeeOther)
	return nil
}
