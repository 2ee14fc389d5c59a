package people

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/limit"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// Authenticate finds the account that the address and password belong to. An
// unknown address, an account without a password and a wrong password give the
// same answer after the same work. Refusals are *web.Problem.
func (p *People) Authenticate(r *http.Request, email, password string) (*directory.Account, error) {
	ctx := r.Context()
	address, _, err := ParseEmail(email)
	switch {
	case email == "" || password == "":
		return nil, web.NewProblem(http.StatusUnprocessableEntity, "credentials_missing",
			"Enter your e-mail address and your password.")
	case err != nil:
		return nil, web.NewProblem(http.StatusUnprocessableEntity, "email_invalid",
			"This is not an e-mail address. It looks like name@example.org.")
	}
	name := strings.ToLower(address)
	device, err := p.device(r, name)
	if err != nil {
		return nil, err
	}
	try, wait := p.limits.signIns.Begin(limit.Attempt{Account: name, From: p.from(r), Device: device}, p.c.Now())
	if refused := tooMany(wait); refused != nil {
		return nil, refused
	}
	defer func() { try.Void(p.c.Now()) }() // unless there was a verdict
	a, err := p.c.Store.AccountByEmail(ctx, address)
	hash := ""
	switch {
	case err == nil:
		hash = a.PasswordHash
	case !errors.Is(err, directory.ErrNotFound):
		return nil, err
	}
	if len(normal(password)) > MaxPassword {
		password, hash = "", "" // no account has one; cost the same
	}
	var right, outdated bool
	var broken error
	err = p.worked(ctx, try.Caller(), func() {
		if right, outdated, broken = p.hasher.verify(name, password, hash); outdated {
			p.rehash(ctx, a, password)
		}
	})
	if err = cmp.Or(err, broken); err != nil {
		return nil, err
	}
	if !right {
		try.Wrong(p.c.Now())
		return nil, web.NewProblem(http.StatusForbidden, "credentials_wrong",
			"The address or the password is wrong.")
	}
	try.Right(p.c.Now())
	// After the verdict: nobody but who knows the password can use these up.
	if refused := p.take(p.limits.entries, limit.Of("account", a.ID)); refused != nil {
		return nil, refused
	}
	return a, nil
}

// rehash brings a stored hash up to the present costs. Failing that, the old one
// still works.
func (p *People) rehash(ctx context.Context, a *directory.Account, password string) {
	err := p.c.Store.SetPasswordHash(ctx, a.ID, p.hasher.hash(password))
	if err != nil {
		p.c.Log.ErrorContext(ctx, "password hash not renewed", "account", a.ID, "error", err.Error())
	}
}
