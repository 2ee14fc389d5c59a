// Package rpstore keeps a relying party's users, nonces and sessions in SQL. A Store
// is an rpserver.UserStore, an rpserver.NonceStore and an scs.CtxStore.
package rpstore

import (
	"database/sql"
	"embed"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store keeps everything in one SQLite file. It is safe for concurrent use, also
// by several processes.
type Store struct{ db *sql.DB }

var (
	_ rpserver.Store = (*Store)(nil)
	_ scs.CtxStore   = (*Store)(nil)
)

// OpenSQLite opens the file at path, makes it if it is not there, and brings its
// tables up to date. Every write is on disk when its method returns.
func OpenSQLite(path string) (*Store, error) {
	db, err := sqldb.Open(path, migrations)
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}

// Close closes the file.
func (s *Store) Close() error { return s.db.Close() }

func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
