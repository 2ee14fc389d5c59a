package idpserver_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// sweepSpy sees when a store was swept.
type sweepSpy struct {
	directory.Store
	at  []time.Time
	err error
}

func (s *sweepSpy) Sweep(ctx context.Context, now time.Time) error {
	s.at = append(s.at, now)
	if s.err != nil {
		return s.err
	}
	return s.Store.Sweep(ctx, now)
}

// Whatever adds a row that expires sweeps, by Config.Now and no more than every ten
// minutes; what only reads does not.
func TestWhatExpiredIsSweptWhereSomethingIsAdded(t *testing.T) {
	spy := &sweepSpy{}
	p := newIdP(t, func(c *idpserver.Config) { spy.Store = c.Store; c.Store = spy })
	ada := p.create("ada@corp.example")
	open := p.create("open@corp.example", func(n *idpserver.NewAccount) { n.EmailVerified = false })
	b := p.browser()
	swept := func(name string, want bool, do func()) {
		t.Helper()
		before := len(spy.at)
		do()
		switch n := len(spy.at) - before; {
		case want && (n != 1 || !spy.at[before].Equal(p.now)):
			t.Errorf("%s: swept at %v, now is %v", name, spy.at[before:], p.now)
		case !want && n != 0:
			t.Errorf("%s: swept %d times", name, n)
		}
	}
	later := func() { p.now = p.now.Add(10 * time.Minute) }

	swept("sign-in", true, func() { b.signIn(ada.Email) })
	swept("another at once", false, func() { b.signIn(open.Email) })
	p.now = p.now.Add(10*time.Minute - 2*time.Second)
	swept("sooner than ten minutes", false, func() { b.signIn(ada.Email) })
	later()
	swept("reading", false, func() { b.get("/account"); b.accounts(); b.get("/signin") })
	swept("a mailed code", true, func() { wantStatus(t, b.post("/verify-email", "account", open.ID, "do", "send"), http.StatusSeeOther) })
	later()
	var begun string
	newcomer := p.browser()
	swept("a sign-up that begins", true, func() { begun = signUpName(t, newcomer.signUp("new@home.example")) })
	later()
	swept("a sign-up that ends", true, func() {
		wantStatus(t, newcomer.post("/verify-email", "signup", begun, "code", p.lastCode()), http.StatusSeeOther)
	})
	later()
	swept("an authorization code", true, func() { v, _ := codeRequest(t); b.code(v, ada.ID) })
	later()
	spy.err = errors.New("disk full")
	swept("one that fails", true, func() { b.signIn(ada.Email) })
	if !p.logged("sweep failed") {
		t.Error("a sweep that failed is not logged")
	}
}
