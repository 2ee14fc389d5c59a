package spentstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// table names the table of a key's spent tokens: digits and nothing else.
func table(keyID uint32) string { return "spent_" + strconv.FormatUint(uint64(keyID), 10) }

// createTable makes the table of a key. A row is 16 random bytes, so the primary
// key is the table: WITHOUT ROWID keeps one tree instead of two.
func createTable(keyID uint32) string {
	return "CREATE TABLE IF NOT EXISTS " + table(keyID) +
		" (row BLOB NOT NULL PRIMARY KEY CHECK (length(row) = 16)) STRICT, WITHOUT ROWID"
}

// Admit makes keys known; see issuer.SpentStore.
func (s *Store) Admit(ctx context.Context, keys ...issuer.TokenKey) error {
	err := s.within(ctx, func(tx *sql.Tx) error {
		for _, k := range keys {
			known, ok, err := knownKey(ctx, tx, k.ID)
			if err != nil {
				return err
			}
			if ok {
				if err := issuer.JudgeKey(known, k); err != nil {
					return err
				}
			}
			// What it was first admitted with stays.
			if _, err := tx.ExecContext(ctx, `
				INSERT INTO token_keys (id, public, expires) VALUES (?1, ?2, ?3)
				ON CONFLICT (id) DO UPDATE SET public = ?2, expires = ?3 WHERE expires IS NULL`,
				int64(k.ID), k.Public[:], k.Expires.Unix()); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, createTable(k.ID)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("admit keys: %w", err)
	}
	return nil
}

// Check tells what Admit would say of the keys, and changes nothing.
func (s *Store) Check(ctx context.Context, keys ...issuer.TokenKey) error {
	var all []error
	for _, k := range keys {
		known, ok, err := knownKey(ctx, s.db, k.ID)
		if err == nil && ok {
			err = issuer.JudgeKey(known, k)
		}
		all = append(all, err)
	}
	return errors.Join(all...)
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// knownKey returns what is known of a key id; ok is false for one that was never
// admitted.
func knownKey(ctx context.Context, db querier, id uint32) (k issuer.KnownKey, ok bool, err error) {
	var public []byte
	var expires sql.NullInt64
	err = db.QueryRowContext(ctx, "SELECT public, expires, forgotten FROM token_keys WHERE id = ?", int64(id)).
		Scan(&public, &expires, &k.Forgotten)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return k, false, nil
	case err != nil:
		return k, false, err
	}
	k.ID = id
	copy(k.Public[:], public)
	if expires.Valid {
		k.Expires = time.Unix(expires.Int64, 0).UTC()
	}
	return k, true, nil
}

// Spend spends a token; see issuer.SpentStore.
func (s *Store) Spend(ctx context.Context, keyID uint32, nonce [pst.NonceSize]byte) error {
	row := exchange.SpentRow(keyID, nonce)
	q, err := s.spending(ctx, keyID)
	if err == nil {
		var r sql.Result
		if r, err = q.ExecContext(ctx, row[:]); err == nil {
			var n int64
			if n, err = r.RowsAffected(); err == nil && n == 1 {
				return nil
			}
		}
	}
	// Spent before, or forgotten, or an error: none of them is a first time. A
	// forgotten key's table may be gone, which is an error of the statement.
	switch k, ok, unknown := knownKey(ctx, s.db, keyID); {
	case unknown != nil:
		return fmt.Errorf("spend: %w", errors.Join(err, unknown))
	case k.Forgotten:
		return issuer.ErrKeyForgotten
	case !ok:
		return fmt.Errorf("spend: token key %d was never admitted", keyID)
	case err != nil:
		return fmt.Errorf("spend: %w", err)
	}
	return issuer.ErrAlreadySpent
}

// spending returns the one statement that spends a token of the key. The
// tombstone is a part of it: whoever forgets the key meanwhile comes before it or
// after it.
func (s *Store) spending(ctx context.Context, keyID uint32) (*sql.Stmt, error) {
	s.mu.RLock()
	q := s.spends[keyID]
	s.mu.RUnlock()
	if q != nil {
		return q, nil
	}
	q, err := s.db.PrepareContext(ctx, "INSERT INTO "+table(keyID)+" (row) SELECT ?1 WHERE EXISTS "+
		"(SELECT 1 FROM token_keys WHERE id = "+strconv.FormatUint(uint64(keyID), 10)+" AND NOT forgotten) ON CONFLICT DO NOTHING")
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.spends[keyID]; first != nil {
		return first, q.Close()
	}
	s.spends[keyID] = q
	return q, nil
}

// ForgetKey drops what was spent with a key and returns how many tokens that was.
// Nothing is ever spent under the key's id again. Never call it for a key whose
// tokens are still redeemed: Purge knows which ones may go.
func (s *Store) ForgetKey(ctx context.Context, keyID uint32) (n int64, err error) {
	err = s.within(ctx, func(tx *sql.Tx) error {
		if ok, err := hasTable(ctx, tx, keyID); err != nil {
			return err
		} else if ok {
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM "+table(keyID)).Scan(&n); err != nil {
				return err
			}
		}
		return forget(ctx, tx, keyID)
	})
	if err != nil {
		return 0, fmt.Errorf("forget key: %w", err)
	}
	return n, nil
}

// forget sets the tombstone and drops the table, both or neither.
func forget(ctx context.Context, tx *sql.Tx, keyID uint32) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO token_keys (id, forgotten) VALUES (?, 1) ON CONFLICT (id) DO UPDATE SET forgotten = 1", int64(keyID))
	if err == nil {
		_, err = tx.ExecContext(ctx, "DROP TABLE IF EXISTS "+table(keyID))
	}
	return err
}

func hasTable(ctx context.Context, tx *sql.Tx, keyID uint32) (ok bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)", table(keyID)).Scan(&ok)
	return ok, err
}

// Purge forgets the keys that expired at least issuer.SpentGrace before now, by the
// largest expiry that was ever seen, and are not in ring, the keys that the issuer
// has. It returns their ids. A key that is still in the ring is never forgotten,
// whatever the clock says.
func (s *Store) Purge(ctx context.Context, ring []issuer.TokenKey, now time.Time) (forgotten []uint32, err error) {
	kept := map[uint32]bool{}
	for _, k := range ring {
		kept[k.ID] = true
	}
	err = s.within(ctx, func(tx *sql.Tx) error {
		past, err := ids(ctx, tx, "SELECT id FROM token_keys WHERE NOT forgotten AND expires < ? ORDER BY id", now.Add(-issuer.SpentGrace).Unix())
		if err != nil {
			return err
		}
		for _, id := range past {
			if kept[id] {
				continue
			}
			if err := forget(ctx, tx, id); err != nil {
				return err
			}
			forgotten = append(forgotten, id)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("purge: %w", err)
	}
	return forgotten, nil
}

func ids(ctx context.Context, tx *sql.Tx, query string, args ...any) (all []uint32, err error) {
	rows, err := tx.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id uint32
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	return all, rows.Err()
}

// within runs f in a transaction.
func (s *Store) within(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
