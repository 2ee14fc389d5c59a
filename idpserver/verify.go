package idpserver

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

type verifyForm struct {
	account *Account
	code    field
	next    string
	note    *note
}

// A mailed code is 8 characters of 5 bits: few enough to type, so it is guarded
// by the limit of attempts online and by the cost of its hash offline.
const codeLength = 8

// newCode returns the start of a random base32 text.
func newCode() string { return rand.Text()[:codeLength] }

// readCode forgives case, spaces and hyphens.
func readCode(s string) (string, bool) {
	s = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSpace(s)))
	if len(s) != codeLength || strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'A' || c > 'Z') && (c < '2' || c > '7')
	}) {
		return "", false
	}
	return s, true
}

// codeHash binds a code to its account. The account is the salt, so that the
// store can find the code by its hash alone, and argon2id makes trying all 2^40
// codes of a stolen store slower than their lifetime by far.
func (s *Server) codeHash(ctx context.Context, account, code string) (hash [32]byte, err error) {
	key, err := s.hasher.key(ctx, []byte(code), []byte(CodeEmail+"\x00"+account), s.hasher.params)
	copy(hash[:], key)
	return hash, err
}

// sendCode mails a code to the account's address. Codes mailed before no longer
// work. Refusals by a limit are *web.Problem.
func (s *Server) sendCode(w http.ResponseWriter, r *http.Request, a *Account) error {
	ctx, now := r.Context(), s.config.Now()
	if _, wait, ok := s.limits.mail.allow(a.ID, now); !ok {
		return tooMany(w, wait)
	}
	if _, wait, ok := s.limits.mailPrefix.allow(s.prefix(r), now); !ok {
		return tooMany(w, wait)
	}
	code := newCode()
	hash, err := s.codeHash(ctx, a.ID, code)
	if err != nil {
		return err
	}
	if err := s.config.Store.DropCodes(ctx, CodeEmail, a.ID); err != nil {
		return err
	}
	err = s.config.Store.PutCode(ctx, Code{
		Purpose: CodeEmail, Hash: hash, Account: a.ID, Data: []byte(a.Email), Expires: now.Add(s.config.CodeLifetime),
	})
	if err != nil {
		return err
	}
	shown := code[:codeLength/2] + "-" + code[codeLength/2:]
	return s.config.Mailer.Send(ctx, Mail{
		To:      a.Email,
		Subject: "Your code for " + s.config.Name,
		Text: "Your code is " + shown + "\n\n" +
			"Enter it at " + s.config.Issuer + "/verify-email within " + inMinutes(s.config.CodeLifetime) + ". It works once.\n\n" +
			"If you did not create an account at " + s.config.Name + ", do nothing: without the code the address stays unverified.\n",
	})
}

func verifyURL(account, next, state string) string {
	v := url.Values{"account": {account}, "mail": {state}}
	if next != "" {
		v.Set("next", next)
	}
	return "/verify-email?" + v.Encode()
}

// serveVerifyEmail shows where the code is entered, and takes it. Only an
// account that is signed in in this browser can be named.
func (s *Server) serveVerifyEmail(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodGet, http.MethodPost); p != nil {
		return p
	}
	people, err := s.signedIn(r.Context(), s.pageBrowser(r))
	if err != nil {
		return err
	}
	if r.Method == http.MethodPost {
		return s.postVerifyEmail(w, r, people)
	}
	if len(people) == 0 {
		http.Redirect(w, r, "/signin?next=%2Fverify-email", http.StatusSeeOther)
		return nil
	}
	q := r.URL.Query()
	f := verifyForm{next: safeNext(q.Get("next")), account: pick(people, q.Get("account"))}
	if f.account == nil {
		f.account = firstUnverified(people)
	}
	switch q.Get("mail") {
	case "sent":
		f.note = &note{name: "verify", state: look.Done, code: "code_sent", text: "A code is on its way. It works for " + inMinutes(s.config.CodeLifetime) + "."}
	case "failed":
		f.note = &note{name: "verify", state: look.Failed, code: "mail_failed", text: "The code could not be mailed. Send a new one in a moment."}
	case "verified":
		f.note = &note{name: "verify", state: look.Done, code: "verified", text: "Thank you."}
	}
	if f.account.EmailVerified != (q.Get("mail") == "verified") {
		f.note = nil // the link is older than the account's state
	}
	s.showVerify(w, r, http.StatusOK, f)
	return nil
}

