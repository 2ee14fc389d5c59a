package rpstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// Link implements rpserver.IdentityStore. Who keeps the identity first has it.
func (s *Store) Link(ctx context.Context, userID string, id rpserver.Identity, now time.Time) error {
	return s.within(ctx, func(tx *sql.Tx) error {
		var there bool
		err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM users WHERE id = ?)`, userID).Scan(&there)
		if err != nil {
			return err
		}
		if !there {
			return rpserver.ErrNoUser
		}
		owner, err := keepIdentity(ctx, tx, id, userID, now)
		if err == nil && owner != userID {
			err = rpserver.ErrIdentityTaken
		}
		return err
	})
}

// Unlink implements rpserver.IdentityStore. One statement decides, so that of two calls
// for a user's last two identities one leaves one.
func (s *Store) Unlink(ctx context.Context, userID, issuer, subject string) error {
	err := s.within(ctx, func(tx *sql.Tx) error {
		// The user's row is written first: on a database with several writers the second
		// of two calls then waits, and counts what the first one left.
		if _, err := tx.ExecContext(ctx, `UPDATE users SET last_sign_in = last_sign_in WHERE id = ?`, userID); err != nil {
			return err
		}
		gone, err := tx.ExecContext(ctx, `
			DELETE FROM identities WHERE issuer = ? AND subject = ? AND user_id = ?
			AND (SELECT count(*) FROM identities WHERE user_id = ?) > 1`, issuer, subject, userID, userID)
		if err != nil {
			return err
		}
		if n, err := gone.RowsAffected(); err != nil || n == 1 {
			return err
		}
		return errNotUnlinked
	})
	if !errors.Is(err, errNotUnlinked) {
		return err
	}
	var has bool
	err = s.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM identities WHERE issuer = ? AND subject = ? AND user_id = ?)`,
		issuer, subject, userID).Scan(&has)
	switch {
	case err != nil:
		return err
	case has:
		return rpserver.ErrLastIdentity
	}
	return rpserver.ErrNoIdentity
}

var errNotUnlinked = errors.New("rpstore: not unlinked")

// Identities implements rpserver.IdentityStore.
func (s *Store) Identities(ctx context.Context, userID string) ([]rpserver.Identity, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT issuer, subject FROM identities WHERE user_id = ? ORDER BY created_at, issuer, subject`, userID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []rpserver.Identity
	for rows.Next() {
		var id rpserver.Identity
		if err := rows.Scan(&id.Issuer, &id.Subject); err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, rows.Err()
}
