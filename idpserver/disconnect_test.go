package idpserver_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
	"github.com/bonafides-dev/bonafides/store/mem/idpmem"
)

func TestDisconnect(t *testing.T) {
	post := func(b *browser, change func(*http.Request), pairs ...string) *http.Response {
		r := httptest.NewRequest(http.MethodPost, loopback+"/fedcm/disconnect", strings.NewReader(values(pairs...).Encode()))
		r.Header.Set("Sec-Fetch-Dest", "webidentity")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", shopOrigin)
		if change != nil {
			change(r)
		}
		return b.send(r, true)
	}
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	grace := p.create("grace@home.example")
	b, other := p.browser(), p.browser()
	b.signIn("ada@corp.example")
	other.signIn("grace@home.example")
	other.assert(assertionForm(grace.ID))
	grants := func(id string) int {
		g, err := p.store.Grants(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		return len(g)
	}
	for _, hint := range []string{ada.ID, "ada@corp.example"} {
		b.assert(assertionForm(ada.ID))
		wantFedCMError(t, p, post(b, nil, "client_id", shopID, "account_hint", grace.ID), 403, "account_not_signed_in")
		wantFedCMError(t, p, post(b, nil, "client_id", shopID), 400, "form_invalid")
		wantFedCMError(t, p, post(b, nil, "account_hint", hint), 400, "client_id_missing")
		wantFedCMError(t, p, post(b, func(r *http.Request) { r.Header.Del("Sec-Fetch-Dest") }, "client_id", shopID, "account_hint", hint), 403, "not_webidentity")
		wantFedCMError(t, p, post(b, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, "client_id", shopID, "account_hint", hint), 403, "origin_mismatch")
		if grants(ada.ID) != 1 || grants(grace.ID) != 1 {
			t.Fatal("a refused disconnect ended a grant")
		}
		res := post(b, nil, "client_id", shopID, "account_hint", hint)
		wantStatus(t, res, http.StatusOK)
		if res.Header.Get("Access-Control-Allow-Origin") != shopOrigin || res.Header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("CORS headers: %v", res.Header)
		}
		id, err := wire.ParseDisconnectAnswer([]byte(body(t, res)))
		if err != nil || id != ada.ID {
			t.Errorf("account_id = %q, %v", id, err)
		}
		if grants(ada.ID) != 0 || grants(grace.ID) != 1 {
			t.Fatalf("grants: ada %d, grace %d", grants(ada.ID), grants(grace.ID))
		}
	}
}

// halting is a store that can fail to revoke, or revoke nothing, as one that a disconnect
// passed by while a code was being made.
type halting struct {
	*idpmem.Store
	fails, passes bool
}

func (s *halting) RevokeAuthorizations(ctx context.Context, w directory.Authorizations, at time.Time) ([]directory.Authorization, error) {
	switch {
	case s.fails:
		return nil, errors.New("store is down")
	case s.passes:
		return nil, nil
	}
	return s.Store.RevokeAuthorizations(ctx, w, at)
}

func TestASiteThatStillHasSomethingIsStillListed(t *testing.T) {
	store := &halting{Store: new(idpmem.Store), fails: true}
	_, b, ada, _ := signedInWith(t, "openid email", func(c *idpserver.Config) { c.Store = store })
	wantStatus(t, b.post("/account", "do", "disconnect", "client", shopID, "account", ada.ID), http.StatusServiceUnavailable)
	if !strings.Contains(body(t, b.get("/account")), "Corner Shop") {
		t.Error("what the site has is not to be seen any more")
	}
	store.fails = false
	wantStatus(t, b.post("/account", "do", "disconnect", "client", shopID, "account", ada.ID), http.StatusSeeOther)
}

func TestACodeThatWasMadeDuringADisconnectBuysNothing(t *testing.T) {
	store := &halting{Store: new(idpmem.Store), passes: true}
	p := newIdP(t, func(c *idpserver.Config) { c.Store = store })
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	v, verifier := codeRequest(t)
	code := b.code(v, ada.ID)
	b.post("/account", "do", "disconnect", "client", shopID, "account", ada.ID)
	wantTokenError(t, p.token(exchange(code, verifier)), 400, "invalid_grant")
}
