package people

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/kdf"
	"github.com/bonafides-dev/bonafides/internal/limit"
	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// A sign-up is an account once its code was entered, and until then a row that
// expires: an address is nobody's before they have shown that it is theirs, so that
// nobody holds somebody else's. Whoever has an account already is told so by mail
// alone; the page says and costs the same.
//
// The code is taken in the browser that asked alone. Somebody could otherwise ask for
// an account with another's address and a password of their own, and lead them, by a
// link to our page, to enter the code that we mailed: the account would have the
// address of the one and the password of the other.

// BeginSignUp mails a code and returns the name of the sign-up, which the browser gets
// a cookie for. Refusals by a limit are *web.Problem. ErrNotMailed: the sign-up began,
// and its code did not go out.
func (p *People) BeginSignUp(w http.ResponseWriter, r *http.Request, n NewAccount) (id string, err error) {
	ctx := r.Context()
	if refused := p.take(p.limits.signUps, limit.Of("network", p.network(r))); refused != nil {
		return "", refused
	}
	a, err := p.account(n)
	if err != nil {
		return "", err
	}
	counted := limit.Of("address", mailbox(a.Email))
	// Nobody uses up, from where they are, all that goes to somebody else's address in
	// a day: the owner could not sign up then.
	here := limit.Of("address in network", mailbox(a.Email), p.network(r))
	if refused := tooManyMails(p.limits.mailsHere.Take(here, p.c.Now())); refused != nil {
		return "", refused
	}
	if refused := p.allowMail(r, counted); refused != nil {
		p.limits.mailsHere.Return(here, p.c.Now())
		return "", refused
	}
	_, err = p.c.Store.AccountByEmail(ctx, a.Email)
	taken := err == nil
	if !taken && !errors.Is(err, directory.ErrNotFound) {
		return "", err
	}
	browser := p.begun.token(r)
	if browser == "" {
		browser = secret.New()
	}
	id, code := signUpName(browser, rand.Text()[:signUpRandom]), newCode()
	var hash [32]byte
	err = p.worked(ctx, p.stranger(r), func() {
		a.PasswordHash = p.hasher.hash(n.Password)
		hash = p.codeHash(directory.CodeSignUp, id, code)
	})
	if err != nil {
		return "", err
	}
	data, err := signUpJSON(a)
	if err != nil {
		return "", err
	}
	err = p.c.Store.PutCode(ctx, directory.Code{
		Purpose: directory.CodeSignUp, Hash: hash, Account: id, Data: data, Expires: p.c.Now().Add(p.c.CodeLifetime),
	})
	if err != nil {
		return "", err
	}
	subject, text := "Your code for "+p.c.Name,
		"Your code is "+shown(code)+"\n\n"+
			"Enter it where you asked for an account at "+p.c.Name+", within "+p.CodeWorks()+". It works once.\n\n"+
			"If you did not ask for one, do nothing, and tell nobody the code: without it there is no account.\n"
	if taken { // nobody is mailed the code of this sign-up
		subject, text = "You have an account at "+p.c.Name,
			"Somebody asked for an account at "+p.c.Name+" with this address. There is one already: sign in at "+p.c.Issuer+"/signin\n\n"+
				"If it was not you who asked, do nothing: nothing was changed.\n"
	}
	p.begun.set(w, browser, int(p.c.CodeLifetime/time.Second)) // one for all tabs
	p.Sweep(ctx)
	return id, p.mail(ctx, counted, a.Email, subject, text)
}

// A sign-up is named by random characters and a MAC of them under the cookie of its
// browser: 50 and 80 bits.
const signUpRandom = 10

func signUpName(browser, random string) string {
	mac := kdf.MAC([]byte(browser), []byte("sign-up "+random))
	return random + base32.StdEncoding.EncodeToString(mac[:10])
}

// BeganSignUp refuses the name of a sign-up that the browser of r did not begin.
func (p *People) BeganSignUp(r *http.Request, id string) *web.Problem {
	browser := p.begun.token(r)
	if browser == "" || !IsSignUp(id) || !hmac.Equal([]byte(signUpName(browser, id[:signUpRandom])), []byte(id)) {
		return errOtherBrowser
	}
	return nil
}

var errOtherBrowser = web.NewProblem(http.StatusForbidden, "signup_other_browser",
	"This browser asked for no such account, or too long ago. If you asked in another one, enter the code there, or begin again here. "+
		"If somebody sent you this link, do not use the code: whoever asked for the account chose its password.")

// FinishSignUp makes the account that the code was mailed for. Refusals are
// *web.Problem.
func (p *People) FinishSignUp(r *http.Request, id, entered string) (*directory.Account, error) {
	if refused := p.BeganSignUp(r, id); refused != nil {
		return nil, refused
	}
	c, err := p.takeCode(r, directory.CodeSignUp, id, entered)
	if err != nil {
		return nil, err
	}
	// What the code was for is done, whether or not the browser is still there.
	ctx := context.WithoutCancel(r.Context())
	a, err := parseSignUp(c.Data)
	if err != nil {
		return nil, err
	}
	a.ID, a.EmailVerified, a.CreatedAt = rand.Text(), true, p.c.Now()
	err = p.c.Store.CreateAccount(ctx, a)
	if errors.Is(err, directory.ErrEmailTaken) { // by another sign-up of the same address
		return nil, errCodeWrong
	}
	if err != nil {
		return nil, err
	}
	p.c.Log.InfoContext(ctx, "account created", "account", a.ID)
	return &a, nil
}

// IsSignUp tells whether a text can be the name of a sign-up.
func IsSignUp(id string) bool {
	return len(id) == 26 && !strings.ContainsFunc(id, func(c rune) bool { return (c < 'A' || c > 'Z') && (c < '2' || c > '7') })
}

var errCodeWrong = web.NewProblem(http.StatusForbidden, "code_wrong",
	"This code is not the newest one, was used already, or is too old. Ask for a new one.")

func signUpJSON(a directory.Account) ([]byte, error) {
	var w strictjson.Writer
	w.String("email", a.Email)
	w.String("name", a.Name)
	w.String("given_name", a.GivenName)
	w.String("password_hash", a.PasswordHash)
	return w.Bytes()
}

func parseSignUp(b []byte) (a directory.Account, err error) {
	v, err := strictjson.Parse(b, strictjson.Limits{})
	if err != nil {
		return a, err
	}
	ok := true
	for name, to := range map[string]*string{"email": &a.Email, "name": &a.Name, "given_name": &a.GivenName, "password_hash": &a.PasswordHash} {
		text, is := v.Get(name).Text()
		*to, ok = text, ok && is
	}
	if !ok {
		return a, errors.New("people: a stored sign-up cannot be read")
	}
	return a, nil
}
