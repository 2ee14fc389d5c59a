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
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite" // and the driver "sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Folder is where the migrations lie in the file system given to Open.
const Folder = "migrations"

const (
	busyTimeout = 10 * time.Second // how long a writer waits for another one
	maxConns    = 4                // readers at once; SQLite has one writer whatever this is
)

// Open opens the SQLite database at path, making the file (mode 0600) and its
// folder (mode 0700) where they are missing, and applies the migrations that the
// database has not seen. Several processes may open the same file at the same time;
// for one that has it whole Open waits, a minute at most.
//
// migrations is usually an embed.FS over "migrations/*.sql": files named
// 00001_name.sql, 00002_..., in goose's format. The name of the first one marks
// the file as this store's, so name it after the store: 00001_spent.sql. A file
// that another store or program made, or a newer version of this one, is refused and
// left as it was.
//
// The caller closes the database. Transactions begin IMMEDIATE; statements may
// be used from any number of goroutines.
func Open(path string, migrations fs.FS) (*sql.DB, error) {
	return OpenAt(path, migrations, Steps{})
}

// Steps are for a store whose rows take longer to bring up to date than opening
// may take.
type Steps struct {
	// Before looks at a database before a migration is applied; have is the version
	// of its schema, 0 for a new file. What it returns is Open's error, and the
	// database is left as it was.
	Before func(ctx context.Context, db *sql.DB, have int64) error
	// Version is the last migration to apply; 0 means all.
	Version int64
}

// OpenAt is Open in steps.
func OpenAt(path string, migrations fs.FS, steps Steps) (*sql.DB, error) {
	if path == "" || path == ":memory:" {
		return nil, errors.New("sqldb: a file path is needed; the packages of store/mem keep nothing")
	}
	id, err := applicationID(migrations)
	if err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	if err := makeFile(path); err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	db, err := sql.Open("sqlite", dsn(path, "WAL"))
	if err != nil {
		return nil, fmt.Errorf("sqldb: open %s: %w", path, err)
	}
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	if err := patiently(func(ctx context.Context) error {
		// A file that is refused stays what it is, so this connection makes no WAL of it.
		if err := claim(ctx, path, id); err != nil {
			return err
		}
		return prepare(ctx, db, migrations, steps)
	}); err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: open %s: %w", path, err), db.Close())
	}
	return db, nil
}

// makeFile makes the database file readable by its owner alone: SQLite would use
// the umask, and gives its -wal and -shm files the mode of the database. A file that
// is there is not touched: to close it would drop the locks that this process has on
// it (fcntl(2)), and another program could write below an open database.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		if i, err := os.Stat(path); err == nil && i.IsDir() {
			return fmt.Errorf("%s is a directory; name a file in it", path)
		}
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// dsn names the file as a URI (https://www.sqlite.org/uri.html), so that a '?'
// or '%' in a path is not taken for a setting.
func dsn(path, journal string) string {
	q := url.Values{
		"_busy_timeout": {fmt.Sprint(busyTimeout.Milliseconds())},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"on"},
		"_txlock":       {"immediate"},
		"_dqs":          {"0"}, // "name" is a column, never a string
		"_pragma":       {"trusted_schema(0)"},
	}
	if journal != "" {
		q.Set("_journal_mode", journal)
	}
	name := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	return "file:" + name + "?" + q.Encode()
}

// patiently tries again while somebody else has the file. The busy timeout does not
// cover everything: where two make a new file a WAL at once, or both would go from
// reading to writing, SQLite answers SQLITE_BUSY at once, since waiting could be for
// each other.
func patiently(open func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		err := open(ctx)
		if !isBusy(err) {
			return err
		}
		select {
		case <-time.After(20*time.Millisecond + rand.N(80*time.Millisecond)):
		case <-ctx.Done():
			return err
		}
	}
}

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY // the low byte is the code, the others say more
}

func prepare(ctx context.Context, db *sql.DB, migrations fs.FS, steps Steps) error {
	dir, err := fs.Sub(migrations, Folder)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir,
		goose.WithLogger(goose.NopLogger()), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	if steps.Before != nil {
		have, err := p.GetDBVersion(ctx)
		if err == nil {
			err = steps.Before(ctx, db, have)
		}
		if err != nil {
			return err
		}
	}
	version := steps.Version
	if version == 0 {
		version = math.MaxInt64 // all
	}
	// Two processes may both find a migration missing; the second to begin then
	// fails, and finds it applied when it looks again.
	for try := 0; ; try++ {
		_, err = p.UpTo(ctx, version)
		if err == nil || try == 3 || isBusy(err) {
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
func claim(ctx context.Context, path string, id int32) (err error) {
	db, err := sql.Open("sqlite", dsn(path, ""))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var have int32
	if err := db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&have); err != nil || have == id {
		return err
	}
	// Another one may claim a new file and make its tables meanwhile, so both are
	// looked at where nobody else writes.
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	var tables int
	if err := tx.QueryRowContext(ctx, "PRAGMA application_id").Scan(&have); err != nil || have == id {
		return err
	}
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	switch {
	case have != 0:
		return errors.New("the file belongs to another store; give each store a file of its own")
	case tables != 0:
		return errors.New("the file is a database of another program")
	}
	// A pragma's value cannot be a bound parameter; both sides are integers.
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", id)); err != nil {
		return err
	}
	return tx.Commit()
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
