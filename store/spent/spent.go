// Package spent keeps, in SQLite, what an issuer must remember: which tokens and
// challenges were spent, what an account was given today, and how many
// redemptions an origin had on a day.
//
// Everything that has to happen exactly once is one INSERT whose primary key
// decides, so it means the same for any number of goroutines and processes on
// one file. A commit reaches the disk before it is reported.
package spent

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an issuer.SpentStore, Counter, OnceStore and BudgetStore. It is safe
// for concurrent use.
type Store struct{ db *sql.DB }

var (
	_ issuer.SpentStore  = (*Store)(nil)
	_ issuer.Counter     = (*Store)(nil)
	_ issuer.OnceStore   = (*Store)(nil)
	_ issuer.BudgetStore = (*Store)(nil)
)

// OpenSQLite opens the database at path, making it where it is missing. Several
// processes may share it. Close it in the end.
func OpenSQLite(path string) (*Store, error) {
	db, err := sqldb.Open(path, migrations)
	if err != nil {
		return nil, err
	}
	// SQLite has one writer. Waiting for it in database/sql's queue is fair and
	// ends with the context; waiting in SQLite's busy handler is neither.
	db.SetMaxOpenConns(1)
	return &Store{db}, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Spend spends a token; see issuer.SpentStore.
func (s *Store) Spend(ctx context.Context, keyID uint32, nonce [pst.NonceSize]byte, at time.Time) error {
	first, err := s.insert(ctx, "INSERT INTO spent (key_id, nonce, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
		int64(keyID), nonce[:], at.Unix())
	if err != nil {
		return fmt.Errorf("spend: %w", err)
	}
	if first {
		return nil
	}
	var when int64
	err = s.db.QueryRowContext(ctx, "SELECT at FROM spent WHERE key_id = ? AND nonce = ?",
		int64(keyID), nonce[:]).Scan(&when)
	if err != nil { // it was spent all the same
		return &issuer.AlreadySpentError{}
	}
	return &issuer.AlreadySpentError{At: time.Unix(when, 0).UTC()}
}

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

// ForgetKey drops what was spent with a key that has expired, and returns how
// many tokens that were. Never call it for a key whose tokens are still redeemed.
func (s *Store) ForgetKey(ctx context.Context, keyID uint32) (int64, error) {
	r, err := s.db.ExecContext(ctx, "DELETE FROM spent WHERE key_id = ?", int64(keyID))
	if err != nil {
		return 0, fmt.Errorf("forget key: %w", err)
	}
	return r.RowsAffected()
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
