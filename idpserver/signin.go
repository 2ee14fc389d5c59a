package idpserver

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

const maxPassword = 1024 // bytes

type signInForm struct {
	email, password field
	next, domain    string
	quick           []QuickSignIn
	already         []*Account
	note            *note
}

// serveSignIn is the login_url of FedCM and the sign-in page of everybody else.
// login_hint fills in an address, domain_hint says which organisation is asked
// for (FedCM, "The config file").
func (s *Server) serveSignIn(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); p != nil {
		return p
	}
	if r.Method == http.MethodPost {
		return s.postSignIn(w, r)
	}
	q := r.URL.Query()
	f := signInForm{next: safeNext(q.Get("next"))}
	if address, _, err := parseEmail(q.Get("login_hint")); err == nil {
		f.email.value = address
	}
	if d := q.Get("domain_hint"); d == "any" || isDomain(d) {
		f.domain = d
	}
	return s.showSignIn(w, r, http.StatusOK, f)
}

func (s *Server) showSignIn(w http.ResponseWriter, r *http.Request, status int, f signInForm) (err error) {
	if f.already, err = s.signedIn(r.Context(), s.pageBrowser(r)); err != nil {
		return err
	}
	f.quick = s.config.InsecureQuickSignIn
	f.email.name, f.email.label, f.email.kind, f.email.autocomplete = "email", "E-mail address", "email", "username"
	f.email.attrs = map[string]any{"required": true, "maxlength": maxEmail}
	f.password = field{name: "password", label: "Password", kind: "password", autocomplete: "current-password",
		attrs: map[string]any{"required": true}}
	look.Render(w, r, status, signInPage(s.view(r.Context(), PageSignIn, "Sign in"), f))
	return nil
}

func (s *Server) postSignIn(w http.ResponseWriter, r *http.Request) error {
	form, p := web.ReadForm(w, r, maxForm)
	if p != nil {
		return p
	}
	f := signInForm{next: safeNext(form.Get("next"))}
	f.email.value, _ = readText(form.Get("email"), maxEmail)
	a, err := s.authenticate(w, r, form.Get("email"), form.Get("password"))
	if errors.As(err, &p) {
		s.config.Log.InfoContext(r.Context(), "sign-in refused", "code", p.Code)
		f.note = problemNote("signin", p)
		return s.showSignIn(w, r, p.Status, f)
	}
	if err != nil {
		return err
	}
	if err := s.beginSignIn(w, r, a); err != nil {
		return err
	}
	s.sweep(r.Context())
	http.Redirect(w, r, afterSignIn(f.next), http.StatusSeeOther)
	return nil
}

// authenticate finds the account that the address and password belong to. An
// unknown address, an account without a password and a wrong password give the
// same answer after the same work. Refusals are *web.Problem.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request, email, password string) (*Account, error) {
	ctx, now := r.Context(), s.config.Now()
	address, _, err := parseEmail(email)
	switch {
	case email == "" || password == "":
		return nil, web.NewProblem(http.StatusUnprocessableEntity, "credentials_missing",
			"Enter your e-mail address and your password.")
	case err != nil:
		return nil, web.NewProblem(http.StatusUnprocessableEntity, "email_invalid",
			"This is not an e-mail address. It looks like name@example.org.")
	}
	backPrefix, wait, ok := s.limits.signInPrefix.allow(s.prefix(r), now)
	if !ok {
		return nil, tooMany(w, wait)
	}
	backAccount, wait, ok := s.limits.signInAccount.allow(strings.ToLower(address), now)
	if !ok {
		return nil, tooMany(w, wait)
	}
	a, err := s.config.Store.AccountByEmail(ctx, address)
	hash := ""
	switch {
	case err == nil:
		hash = a.PasswordHash
	case !errors.Is(err, ErrNotFound):
		return nil, err
	}
	if len(password) > maxPassword {
		password, hash = "", "" // no account has one; cost the same
	}
	right, outdated, err := s.hasher.verify(ctx, password, hash)
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, web.NewProblem(http.StatusForbidden, "credentials_wrong",
			"The address or the password is wrong.")
	}
	backPrefix() // only failures count
	backAccount()
	if outdated {
		s.rehash(ctx, a, password)
	}
	return a, nil
}

// rehash brings a stored hash up to the present costs. Failing that, the old one
// still works.
func (s *Server) rehash(ctx context.Context, a *Account, password string) {
	hash, err := s.hasher.hash(ctx, password)
	if err == nil {
		err = s.config.Store.SetPasswordHash(ctx, a.ID, hash)
	}
	if err != nil {
		s.config.Log.ErrorContext(ctx, "password hash not renewed", "account", a.ID, "error", err.Error())
	}
}
