package idpstore

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

// A file of before authorizations opens, and who is signed in in it stays so, each with
// an id of their own.
func TestAFileOfBeforeKeepsItsSignIns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "idp.db")
	old, err := sqldb.OpenAt(path, migrations, sqldb.Steps{Version: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`INSERT INTO accounts (id, email, email_key, email_verified, name, given_name, password_hash, created_at)
			VALUES ('a', 'A@example.test', 'a@example.test', 1, 'A', '', '', 0), ('b', 'b@example.test', 'b@example.test', 0, 'B', '', '', 0)`,
		`INSERT INTO sign_ins (browser, account, at, expires_at) VALUES ('x', 'a', 1000, 5000), ('x', 'b', 2000, 5000)`,
	} {
		if _, err := old.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list, err := s.SignIns(t.Context(), "x", time.UnixMilli(3000))
	if err != nil || len(list) != 2 {
		t.Fatal(list, err)
	}
	for i, si := range list {
		if len(si.ID) != 32 || si.ID == list[1-i].ID || si.Account != []string{"a", "b"}[i] {
			t.Errorf("%+v", si)
		}
	}
	if a, err := s.Account(t.Context(), "a"); err != nil || !a.EmailVerified || a.Email != "A@example.test" {
		t.Errorf("%+v, %v", a, err)
	}
}