func (s *Server) showVerify(w http.ResponseWriter, r *http.Request, status int, f verifyForm) {
	f.code.name, f.code.label, f.code.kind, f.code.autocomplete = "code", "Code from the mail", "text", "one-time-code"
	f.code.attrs = map[string]any{"required": true, "maxlength": 16, "class": "code", "autocapitalize": "characters", "spellcheck": "false"}
	look.Render(w, r, status, verifyPage(s.view(r.Context(), PageVerifyEmail, "Verify your address"), f))
}

func (s *Server) postVerifyEmail(w http.ResponseWriter, r *http.Request, people []*Account) error {
	form, p := web.ReadForm(w, r, maxForm)
	if p != nil {
		return p
	}
	a := pick(people, form.Get("account"))
	if a == nil {
		return errNotYours
	}
	f := verifyForm{account: a, next: safeNext(form.Get("next"))}
	var err error
	state := "verified"
	switch {
	case a.EmailVerified:
		// Nothing to do, whichever button was pressed.
	case form.Get("do") == "send":
		state, err = "sent", s.sendCode(w, r, a)
	case form.Get("do") == "verify":
		err = s.takeCode(w, r, a, form.Get("code"))
	default:
		return web.NewProblem(http.StatusBadRequest, "action_unknown", "The form does not say what to do. Go back and press one of the buttons.")
	}
	if errors.As(err, &p) {
		s.config.Log.InfoContext(r.Context(), "code refused", "account", a.ID, "code", p.Code)
		f.note = problemNote("verify", p)
		s.showVerify(w, r, p.Status, f)
		return nil
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, verifyURL(a.ID, f.next, state), http.StatusSeeOther)
	return nil
}

// takeCode uses up the code and marks the address that it was mailed to. A code
// is gone even if the address has changed since.
func (s *Server) takeCode(w http.ResponseWriter, r *http.Request, a *Account, entered string) error {
	ctx, now := r.Context(), s.config.Now()
	code, ok := readCode(entered)
	if !ok {
		return web.NewProblem(http.StatusUnprocessableEntity, "code_malformed", "A code has 8 letters and digits, like ABCD-2345.")
	}
	if _, wait, ok := s.limits.code.allow(a.ID, now); !ok {
		return tooMany(w, wait)
	}
	hash, err := s.codeHash(ctx, a.ID, code)
	if err != nil {
		return err
	}
	wrong := web.NewProblem(http.StatusForbidden, "code_wrong", "This code is not the newest one, was used already, or is too old. Send a new code.")
	c, err := s.config.Store.TakeCode(ctx, CodeEmail, hash, now)
	if errors.Is(err, ErrNotFound) {
		return wrong
	}
	if err != nil {
		return err
	}
	err = s.config.Store.MarkEmailVerified(ctx, a.ID, string(c.Data))
	if errors.Is(err, ErrNotFound) {
		return wrong
	}
	if err == nil {
		s.config.Log.InfoContext(ctx, "address verified", "account", a.ID)
	}
	return err
}

func pick(people []*Account, id string) *Account {
	for _, a := range people {
		if a.ID == id {
			return a
		}
	}
	return nil
}

func firstUnverified(people []*Account) *Account {
	for _, a := range people {
		if !a.EmailVerified {
			return a
		}
	}
	return people[0]
}

func inMinutes(d time.Duration) string {
	if d < 2*time.Minute {
		return "a minute"
	}
	return strconv.Itoa(int(d.Minutes())) + " minutes"
}
