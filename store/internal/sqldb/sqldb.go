// Package sqldb opens the SQLite databases of the kit's stores: one file a
// store, the same durability for all of them, and the schema brought up to date
// on the way in.
//
// The settings are chosen for what the stores promise. A spent token, a used
// code or a used nonce must still be spent after a power cut, so every commit
// reaches the disk before it is reported (synchronous=FULL). Writers wait for
// each other (busy_timeout) and take the write lock when a transaction begins
// (BEGIN IMMEDIATE), so that no transaction fails half way because another one
// wrote first. Readers never block (WAL).
package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Folder is where the migrations lie in the file system given to Open.
const Folder = "migrations"

const (
	busyTimeout = 10 * time.Second // how long a writer waits for another one
	maxConns    = 4                // readers at once; SQLite has one writer whatever this is
)

// Open opens the SQLite database at path, making the file (mode 0600) and its
// folder (mode 0700) where they are missing, and applies the migrations that the
// database has not seen. Two processes may open the same file at the same time.
//
// migrations is usually an embed.FS over "migrations/*.sql": files named
// 00001_name.sql, 00002_..., in goose's format. The name of the first one marks
// the file as this store's, so name it after the store: 00001_spent.sql. A file
// that another store made, or a newer version of this program, is refused and
// left as it was.
//
// The caller closes the database. Transactions begin IMMEDIATE; statements may
// be used from any number of goroutines.
func Open(path string, migrations fs.FS) (*sql.DB, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("sqldb: a file path is needed; use the memstore package to keep nothing")
	}
	id, err := applicationID(migrations)
	if err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	if err := makeFile(path); err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, fmt.Errorf("sqldb: open %s: %w", path, err)
	}
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	if err := prepare(db, id, migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: open %s: %w", path, err), db.Close())
	}
	return db, nil
}

// makeFile makes the database file readable by its owner alone: SQLite would use
// the umask, and gives its -wal and -shm files the mode of the database.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// dsn names the file as a URI (https://www.sqlite.org/uri.html), so that a '?'
// or '%' in a path is not taken for a setting.
func dsn(path string) string {
	q := url.Values{
		"_busy_timeout": {fmt.Sprint(busyTimeout.Milliseconds())},
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"on"},
		"_txlock":       {"immediate"},
		"_dqs":          {"0"}, // "name" is a column, never a string
		"_pragma":       {"trusted_schema(0)"},
	}
	name := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	return "file:" + name + "?" + q.Encode()
}

func prepare(db *sql.DB, id int32, migrations fs.FS) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := claim(ctx, db, id); err != nil {
		return err
	}
	dir, err := fs.Sub(migrations, Folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	// Two processes may both find a migration missing; the second to begin then
	// fails, and finds it applied when it looks again.
	for try := 0; ; try++ {
		_, err = p.Up(ctx)
		if err == nil || try == 3 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		return err
	}
	have, know, err := p.GetVersions(ctx)
	if err == nil && have > know {
		err = fmt.Errorf("the database has schema version %d, this program knows %d: use a newer program", have, know)
	}
	return err
}

// claim marks a new database as belonging to the store whose id this is, and
// refuses one that belongs to another. Two stores in one file would take each
// other's migrations for their own and then miss their tables.
func claim(ctx context.Context, db *sql.DB, id int32) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// A pragma's value cannot be a bound parameter; both sides are integers.
	var have int32
	if err := conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&have); err != nil {
		return err
	}
	if have == id {
		return nil
	}
	if have != 0 {
		return errors.New("the file belongs to another store; give each store a file of its own")
	}
	var tables int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if tables != 0 {
		return errors.New("the file is a database of another program")
	}
	_, err = conn.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", id))
	return err
}

// applicationID is derived from the name of the first migration. It is never 0,
// which is SQLite's "not set".
func applicationID(migrations fs.FS) (int32, error) {
	names, err := fs.Glob(migrations, Folder+"/*.sql")
	if err != nil {
		return 0, err
	}
	if len(names) == 0 {
		return 0, fmt.Errorf("no migrations in %s/", Folder)
	}
	first := names[0] // fs.Glob answers in lexical order
	return cmp.Or(int32(crc32.ChecksumIEEE([]byte(first))&0x7fffffff), 1), nil
}
