package rpstore

import (
	"context"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// keepExpired is how long a used nonce stays after its expiry, so that who comes late
// is told so, and so that clocks may differ.
const keepExpired = time.Hour

// UseNonce implements rpserver.NonceStore. One statement checks the nonce against
// the epoch and keeps it as used, so only one caller ever keeps it, on every SQL
// database. The second statement finds out why it was not kept, and decides
// nothing.
func (s *Store) UseNonce(ctx context.Context, hash [32]byte, made, expires, now time.Time) error {
	if expires.After(now) {
		kept, err := s.db.ExecContext(ctx, `
			INSERT INTO used_nonces (hash, expires_at)
			SELECT ?, ? WHERE ? >= (SELECT made_from FROM nonces_epoch)
			ON CONFLICT (hash) DO NOTHING`,
			hash[:], millis(expires), millis(made))
		if err != nil {
			return err
		}
		if n, err := kept.RowsAffected(); err != nil || n == 1 {
			return err
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
	err := s.db.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM used_nonces WHERE hash = ?),
		       EXISTS (SELECT 1 FROM nonces_epoch WHERE made_from <= ?)`,
		hash[:], millis(made)).Scan(&used, &known)
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

// SweepNonces implements rpserver.NonceStore. What is dropped expired before the
// new epoch and was made earlier still, so it is refused from now on. Both happen
// in one transaction: no crash can come between them.
func (s *Store) SweepNonces(ctx context.Context, now time.Time) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // no effect after Commit
	cut := millis(now.Add(-keepExpired))
	if _, err := tx.ExecContext(ctx, `UPDATE nonces_epoch SET made_from = ? WHERE made_from < ?`, cut, cut); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM used_nonces WHERE expires_at < ?`, cut); err != nil {
		return err
	}
	return tx.Commit()
}
