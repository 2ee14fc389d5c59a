package idpserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// goneStore is a store whose caller goes away as soon as a code is taken.
type goneStore struct {
	directory.Store
	gone func()
}

func (s *goneStore) TakeCode(ctx context.Context, purpose string, hash [32]byte, now time.Time) (*directory.Code, error) {
	c, err := s.Store.TakeCode(ctx, purpose, hash, now)
	if err == nil {
		s.gone()
	}
	return c, err
}

// A line that breaks between the two must not leave a used code and no account.
func TestACodeThatIsTakenMakesTheAccountWhoeverIsGone(t *testing.T) {
	var store goneStore
	p := newIdP(t, func(c *idpserver.Config) { store.Store = c.Store; c.Store = &store })
	b := p.browser()
	name := signUpName(t, b.signUp("ada@home.example"))
	ctx, cancel := context.WithCancel(context.Background())
	store.gone = cancel
	b.leaving(ctx, "/verify-email", "signup", name, "code", p.lastCode())
	if p.byEmail("ada@home.example") == nil {
		t.Fatal("the code is used up, and there is no account")
	}
	p.browser().signIn("ada@home.example")
}

func TestACodeThatIsTakenVerifiesTheAddressWhoeverIsGone(t *testing.T) {
	store := goneStore{gone: func() {}}
	p := newIdP(t, func(c *idpserver.Config) { store.Store = c.Store; c.Store = &store })
	b := p.browser()
	ada := b.unverified("ada@home.example")
	ctx, cancel := context.WithCancel(context.Background())
	store.gone = cancel
	b.leaving(ctx, "/verify-email", "account", ada.ID, "do", "verify", "code", p.lastCode())
	if !p.byEmail("ada@home.example").EmailVerified {
		t.Fatal("the code is used up, and the address is not verified")
	}
}

// leaving posts a form and goes away when ctx ends.
func (b *browser) leaving(ctx context.Context, path string, form ...string) {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(values(form...).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	b.send(r, false)
}
