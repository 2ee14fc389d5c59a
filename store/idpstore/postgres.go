package idpstore

import (
	"context"
	"embed"
	"io/fs"

	"github.com/bonafides-dev/bonafides/store/internal/pgdb"
)

//go:embed postgres/*.sql
var postgresMigrations embed.FS

// OpenPostgres opens the PostgreSQL database that a URL names and brings its tables up
// to date. They lie in the schema bonafides_idp, or the one that search_path names. The
// URL's parameters, the limits and what replicas may do are those of
// rpstore.OpenPostgres; a provider and a relying party may share a database.
func OpenPostgres(ctx context.Context, url string) (*Store, error) {
	migrations, err := fs.Sub(postgresMigrations, "postgres")
	if err != nil {
		return nil, err
	}
	db, err := pgdb.Open(ctx, url, "bonafides_idp", migrations)
	if err != nil {
		return nil, err
	}
	return &Store{db: db}, nil
}
