package idpstore_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/idpstore"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

func open(t *testing.T, path string) *idpstore.Store {
	t.Helper()
	s, err := idpstore.OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSQLite(t *testing.T) {
	storetest.IdP(t, func(t *testing.T) directory.Store {
		return open(t, filepath.Join(t.TempDir(), "idp.db"))
	})
}

func TestWhatWasWrittenIsThereAfterOpeningAgain(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "idp.db")
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	first := open(t, path)
	if err := first.CreateAccount(ctx, directory.Account{ID: "a", Email: "a@example.test", Name: "A", CreatedAt: now}); err != nil {
		t.Fatal(err)
	}
	if err := first.AddSignIn(ctx, "", "b", directory.SignIn{Account: "a", At: now, Expires: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	second := open(t, path) // another process, while the first is still open
	if _, err := second.Account(ctx, "a"); err != nil {
		t.Error(err)
	}
	if list, err := second.SignIns(ctx, "b", now); err != nil || len(list) != 1 {
		t.Errorf("sign-ins = %v, %v", list, err)
	}
}

func TestASignInNeedsItsAccount(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "idp.db"))
	now := time.Now()
	err := s.AddSignIn(context.Background(), "", "b", directory.SignIn{Account: "nobody", At: now, Expires: now.Add(time.Hour)})
	if err == nil {
		t.Error("a sign-in of an account that does not exist was stored")
	}
}
