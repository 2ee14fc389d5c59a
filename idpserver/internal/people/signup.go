package people

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/limit"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// A sign-up is an account once its code was entered, and until then a row that
// expires: an address is nobody's before they have shown that it is theirs, so that
// nobody holds somebody else's. Whoever has an account already is told so by mail
// alone; the page says and costs the same.

// BeginSignUp mails a code and returns the name of the sign-up. Refusals by a limit
// are *web.Problem. ErrNotMailed: the sign-up began, and its code did not go out.
func (p *People) BeginSignUp(r *http.Request, n NewAccount) (id string, err error) {
	ctx := r.Context()
	if refused := p.take(p.limits.signUps, limit.Of("network", p.network(r))); refused != nil {
		return "", refused
	}
	a, err := p.account(n)
	if err != nil {
		return "", err
	}
	counted := limit.Of("address", mailbox(a.Email))
	if refused := p.allowMail(r, counted); refused != nil {
		return "", refused
	}
	_, err = p.c.Store.AccountByEmail(ctx, a.Email)
	taken := err == nil
	if !taken && !errors.Is(err, directory.ErrNotFound) {
		return "", err
	}
	id, code := rand.Text(), newCode()
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
	p.Sweep(ctx)
	return id, p.mail(ctx, counted, a.Email, subject, text)
}

// FinishSignUp makes the account that the code was mailed for. Refusals are
// *web.Problem.
func (p *People) FinishSignUp(r *http.Request, id, entered string) (*directory.Account, error) {
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
