// Package spentstore keeps, in SQLite, what an issuer must remember: which tokens and
// challenges were spent, what an account was given today, and how many
// redemptions an origin had on a day.
//
// Everything that has to happen exactly once is one INSERT whose primary key
// decides, so it means the same for any number of goroutines and processes on
// one file. A commit reaches the disk before it is reported.
//
// It keeps 16 bytes of a spent token, in a table of its key that is dropped as a
// whole: docs/design/0007.
package spentstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an issuer.SpentStore, Counter, OnceStore and BudgetStore. It is safe
// for concurrent use.
type Store struct {
	db *sql.DB

	mu     sync.RWMutex
	spends map[uint32]*sql.Stmt // the spending statement of each key
}

var (
	_ issuer.SpentStore  = (*Store)(nil)
	_ issuer.Counter     = (*Store)(nil)
	_ issuer.OnceStore   = (*Store)(nil)
	_ issuer.BudgetStore = (*Store)(nil)
)

// OpenSQLite opens the database at path, making it where it is missing. Several
// processes may share it. Close it when done.
//
// A file whose tokens an earlier version of this program spent is refused with
// ErrOldFile, and left as it is: see Migrate.
func OpenSQLite(path string) (*Store, error) {
	db, err := sqldb.OpenAt(path, migrations, sqldb.Steps{Before: refuseOldRows})
	if err != nil {
		return nil, err
	}
	return newStore(db), nil
}

func newStore(db *sql.DB) *Store {
	// SQLite has one writer. Waiting for it in database/sql's queue is fair and
	// ends with the context; waiting in SQLite's busy handler is neither.
	db.SetMaxOpenConns(1)
	return &Store{db: db, spends: map[uint32]*sql.Stmt{}}
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// insert runs an INSERT ... ON CONFLICT DO NOTHING and tells whether it made the
// row.
func (s *Store) insert(ctx context.Context, query string, args ...any) (bool, error) {
	r, err := s.db.ExecContext(ctx, query, args...)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	switch {
	case err != nil:
		return false, err
	case n > 1:
		return false, errors.New("more than one row changed")
	}
	return n == 1, nil
}

// Use uses a challenge; see issuer.OnceStore.
func (s *Store) Use(ctx context.Context, id [32]byte, expires time.Time) error {
	first, err := s.insert(ctx, "INSERT INTO used (id, expires) VALUES (?, ?) ON CONFLICT DO NOTHING",
		id[:], expires.Unix())
	if err != nil {
		return fmt.Errorf("use: %w", err)
	}
	if !first {
		return issuer.ErrUsed
	}
	return nil
}

// Sweep drops challenges that expired and budgets of days before yesterday. Call
// it now and then, say every hour.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	// A minute's grace, for the clocks of other processes.
	_, err := s.db.ExecContext(ctx, "DELETE FROM used WHERE expires < ?", now.Add(-time.Minute).Unix())
	if err == nil {
		_, err = s.db.ExecContext(ctx, "DELETE FROM budget WHERE day < ?", int64(issuer.DayOf(now))-1)
	}
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return nil
}

// Take takes from an account's budget; see issuer.BudgetStore.
func (s *Store) Take(ctx context.Context, account string, day issuer.Day, want, limit int) (int, error) {
	if want <= 0 || limit <= 0 {
		return 0, nil
	}
	// One statement: the right-hand sides of SET all see the row as it was.
	const q = `
		INSERT INTO budget (day, account, used, granted) VALUES (?1, ?2, min(?3, ?4), min(?3, ?4))
		ON CONFLICT (day, account) DO UPDATE SET
			granted = max(0, min(?3, ?4 - used)),
			used = used + max(0, min(?3, ?4 - used))
		RETURNING granted`
	var got int
	err := s.db.QueryRowContext(ctx, q, int64(day), account, want, limit).Scan(&got)
	if err != nil {
		return 0, fmt.Errorf("take: %w", err)
	}
	return got, nil
}

// Count counts a redemption; see issuer.Counter.
func (s *Store) Count(ctx context.Context, origin string, day issuer.Day) error {
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO redemptions (day, origin, count) VALUES (?, ?, 1)
		ON CONFLICT (day, origin) DO UPDATE SET count = count + 1`, int64(day), origin)
	if err != nil {
		return fmt.Errorf("count: %w", err)
	}
	return nil
}

// Counts returns the redemptions from the day since on: the latest day first,
// then by count, the greatest first; at most 1,000 rows.
func (s *Store) Counts(ctx context.Context, since issuer.Day) ([]issuer.OriginCount, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT origin, day, count FROM redemptions WHERE day >= ?
		ORDER BY day DESC, count DESC, origin LIMIT 1000`, int64(since))
	if err != nil {
		return nil, fmt.Errorf("counts: %w", err)
	}
	defer rows.Close()
	var out []issuer.OriginCount
	for rows.Next() {
		var c issuer.OriginCount
		if err := rows.Scan(&c.Origin, &c.Day, &c.Count); err != nil {
			return nil, fmt.Errorf("counts: %w", err)
		}
		out = append(out, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("counts: %w", err)
	}
	return out, nil
}
