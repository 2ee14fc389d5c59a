// Package pgdb opens PostgreSQL databases for the stores, and those that speak its
// protocol and SQL. It has nothing of its own but how to connect; statements and what
// repeats them are sqldb's.
package pgdb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

const (
	maxConns       = 20 // of one process; a server takes 100 of all by default
	maxIdle        = 10
	idleTime       = 5 * time.Minute
	lifeTime       = 30 * time.Minute // so that a new server behind an old name is found
	connectTimeout = 10 * time.Second
)

// sessionLimits end what hangs: a statement, or a transaction whose program died while
// its connection stays. A URL that sets them wins. Migrations have none.
var sessionLimits = map[string]string{
	"statement_timeout":                   "30s",
	"idle_in_transaction_session_timeout": "60s",
}

var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Open connects to the database that a URL names, "postgres://user@host/database" with
// libpq's parameters, and applies the migrations that it has not seen. Many processes
// may do so at the same time. A database whose schema is newer than the program is
// refused.
//
// The tables lie in a schema of their own, made if it is not there, so that several
// stores and an application share a database; search_path in the URL names another one.
// Without sslmode in the URL (or PGSSLMODE) a server on another machine has to
// show a certificate for its name (verify-full).
//
// migrations holds files named 00001_name.sql, 00002_... in goose's format.
func Open(ctx context.Context, dbURL, schema string, migrations fs.FS) (*sqldb.DB, error) {
	c, schema, err := config(dbURL, schema)
	if err != nil {
		return nil, fmt.Errorf("pgdb: %w", err)
	}
	if err := prepare(ctx, c, schema, migrations); err != nil {
		return nil, fmt.Errorf("pgdb: open %s on %s: %w", c.Database, c.Host, err)
	}
	for name, value := range sessionLimits {
		c.RuntimeParams[name] = cmp.Or(c.RuntimeParams[name], value)
	}
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxIdle)
	db.SetConnMaxIdleTime(idleTime)
	db.SetConnMaxLifetime(lifeTime)
	return &sqldb.DB{DB: db, Again: again, Snapshots: true}, nil
}

func config(dbURL, schema string) (*pgx.ConnConfig, string, error) {
	if !strings.HasPrefix(dbURL, "postgres://") && !strings.HasPrefix(dbURL, "postgresql://") {
		return nil, "", errors.New("the address of the database has to begin with postgres://") // it may hold a password
	}
	before, query, _ := strings.Cut(dbURL, "?")
	set, err := url.ParseQuery(query)
	if err != nil {
		return nil, "", errors.New("the parameters in the address of the database cannot be read")
	}
	c, err := pgx.ParseConfig(dbURL)
	if err == nil && !set.Has("sslmode") && os.Getenv("PGSSLMODE") == "" && elsewhere(c) {
		set.Set("sslmode", "verify-full")
		c, err = pgx.ParseConfig(before + "?" + set.Encode())
	}
	if err != nil {
		return nil, "", err // pgx leaves the password out
	}
	if !set.Has("default_query_exec_mode") {
		// One round trip, and no prepared statement that a pooler in between, or a
		// server that took over, does not know. Types are those of the Go values.
		c.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectTimeout
	}
	schema = cmp.Or(c.RuntimeParams["search_path"], schema)
	if !schemaName.MatchString(schema) {
		return nil, "", fmt.Errorf("search_path %q is not one schema of lower case letters, digits and _", schema)
	}
	c.RuntimeParams["search_path"] = schema
	c.RuntimeParams["application_name"] = cmp.Or(c.RuntimeParams["application_name"], "bonafides")
	return c, schema, nil
}

// elsewhere says whether a server may be on another machine.
func elsewhere(c *pgx.ConnConfig) bool {
	hosts := []string{c.Host}
	for _, f := range c.Fallbacks {
		hosts = append(hosts, f.Host)
	}
	for _, h := range hosts {
		if !strings.HasPrefix(h, "/") && !origin.IsLoopback(h) { // a path is a socket's folder
			return true
		}
	}
	return false
}

// prepare makes the schema and brings it up to date. What somebody else does at the
// same time makes it fail in one of several ways, and is there at the next look.
func prepare(ctx context.Context, c *pgx.ConnConfig, schema string, migrations fs.FS) (err error) {
	db := stdlib.OpenDB(*c)
	defer func() { err = errors.Join(err, db.Close()) }()
	for try := 1; ; try++ {
		if err = prepareOnce(ctx, db, schema, migrations); err == nil || !together(err) || try == 20 {
			return err
		}
		select {
		case <-time.After(rand.N(50 * time.Millisecond)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func prepareOnce(ctx context.Context, db *sql.DB, schema string, migrations fs.FS) error {
	// Looked for first: IF NOT EXISTS asks for the right to make one, there or not.
	var there bool
	err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1)`, schema).Scan(&there)
	if err == nil && !there {
		_, err = db.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+schema)
	}
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	have, know, err := p.GetVersions(ctx)
	if err == nil && have > know {
		err = fmt.Errorf("the database has schema version %d, this program knows %d: use a newer program", have, know)
	}
	return err
}

// again says of serialization failures and deadlocks that the transaction had no
// effect and may be run again (PostgreSQL, appendix A; CockroachDB and YugabyteDB
// use the same codes). A connection that broke is not among them: its statement may
// have worked.
func again(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40001" || e.Code == "40P01")
}

// together says whether an error may come of two who migrate at once: of what one
// makes the other finds that it is there already, or that it changes meanwhile.
func together(err error) bool {
	var e *pgconn.PgError
	if again(err) || !errors.As(err, &e) {
		return again(err)
	}
	switch e.Code {
	case "23505", "42P06", "42P07", "42701", "42710", "XX000":
		return true
	}
	return false
}
