package people

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/limit"
	"github.com/bonafides-dev/bonafides/internal/web"
)

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

// shown is a code as people read it.
func shown(code string) string { return code[:codeLength/2] + "-" + code[codeLength/2:] }

// codeHash binds a code to its account, or to its sign-up. That is the salt, so that
// the store can find the code by its hash alone, and argon2id makes trying all 2^40
// codes of a stolen store slower than their lifetime by far.
func (p *People) codeHash(purpose, of, code string) (hash [32]byte) {
	copy(hash[:], p.hasher.params.key([]byte(code), []byte(purpose+"\x00"+of)))
	return hash
}

// SendCode mails a code to the account's address. Codes mailed before no longer
// work. Refusals by a limit are *web.Problem. ErrNotMailed: the code did not go out.
func (p *People) SendCode(r *http.Request, a *directory.Account) error {
	ctx, now := r.Context(), p.c.Now()
	counted := limit.Of("account", a.ID)
	if refused := p.allowMail(r, counted); refused != nil {
		return refused
	}
	code := newCode()
	var hash [32]byte
	err := p.worked(ctx, p.stranger(r), func() { hash = p.codeHash(directory.CodeEmail, a.ID, code) })
	if err != nil {
		return err
	}
	if err := p.c.Store.DropCodes(ctx, directory.CodeEmail, a.ID); err != nil {
		return err
	}
	err = p.c.Store.PutCode(ctx, directory.Code{
		Purpose: directory.CodeEmail, Hash: hash, Account: a.ID, Data: []byte(a.Email), Expires: now.Add(p.c.CodeLifetime),
	})
	if err != nil {
		return err
	}
	p.Sweep(ctx)
	return p.mail(ctx, counted, a.Email, "Your code for "+p.c.Name,
		"Your code is "+shown(code)+"\n\n"+
			"Enter it at "+p.c.Issuer+"/verify-email within "+p.CodeWorks()+". It works once.\n\n"+
			"If you did not create an account at "+p.c.Name+", do nothing: without the code the address stays unverified.\n")
}

// CodeWorks says in words how long a mailed code works.
func (p *People) CodeWorks() string {
	if p.c.CodeLifetime < 2*time.Minute {
		return "a minute"
	}
	return strconv.Itoa(int(p.c.CodeLifetime.Minutes())) + " minutes"
}

// TakeCode uses up the code and marks the address that it was mailed to. A code
// is gone even if the address has changed since. Refusals are *web.Problem.
func (p *People) TakeCode(r *http.Request, a *directory.Account, entered string) error {
	c, err := p.takeCode(r, directory.CodeEmail, a.ID, entered)
	if err != nil {
		return err
	}
	// What the code was for is done, whether or not the browser is still there.
	ctx := context.WithoutCancel(r.Context())
	err = p.c.Store.MarkEmailVerified(ctx, a.ID, string(c.Data))
	if errors.Is(err, directory.ErrNotFound) {
		return errCodeWrong
	}
	if err == nil {
		p.c.Log.InfoContext(ctx, "address verified", "account", a.ID)
	}
	return err
}

// takeCode uses up a code of an account or sign-up. Refusals are *web.Problem.
func (p *People) takeCode(r *http.Request, purpose, of, entered string) (*directory.Code, error) {
	code, ok := readCode(entered)
	if !ok {
		return nil, web.NewProblem(http.StatusUnprocessableEntity, "code_malformed", "A code has 8 letters and digits, like ABCD-2345.")
	}
	key := limit.Of(purpose, of)
	if refused := tooMany(p.limits.codes.Begin(key, p.c.Now())); refused != nil {
		return nil, refused
	}
	wrong := false
	defer func() { p.limits.codes.End(key, wrong, p.c.Now()) }()
	var hash [32]byte
	if err := p.worked(r.Context(), p.stranger(r), func() { hash = p.codeHash(purpose, of, code) }); err != nil {
		return nil, err
	}
	c, err := p.c.Store.TakeCode(r.Context(), purpose, hash, p.c.Now())
	if errors.Is(err, directory.ErrNotFound) {
		wrong, err = true, errCodeWrong
	}
	return c, err
}
