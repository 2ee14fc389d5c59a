package rpstore

import (
	"context"
	"embed"
	"io/fs"

	"github.com/bonafides-dev/bonafides/store/internal/pgdb"
)

//go:embed postgres/*.sql
var postgresMigrations embed.FS

// OpenPostgres opens the PostgreSQL database (or one that speaks its SQL, as
// CockroachDB and YugabyteDB do) that a URL names and brings its tables up to date:
//
//	postgres://user:password@host:5432/database
//
// The parameters are libpq's. Without sslmode, and without PGSSLMODE in the environment,
// a server on another machine has to show a certificate for its name (verify-full).
// The tables lie in the schema bonafides_rp, or the one that search_path names, which
// is made if it is not there. Each process opens at most 20 connections. A statement
// ends after 30 s unless the URL sets statement_timeout (or "0" for never).
//
// Several replicas of one database are safe as long as a server that took over knows
// every transaction that was committed: with synchronous replication.
func OpenPostgres(ctx context.Context, url string) (*Store, error) {
	migrations, err := fs.Sub(postgresMigrations, "postgres")
	if err != nil {
		return nil, err
	}
	db, err := pgdb.Open(ctx, url, "bonafides_rp", migrations)
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}
