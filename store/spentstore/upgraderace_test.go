package spentstore

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

// An earlier version that still runs may spend a file's first token after this one
// has looked and found none. Its row must not go with the old table.
func TestATokenThatIsSpentWhileAnEmptyFileIsOpenedIsNotSpentAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spent.db")
	db, err := sqldb.OpenAt(path, migrations, sqldb.Steps{Version: versionNonces})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	nonce := [64]byte{7}
	late := func(ctx context.Context, db *sql.DB, have int64) error {
		if err := refuseOldRows(ctx, db, have); err != nil || have != versionNonces {
			return err
		}
		_, err := db.ExecContext(ctx, "INSERT INTO spent (key_id, nonce, at) VALUES (1, ?, 1)", nonce[:])
		return err
	}
	db, err = sqldb.OpenAt(path, migrations, sqldb.Steps{Before: late})
	if err == nil { // opened: then it has to know the token
		s := newStore(db)
		if err := s.Admit(t.Context(), issuer.TokenKey{ID: 1, Expires: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if err := s.Spend(t.Context(), 1, nonce); err != issuer.ErrAlreadySpent {
			t.Errorf("spent again: %v", err)
		}
		_ = s.Close()
		return
	}
	if _, err := OpenSQLite(path); !errors.Is(err, ErrOldFile) {
		t.Errorf("opened again: %v", err)
	}
	if moved, err := Migrate(t.Context(), path, nil); err != nil || moved != 1 {
		t.Fatalf("moved %d, %v", moved, err)
	}
	s, err := OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Admit(t.Context(), issuer.TokenKey{ID: 1, Expires: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Spend(t.Context(), 1, nonce); err != issuer.ErrAlreadySpent {
		t.Errorf("spent again: %v", err)
	}
}
