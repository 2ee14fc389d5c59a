package idpserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

const maxName = 100 // characters

type signUpForm struct {
	name, givenName, email, password field
	next                             string
	note                             *note
}

// NewAccount is what CreateAccount makes an account of.
type NewAccount struct {
	Email     string
	Name      string // 1 to 100 characters
	GivenName string // may be empty
	Password  string // may be empty: nobody can then sign in with one
	// EmailVerified says that the operator vouches for the address. People who
	// sign up themselves never get it.
	EmailVerified bool
}

// CreateAccount adds an account on the operator's word, without the limits of
// the sign-up page. ErrEmailTaken: another account has the address.
func (s *Server) CreateAccount(ctx context.Context, n NewAccount) (*Account, error) {
	address, _, err := parseEmail(n.Email)
	if err != nil {
		return nil, err
	}
	name, ok := readText(n.Name, maxName)
	if !ok {
		return nil, fmt.Errorf("idpserver: a name has 1 to %d characters on one line", maxName)
	}
	given, ok := readText(n.GivenName, maxName)
	if !ok && n.GivenName != "" {
		return nil, fmt.Errorf("idpserver: a given name has at most %d characters on one line", maxName)
	}
	if len(n.Password) > maxPassword {
		return nil, fmt.Errorf("idpserver: a password has at most %d bytes", maxPassword)
	}
	a := Account{
		ID: rand.Text(), Email: address, EmailVerified: n.EmailVerified,
		Name: name, GivenName: given, CreatedAt: s.config.Now(),
	}
	if n.Password != "" {
		if a.PasswordHash, err = s.hasher.hash(ctx, n.Password); err != nil {
			return nil, err
		}
	}
	if err := s.config.Store.CreateAccount(ctx, a); err != nil {
		return nil, err
	}
	s.config.Log.InfoContext(ctx, "account created", "account", a.ID)
	return &a, nil
}

func (s *Server) serveSignUp(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); p != nil {
		return p
	}
	if r.Method == http.MethodPost {
		return s.postSignUp(w, r)
	}
	s.showSignUp(w, r, http.StatusOK, signUpForm{next: safeNext(r.URL.Query().Get("next"))})
	return nil
}

func (s *Server) showSignUp(w http.ResponseWriter, r *http.Request, status int, f signUpForm) {
	fill := func(to *field, name, label, kind, autocomplete, help string, attrs map[string]any) {
		to.name, to.label, to.kind, to.autocomplete, to.help, to.attrs = name, label, kind, autocomplete, help, attrs
	}
	fill(&f.name, "name", "Name", "text", "name", "", map[string]any{"required": true, "maxlength": maxName})
	fill(&f.givenName, "given_name", "What sites may call you (optional)", "text", "given-name", "",
		map[string]any{"maxlength": maxName})
	fill(&f.email, "email", "E-mail address", "email", "username", "We mail you a code to verify it.",
		map[string]any{"required": true, "maxlength": maxEmail})
	fill(&f.password, "password", "Password", "password", "new-password",
		fmt.Sprintf("At least %d characters. A few words in a row are good.", s.config.MinPasswordLength),
		map[string]any{"required": true, "minlength": s.config.MinPasswordLength})
	look.Render(w, r, status, signUpPage(s.view(r.Context(), PageSignUp, "Create an account"), f))
}

func (s *Server) postSignUp(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	form, p := web.ReadForm(w, r, maxForm)
	if p != nil {
		return p
	}
	n := NewAccount{Email: form.Get("email"), Name: form.Get("name"), GivenName: form.Get("given_name"), Password: form.Get("password")}
	f := signUpForm{next: safeNext(form.Get("next"))}
	f.name.value, f.givenName.value, f.email.value = n.Name, n.GivenName, n.Email
	if !s.checkSignUp(n, &f) {
		f.note = &note{name: "signup", state: look.Refused, code: "form_incomplete",
			text: "Nothing was created yet. Correct what is marked below."}
		s.showSignUp(w, r, http.StatusUnprocessableEntity, f)
		return nil
	}
	if _, wait, ok := s.limits.signUpPrefix.allow(s.prefix(r), s.config.Now()); !ok {
		p := tooMany(w, wait)
		f.note = problemNote("signup", p)
		s.showSignUp(w, r, p.Status, f)
		return nil
	}
	a, err := s.CreateAccount(ctx, n)
	// That an address has an account can be learned here, as at most providers;
	// the limit above is what keeps lists from being tried.
	if errors.Is(err, ErrEmailTaken) {
		f.note = &note{name: "signup", state: look.Refused, code: "email_taken",
			text: "There is an account with this address. Sign in with it instead."}
		f.email.fault = "This address has an account."
		s.showSignUp(w, r, http.StatusConflict, f)
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.beginSignIn(w, r, a); err != nil {
		return err
	}
	s.sweep(ctx)
	sent := "sent"
	if err := s.sendCode(w, r, a); err != nil {
		s.config.Log.ErrorContext(ctx, "code not mailed", "account", a.ID, "error", err.Error())
		sent = "failed"
	}
	http.Redirect(w, r, verifyURL(a.ID, f.next, sent), http.StatusSeeOther)
	return nil
}

// checkSignUp marks the fields that cannot be accepted.
func (s *Server) checkSignUp(n NewAccount, f *signUpForm) bool {
	if _, ok := readText(n.Name, maxName); !ok {
		f.name.fault = fmt.Sprintf("Enter a name of 1 to %d characters.", maxName)
	}
	if _, ok := readText(n.GivenName, maxName); !ok && strings.TrimSpace(n.GivenName) != "" {
		f.givenName.fault = fmt.Sprintf("At most %d characters on one line.", maxName)
	}
	address, _, err := parseEmail(n.Email)
	if err != nil {
		f.email.fault = "This is not an e-mail address. It looks like name@example.org."
	}
	switch length := utf8.RuneCountInString(n.Password); {
	case length < s.config.MinPasswordLength:
		f.password.fault = fmt.Sprintf("The password has %d characters; it needs at least %d.", length, s.config.MinPasswordLength)
	case len(n.Password) > maxPassword:
		f.password.fault = "The password is too long."
	case strings.EqualFold(n.Password, address), strings.EqualFold(n.Password, strings.TrimSpace(n.Name)):
		f.password.fault = "The password is your name or address. Choose another."
	}
	return f.name.fault+f.givenName.fault+f.email.fault+f.password.fault == ""
}
