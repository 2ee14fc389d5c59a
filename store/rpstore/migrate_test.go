package rpstore

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

// A file of the version that kept every nonce opens, with the users that it has.
func TestAFileOfBeforeKeepsItsUsersAndLosesItsNonces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rp.db")
	old, err := sqldb.OpenAt(path, migrations, sqldb.Steps{Version: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`INSERT INTO nonces (hash, browser, expires_at) VALUES (x'01', x'02', 3)`,
		`INSERT INTO users (id, issuer, subject, name, email, email_verified, created_at, last_sign_in) VALUES ('u', 'https://idp.example', 's', '', '', 0, 0, 0)`,
	} {
		if _, err := old.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	s, err := OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.User(t.Context(), "u"); err != nil {
		t.Error(err)
	}
	var tables int
	if err := s.db.QueryRow(`SELECT count(*) FROM sqlite_schema WHERE name LIKE 'nonces%' AND name <> 'nonces_epoch'`).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables and indexes of old nonces, %v", tables, err)
	}
	now, hash := time.Now(), [32]byte{1}
	if err := s.UseNonce(t.Context(), hash, before.Add(-time.Second), now.Add(time.Minute), now); err != rpserver.ErrNonceUnknown {
		t.Errorf("made before the file knew of uses: %v", err)
	}
	if err := s.UseNonce(t.Context(), hash, now, now.Add(time.Minute), now); err != nil {
		t.Error(err)
	}
}

// A file whose epoch is gone knows nothing, and so takes nothing.
func TestAFileWithoutItsEpochRefuses(t *testing.T) {
	s, err := OpenSQLite(filepath.Join(t.TempDir(), "rp.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.db.DB.Exec(`DELETE FROM nonces_epoch`); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if err := s.UseNonce(t.Context(), [32]byte{1}, now, now.Add(time.Minute), now); err != rpserver.ErrNonceUnknown {
		t.Error(err)
	}
}

// A sweep that does not come to its end leaves rows and epoch as they were.
func TestASweepIsWholeOrNot(t *testing.T) {
	s, err := OpenSQLite(filepath.Join(t.TempDir(), "rp.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Now()
	if err := s.UseNonce(t.Context(), [32]byte{1}, now, now.Add(time.Minute), now); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.DB.Exec(`CREATE TRIGGER no BEFORE DELETE ON used_nonces BEGIN SELECT RAISE(ABORT, 'no'); END`); err != nil {
		t.Fatal(err)
	}
	if err := s.SweepNonces(t.Context(), now.Add(3*time.Hour)); err == nil {
		t.Fatal("swept")
	}
	if err := s.UseNonce(t.Context(), [32]byte{2}, now, now.Add(time.Minute), now); err != nil {
		t.Errorf("the epoch moved without its rows: %v", err)
	}
	if _, err := s.db.DB.Exec(`DROP TRIGGER no`); err != nil {
		t.Fatal(err)
	}
	if err := s.SweepNonces(t.Context(), now.Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	var rows int
	if err := s.db.QueryRow(`SELECT count(*) FROM used_nonces`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

// A file of the version in which a user had one identity opens, and nobody in it is
// lost, given to another, or made anew when they sign in.
func TestAFileOfBeforeKeepsWhoItsUsersAre(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rp.db")
	old, err := sqldb.OpenAt(path, migrations, sqldb.Steps{Version: 2})
	if err != nil {
		t.Fatal(err)
	}
	people := []struct {
		id, issuer, subject, name, email string
		verified                         bool
	}{
		{"a", "https://idp.example", "s", "Ada", "ada@example.test", true},
		{"b", "https://idp.example", "S", "", "", false},
		{"c", "https://other.example", "s", "Ada", "ada@example.test", false},
	}
	for i, p := range people {
		if _, err := old.Exec(`INSERT INTO users (id, issuer, subject, name, email, email_verified, created_at, last_sign_in)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, p.id, p.issuer, p.subject, p.name, p.email, p.verified, 1000+i, 2000+i); err != nil {
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
	for i, p := range people {
		want := rpserver.User{ID: p.id, Name: p.name, Email: p.email, EmailVerified: p.verified,
			Created: fromMillis(int64(1000 + i)), LastSignIn: fromMillis(int64(2000 + i))}
		if u, err := s.User(t.Context(), p.id); err != nil || *u != want {
			t.Errorf("got %+v, %v\nwant %+v", u, err, want)
		}
		id := rpserver.Identity{Issuer: p.issuer, Subject: p.subject, Name: p.name, Email: p.email, EmailVerified: p.verified}
		if ids, err := s.Identities(t.Context(), p.id); err != nil || len(ids) != 1 || ids[0] != id {
			t.Errorf("%s: identities %+v, %v", p.id, ids, err)
		}
		u, created, err := s.SignIn(t.Context(), rpserver.Identity{Issuer: p.issuer, Subject: p.subject}, time.Now())
		if err != nil || created || u.ID != p.id || u.Email != p.email {
			t.Errorf("%s signs in as %+v, created %v, %v", p.id, u, created, err)
		}
	}
}
