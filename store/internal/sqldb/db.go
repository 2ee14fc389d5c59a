package sqldb

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"time"
)

// DB is a database on which one set of statements runs, SQLite or PostgreSQL:
// parameters are $1, $2 and so on, first used in this order (SQLite numbers them by
// it), and columns in DO UPDATE are named with their table.
type DB struct {
	*sql.DB

	// Again says of an error that what failed had no effect and may work when it is
	// run again, as PostgreSQL's serialization failures; nil: of none.
	Again func(error) bool
	// Snapshots says that a statement may see rows as they were before another one
	// changed them, while it waits for that one. SQLite has one writer at a time.
	Snapshots bool
}

// tries is how often at most something is run; it waits 1 s between them at most, all
// together.
const tries = 10

// Run runs f, and again where the database says that another transaction came between.
func (d *DB) Run(ctx context.Context, f func() error) error {
	for try := 1; ; try++ {
		err := f()
		if err == nil || d.Again == nil || !d.Again(err) || try == tries {
			return err
		}
		wait := min(time.Millisecond<<try, 100*time.Millisecond)
		select {
		case <-time.After(rand.N(wait)): // at different times, or they meet again
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Exec runs a statement and returns how many rows it touched.
func (d *DB) Exec(ctx context.Context, query string, args ...any) (n int64, err error) {
	err = d.Run(ctx, func() error {
		done, err := d.DB.ExecContext(ctx, query, args...)
		if err == nil {
			n, err = done.RowsAffected()
		}
		return err
	})
	return n, err
}

// Row runs a statement and reads its first row into dest; sql.ErrNoRows if it has
// none.
func (d *DB) Row(ctx context.Context, query string, args []any, dest ...any) error {
	return d.Run(ctx, func() error { return d.DB.QueryRowContext(ctx, query, args...).Scan(dest...) })
}

// Rows calls read for each row; begin is called before the first, and before the first
// of another try.
func (d *DB) Rows(ctx context.Context, query string, args []any, begin func(), read func(*sql.Rows) error) error {
	return d.Run(ctx, func() error {
		begin()
		rows, err := d.DB.QueryContext(ctx, query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := read(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// Tx runs f in a transaction, which is committed if f returns nil.
func (d *DB) Tx(ctx context.Context, f func(*sql.Tx) error) error {
	return d.Run(ctx, func() error {
		tx, err := d.DB.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // no effect after Commit
		if err := f(tx); err != nil {
			return err
		}
		return tx.Commit()
	})
}
