package spentstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

// ErrOldFile is the answer of OpenSQLite for a file that holds spent tokens in the
// form of an earlier version.
var ErrOldFile = errors.New("the file holds spent tokens in the form of an earlier version, or its migration was interrupted. " +
	"Stop what uses it, keep a copy, and run: bonafides spent migrate FILE")

// Versions of the schema.
const (
	versionNonces = 1 // one table, a row with the nonce for each token
	versionMoving = 2 // both forms; the old one takes no rows
)

// refuseOldRows refuses a file with rows of the old form, which take long to move.
// One without them is brought up to date on the way in.
func refuseOldRows(ctx context.Context, db *sql.DB, have int64) error {
	if have < versionNonces || have > versionMoving {
		return nil
	}
	var rows bool
	if err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM spent)").Scan(&rows); err != nil {
		return err
	}
	if rows {
		return ErrOldFile
	}
	return nil
}

// step is how many tokens are moved with one commit. Only tests change it.
var step = 20_000

// Migrate brings a file that an earlier version wrote to the present form, and
// returns how many tokens it moved. progress, if it is not nil, is called after
// each commit with the tokens moved so far and those that were there when it began.
//
// It may be stopped at any moment, also by a crash, and continues where it was when
// it is called again. While it runs nothing can be spent in the file, and no spent
// token is taken again. A file in the present form is left as it is.
func Migrate(ctx context.Context, path string, progress func(moved, of int64)) (moved int64, err error) {
	if _, err := os.Stat(path); err != nil { // opening would make it
		return 0, err
	}
	old := false
	db, err := sqldb.OpenAt(path, migrations, sqldb.Steps{Version: versionMoving, Before: func(_ context.Context, _ *sql.DB, have int64) error {
		old = have <= versionMoving
		return nil
	}})
	if err != nil {
		return 0, err
	}
	s := newStore(db)
	if old {
		moved, err = s.move(ctx, progress)
	}
	if err = errors.Join(err, s.Close()); err != nil || !old {
		return moved, err
	}
	if db, err = sqldb.Open(path, migrations); err != nil {
		return moved, err
	}
	// What the old form took is given back.
	_, err = db.ExecContext(ctx, "VACUUM")
	return moved, errors.Join(err, db.Close())
}

func (s *Store) move(ctx context.Context, progress func(moved, of int64)) (moved int64, err error) {
	var of int64
	if err := s.db.QueryRowContext(ctx, "SELECT count(*) FROM spent").Scan(&of); err != nil {
		return 0, err
	}
	for {
		var n int64
		if err := s.within(ctx, func(tx *sql.Tx) (err error) {
			n, err = moveSome(ctx, tx)
			return err
		}); err != nil {
			return moved, fmt.Errorf("%d of %d tokens are moved; the rest is as it was: %w", moved, of, err)
		}
		if n == 0 {
			return moved, nil
		}
		moved += n
		if progress != nil {
			progress(moved, of)
		}
	}
}

// moveSome moves the first tokens of the first key and returns how many: in one
// transaction, so that each stands in the one form or in the other.
func moveSome(ctx context.Context, tx *sql.Tx) (n int64, err error) {
	var key sql.Null[uint32]
	if err := tx.QueryRowContext(ctx, "SELECT min(key_id) FROM spent").Scan(&key); err != nil || !key.Valid {
		return 0, err
	}
	id := key.V
	for _, q := range []string{createTable(id), fmt.Sprintf("INSERT INTO token_keys (id) VALUES (%d) ON CONFLICT DO NOTHING", id)} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return 0, err
		}
	}
	nonces, err := firstNonces(ctx, tx, id)
	if err != nil || len(nonces) == 0 {
		return 0, err
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO "+table(id)+" (row) VALUES (?) ON CONFLICT DO NOTHING")
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	for _, nonce := range nonces {
		row := exchange.SpentRow(id, nonce)
		if _, err := insert.ExecContext(ctx, row[:]); err != nil {
			return 0, err
		}
	}
	last := nonces[len(nonces)-1]
	r, err := tx.ExecContext(ctx, "DELETE FROM spent WHERE key_id = ? AND nonce <= ?", int64(id), last[:])
	if err != nil {
		return 0, err
	}
	if n, err = r.RowsAffected(); err == nil && n != int64(len(nonces)) {
		err = fmt.Errorf("%d rows were read and %d deleted", len(nonces), n)
	}
	return n, err
}

func firstNonces(ctx context.Context, tx *sql.Tx, id uint32) (all [][pst.NonceSize]byte, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT nonce FROM spent WHERE key_id = ? ORDER BY nonce LIMIT ?", int64(id), step)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var b sql.RawBytes
		if err := rows.Scan(&b); err != nil {
			return nil, err
		}
		if len(b) != pst.NonceSize {
			return nil, fmt.Errorf("a nonce of %d bytes", len(b))
		}
		all = append(all, [pst.NonceSize]byte(b))
	}
	return all, rows.Err()
}
