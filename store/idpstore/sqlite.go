// Package idpstore keeps an identity provider's accounts, sign-ins, grants, codes and
// sessions in SQL: in a SQLite file, or in PostgreSQL. It implements directory.Store.
package idpstore

import (
	"database/sql"
	"embed"
	"errors"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a directory.Store over one database. It is safe for concurrent use, also by
// several processes.
type Store struct{ db *sqldb.DB }

var _ directory.Store = (*Store)(nil)

// OpenSQLite opens the file at path, makes it if it is not there, and brings its
// tables up to date. Every write is on disk when its method returns.
func OpenSQLite(path string) (*Store, error) {
	db, err := sqldb.Open(path, migrations)
	if err != nil {
		return nil, err
	}
	return &Store{db: &sqldb.DB{DB: db}}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func emailKey(address string) string { return strings.ToLower(address) }

// orNotFound gives the store's word for a row that is not there.
func orNotFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return directory.ErrNotFound
	}
	return err
}

// mustChange turns "no row matched" into ErrNotFound.
func mustChange(n int64, err error) error {
	if err == nil && n == 0 {
		return directory.ErrNotFound
	}
	return err
}

// blob keeps NOT NULL columns content with empty data.
func blob(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
