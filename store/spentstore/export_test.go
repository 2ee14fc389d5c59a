package spentstore

import (
	"database/sql"

	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

// OpenOld opens a file in the form of the first version, making it.
func OpenOld(path string) (*sql.DB, error) {
	return sqldb.OpenAt(path, migrations, sqldb.Steps{Version: versionNonces})
}

// Step is how many tokens Migrate moves with one commit in tests.
const Step = 500

func init() { step = Step }

// DB is the store's database.
func (s *Store) DB() *sql.DB { return s.db }
