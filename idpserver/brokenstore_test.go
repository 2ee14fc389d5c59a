package idpserver_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// brokenStore answers until it is told not to.
type brokenStore struct {
	directory.Store
	broken bool
}

var errBroken = errors.New("disk on fire")

func (s *brokenStore) Grants(ctx context.Context, account string) ([]directory.Grant, error) {
	if s.broken {
		return nil, errBroken
	}
	return s.Store.Grants(ctx, account)
}

func (s *brokenStore) PutGrant(ctx context.Context, g directory.Grant) error {
	if s.broken {
		return errBroken
	}
	return s.Store.PutGrant(ctx, g)
}

func (s *brokenStore) FindSession(ctx context.Context, kind, token string, now time.Time) ([]byte, error) {
	if s.broken {
		return nil, errBroken
	}
	return s.Store.FindSession(ctx, kind, token, now)
}

func TestAStoreThatCannotAnswerGivesNoToken(t *testing.T) {
	var store brokenStore
	p := newIdP(t, func(c *idpserver.Config) { store.Store = c.Store; c.Store = &store })
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	store.broken = true
	wantFedCMError(t, &idp{Server: p.Server, t: t, issuer: p.issuer, secrets: map[string]bool{}},
		b.accounts(), 503, "temporarily_unavailable")
	res := b.send(b.assertionRequest(assertionForm(ada.ID)), true)
	if res.StatusCode != http.StatusServiceUnavailable || strings.Contains(body(t, res), "fire") {
		t.Errorf("status %d: %s", res.StatusCode, body(t, res))
	}
	res = b.get("/account")
	wantPageCode(t, res, 503, "temporarily_unavailable")
	if strings.Contains(body(t, res), "fire") {
		t.Error("the page shows the store's error")
	}
	if !p.logged("disk on fire") {
		t.Error("the log does not hold the store's error")
	}
	store.broken = false
	wantStatus(t, b.accounts(), http.StatusOK)
}
