package pages

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

type signUpForm struct {
	name, givenName, email, password field
	next                             string
	note                             *note
}

// ServeSignUp is where people make an account.
func (p *Pages) ServeSignUp(w http.ResponseWriter, r *http.Request) error {
	if refused := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); refused != nil {
		return refused
	}
	if r.Method == http.MethodPost {
		return p.postSignUp(w, r)
	}
	p.showSignUp(w, r, http.StatusOK, signUpForm{next: safeNext(web.Query(r).Get("next"))})
	return nil
}

func (p *Pages) showSignUp(w http.ResponseWriter, r *http.Request, status int, f signUpForm) {
	one := func(f field, like field) field {
		like.value, like.fault = f.value, f.fault
		return like
	}
	f.name = one(f.name, field{name: "name", label: "Name", kind: "text", autocomplete: "name",
		attrs: map[string]any{"required": true, "maxlength": people.MaxName}})
	f.givenName = one(f.givenName, field{name: "given_name", label: "What sites may call you (optional)", kind: "text",
		autocomplete: "given-name", attrs: map[string]any{"maxlength": people.MaxName}})
	f.email = one(f.email, field{name: "email", label: "E-mail address", kind: "email", autocomplete: "username",
		help: "We mail you a code, which you enter on the next page.", attrs: map[string]any{"required": true, "maxlength": people.MaxEmail}})
	f.password = one(f.password, field{name: "password", label: "Password", kind: "password", autocomplete: "new-password",
		help:  fmt.Sprintf("At least %d characters. A few words in a row are good.", p.c.MinPasswordLength),
		attrs: map[string]any{"required": true, "minlength": p.c.MinPasswordLength}})
	look.Render(w, r, status, signUpPage(p.view(r.Context(), SignUp, "Create an account", f.next), f))
}

func (p *Pages) postSignUp(w http.ResponseWriter, r *http.Request) error {
	form, refused := web.ReadForm(w, r, MaxForm)
	if refused != nil {
		return refused
	}
	n := people.NewAccount{Email: form.Get("email"), Name: form.Get("name"), GivenName: form.Get("given_name"), Password: form.Get("password")}
	f := signUpForm{next: safeNext(form.Get("next"))}
	f.name.value, f.givenName.value, f.email.value = n.Name, n.GivenName, n.Email
	if !p.checkSignUp(n, &f) {
		f.note = &note{name: "signup", state: look.Refused, code: "form_incomplete",
			text: "Nothing was created yet. Correct what is marked below."}
		p.showSignUp(w, r, http.StatusUnprocessableEntity, f)
		return nil
	}
	id, err := p.c.People.BeginSignUp(w, r, n)
	sent := "sent"
	switch {
	case errors.As(err, &refused):
		f.note = problemNote("signup", refused)
		refused.SetHeaders(w.Header())
		p.showSignUp(w, r, refused.Status, f)
		return nil
	case errors.Is(err, people.ErrNotMailed):
		sent = "failed"
	case err != nil:
		return err
	}
	http.Redirect(w, r, verifyURL("signup", id, f.next, sent), http.StatusSeeOther)
	return nil
}

// checkSignUp marks the fields that cannot be accepted.
func (p *Pages) checkSignUp(n people.NewAccount, f *signUpForm) bool {
	if _, ok := people.ReadText(n.Name, people.MaxName); !ok {
		f.name.fault = fmt.Sprintf("Enter a name of 1 to %d characters that can be seen, on one line, without marks that turn the direction of text.", people.MaxName)
	}
	if _, ok := people.ReadText(n.GivenName, people.MaxName); !ok && strings.TrimSpace(n.GivenName) != "" {
		f.givenName.fault = fmt.Sprintf("At most %d characters on one line.", people.MaxName)
	}
	if _, _, err := people.ParseEmail(n.Email); err != nil {
		f.email.fault = "This is not an e-mail address. It looks like name@example.org."
	}
	f.password.fault = p.c.People.CheckPassword(n, p.c.MinPasswordLength)
	return f.name.fault+f.givenName.fault+f.email.fault+f.password.fault == ""
}
