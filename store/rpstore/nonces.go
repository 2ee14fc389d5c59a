package rpstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// keepExpired is how long a used nonce stays after its expiry, so that who comes late
// is told so, and so that clocks may differ.
const keepExpired = time.Hour

// UseNonce implements rpserver.NonceStore. One statement checks the nonce against
// the epoch and keeps it as used, so only one caller ever keeps it. Where it was not
// kept, the second statement finds out why, and decides nothing.
//
// Where statements work on snapshots this one may have seen the epoch of before a
// sweep, waited for it, and then found the row of the first use gone. The epoch of that
// sweep is there now, and refuses the nonce.
func (s *Store) UseNonce(ctx context.Context, hash [32]byte, made, expires, now time.Time) error {
	if expires.After(now) {
		n, err := s.db.Exec(ctx, `
			INSERT INTO used_nonces (hash, expires_at)
			SELECT $1, $2 WHERE $3 >= (SELECT made_from FROM nonces_epoch)
			ON CONFLICT (hash) DO NOTHING`,
			hash[:], millis(expires), millis(made))
		if err != nil {
			return err
		}
		if n == 1 {
			if s.db.Snapshots {
				return s.checkEpoch(ctx, made)
			}
			return nil
		}
	}
	if err := s.CheckNonce(ctx, hash, made); err != nil {
		return err
	}
	return rpserver.ErrNonceExpired
}

// CheckNonce implements rpserver.NonceStore. A file without an epoch knows nothing.
func (s *Store) CheckNonce(ctx context.Context, hash [32]byte, made time.Time) error {
	var used, known bool
	err := s.db.Row(ctx, `
		SELECT EXISTS (SELECT 1 FROM used_nonces WHERE hash = $1),
		       EXISTS (SELECT 1 FROM nonces_epoch WHERE made_from <= $2)`,
		[]any{hash[:], millis(made)}, &used, &known)
	switch {
	case err != nil:
		return err
	case used:
		return rpserver.ErrNonceUsed
	case !known:
		return rpserver.ErrNonceUnknown
	}
	return nil
}

func (s *Store) checkEpoch(ctx context.Context, made time.Time) error {
	var known bool
	err := s.db.Row(ctx, `SELECT EXISTS (SELECT 1 FROM nonces_epoch WHERE made_from <= $1)`, []any{millis(made)}, &known)
	if err == nil && !known {
		err = rpserver.ErrNonceUnknown
	}
	return err
}

// SweepNonces implements rpserver.NonceStore. What is dropped expired before the
// new epoch and was made earlier still, so it is refused from now on. Both happen
// in one transaction: no crash can come between them.
func (s *Store) SweepNonces(ctx context.Context, now time.Time) error {
	cut := millis(now.Add(-keepExpired))
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE nonces_epoch SET made_from = $1 WHERE made_from < $1`, cut); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM used_nonces WHERE expires_at < $1`, cut)
		return err
	})
}
