package rp

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// keepExpired is how long an expired nonce stays, so that who comes late is told
// so.
const keepExpired = time.Hour

// PutNonce implements rpserver.NonceStore.
func (s *Store) PutNonce(ctx context.Context, n rpserver.Nonce) error {
	if _, err := s.db.ExecContext(ctx, `DELETE FROM nonces WHERE expires_at < ?`,
		millis(n.Issued.Add(-keepExpired))); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO nonces (hash, browser, expires_at) VALUES (?, ?, ?)`,
		n.Hash[:], n.Browser[:], millis(n.Expires))
	return err
}

// TakeNonce implements rpserver.NonceStore. One statement finds the nonce unused
// and marks it used, so only one caller ever sees it unused, on every SQL
// database. It marks instead of deleting, since a reader of the refusal wants to
// know whether the nonce was used before or never was ours; the second statement
// finds that out and decides nothing.
func (s *Store) TakeNonce(ctx context.Context, hash, browser [32]byte, now time.Time) error {
	var one int
	err := s.db.QueryRowContext(ctx, `
		UPDATE nonces SET used_at = ?
		WHERE hash = ? AND browser = ? AND used_at IS NULL AND expires_at > ?
		RETURNING 1`,
		millis(now), hash[:], browser[:], millis(now)).Scan(&one)
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	var owner []byte
	var used sql.NullInt64
	err = s.db.QueryRowContext(ctx, `SELECT browser, used_at FROM nonces WHERE hash = ?`, hash[:]).Scan(&owner, &used)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return rpserver.ErrNonceUnknown
	case err != nil:
		return err
	case used.Valid:
		return rpserver.ErrNonceUsed
	case !bytes.Equal(owner, browser[:]):
		return rpserver.ErrNonceOtherBrowser
	}
	return rpserver.ErrNonceExpired
}
