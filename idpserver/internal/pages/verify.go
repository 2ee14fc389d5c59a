package pages

import (
	"errors"
	"net/http"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

type verifyForm struct {
	account *directory.Account // nil: signUp
	signUp  string
	code    field
	next    string
	note    *note
}

// ServeVerifyEmail shows where the code is entered, and takes it: that of a sign-up,
// or of an account that is signed in in this browser.
func (p *Pages) ServeVerifyEmail(w http.ResponseWriter, r *http.Request) error {
	if refused := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); refused != nil {
		return refused
	}
	if r.Method == http.MethodPost {
		return p.postVerifyEmail(w, r)
	}
	if id := web.Query(r).Get("signup"); people.IsSignUp(id) {
		if refused := p.c.People.BeganSignUp(r, id); refused != nil {
			return refused
		}
		q := web.Query(r)
		p.showVerify(w, r, http.StatusOK, verifyForm{signUp: id, next: safeNext(q.Get("next")), note: p.mailNote(q.Get("mail"))})
		return nil
	}
	here, err := p.c.People.Here(r)
	if err != nil {
		return err
	}
	if len(here) == 0 {
		http.Redirect(w, r, "/signin?next=%2Fverify-email", http.StatusSeeOther)
		return nil
	}
	q := web.Query(r)
	f := verifyForm{next: safeNext(q.Get("next")), account: people.Pick(here, q.Get("account"))}
	if f.account == nil {
		f.account = firstUnverified(here)
	}
	f.note = p.mailNote(q.Get("mail"))
	if f.account.EmailVerified != (q.Get("mail") == "verified") {
		f.note = nil // the link is older than the account's state
	}
	p.showVerify(w, r, http.StatusOK, f)
	return nil
}

// mailNote says what became of a code.
func (p *Pages) mailNote(state string) *note {
	switch state {
	case "sent":
		return &note{name: "verify", state: look.Done, code: "code_sent", text: "A code is on its way. It works for " + p.c.People.CodeWorks() + "."}
	case "failed":
		return &note{name: "verify", state: look.Failed, code: "mail_failed", text: "The code could not be mailed. Try again in a moment."}
	case "verified":
		return &note{name: "verify", state: look.Done, code: "verified", text: "Thank you."}
	}
	return nil
}

func (p *Pages) showVerify(w http.ResponseWriter, r *http.Request, status int, f verifyForm) {
	f.code.name, f.code.label, f.code.kind, f.code.autocomplete = "code", "Code from the mail", "text", "one-time-code"
	f.code.attrs = map[string]any{"required": true, "maxlength": 16, "class": "code", "autocapitalize": "characters", "spellcheck": "false"}
	look.Render(w, r, status, verifyPage(p.view(r.Context(), VerifyEmail, "Verify your address", f.next), f))
}

func (p *Pages) postVerifyEmail(w http.ResponseWriter, r *http.Request) error {
	form, refused := web.ReadForm(w, r, MaxForm)
	if refused != nil {
		return refused
	}
	if id := form.Get("signup"); people.IsSignUp(id) {
		return p.finishSignUp(w, r, verifyForm{signUp: id, next: safeNext(form.Get("next"))}, form.Get("code"))
	}
	here, err := p.c.People.Here(r)
	if err != nil {
		return err
	}
	a := people.Pick(here, form.Get("account"))
	if a == nil {
		return people.ErrNotYours
	}
	f := verifyForm{account: a, next: safeNext(form.Get("next"))}
	state := "verified"
	switch {
	case a.EmailVerified:
		// Nothing to do, whichever button was pressed.
	case form.Get("do") == "send":
		state, err = "sent", p.c.People.SendCode(r, a)
	case form.Get("do") == "verify":
		err = p.c.People.TakeCode(r, a, form.Get("code"))
	default:
		return ErrNoAction
	}
	if errors.As(err, &refused) {
		p.c.Log.InfoContext(r.Context(), "code refused", "account", a.ID, "code", refused.Code)
		f.note = problemNote("verify", refused)
		refused.SetHeaders(w.Header())
		p.showVerify(w, r, refused.Status, f)
		return nil
	}
	if errors.Is(err, people.ErrNotMailed) {
		state, err = "failed", nil
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, verifyURL("account", a.ID, f.next, state), http.StatusSeeOther)
	return nil
}

// finishSignUp makes the account and signs it in.
func (p *Pages) finishSignUp(w http.ResponseWriter, r *http.Request, f verifyForm, code string) error {
	a, err := p.c.People.FinishSignUp(r, f.signUp, code)
	var refused *web.Problem
	if errors.As(err, &refused) {
		p.c.Log.InfoContext(r.Context(), "code refused", "code", refused.Code)
		f.note = problemNote("verify", refused)
		refused.SetHeaders(w.Header())
		p.showVerify(w, r, refused.Status, f)
		return nil
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

func firstUnverified(here []*directory.Account) *directory.Account {
	for _, a := range here {
		if !a.EmailVerified {
			return a
		}
	}
	return here[0]
}
