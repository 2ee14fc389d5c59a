// Package rpstore keeps a relying party's users, identities, sign-ins, nonces and
// sessions in SQL: in a SQLite file, or in PostgreSQL. A Store is an rpserver.Store
// and an scs.CtxStore.
package rpstore

import (
	"embed"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store keeps everything in one database. It is safe for concurrent use, also by
// several processes.
type Store struct{ db *sqldb.DB }

var (
	_ rpserver.Store = (*Store)(nil)
	_ scs.CtxStore   = (*Store)(nil)
)

// OpenSQLite opens the file at path, makes it if it is not there, and brings its
// tables up to date. Every write is on disk when its method returns.
// Another store needs a file of its own.
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
