package idpserver_test

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver"
	sqlidp "github.com/bonafides-dev/bonafides/store/idpstore"
)

// People stay signed in, and sites connected, when the server is started again.
func TestARestartForgetsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idp.db")
	start := func() *sqlidp.Store {
		s, err := sqlidp.OpenSQLite(path)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	store := start()
	before := newIdP(t, func(c *idpserver.Config) { c.Store = store })
	b := before.browser()
	a := b.unverified("ada@corp.example")
	code := before.lastCode()
	b.assert(assertionForm(a.ID))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	store = start()
	defer store.Close()
	after := newIdP(t, func(c *idpserver.Config) { c.Store = store })
	b.p = after
	var list struct {
		Accounts []struct {
			ID       string
			Approved []string `json:"approved_clients"`
		}
	}
	decode(t, b.accounts(), &list)
	if len(list.Accounts) != 1 || list.Accounts[0].ID != a.ID || len(list.Accounts[0].Approved) != 1 {
		t.Fatalf("accounts = %+v", list)
	}
	wantStatus(t, b.get("/account"), http.StatusOK)
	wantStatus(t, b.post("/verify-email", "account", a.ID, "do", "verify", "code", code), http.StatusSeeOther)
	if got := claims(t, b.assert(assertionForm(a.ID)))["email_verified"]; got != true {
		t.Errorf("email_verified = %v", got)
	}
	b.post("/signout")
	wantStatus(t, b.accounts(), http.StatusUnauthorized)
	after.browser().signIn("ada@corp.example")
}
