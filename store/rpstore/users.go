package rpstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

const userColumns = `id, name, email, email_verified, created_at, last_sign_in`

// SignIn implements rpserver.UserStore. Who keeps the identity first decides whose it is,
// so that two first sign-ins of one person at the same time make one user. The address and
// whether it is verified change together.
func (s *Store) SignIn(ctx context.Context, id rpserver.Identity, now time.Time) (*rpserver.User, bool, error) {
	candidate := rand.Text()
	var u *rpserver.User
	err := s.within(ctx, func(tx *sql.Tx) error {
		owner, err := keepIdentity(ctx, tx, id, candidate, now)
		if err != nil {
			return err
		}
		u, err = scanUser(tx.QueryRowContext(ctx, `
			INSERT INTO users (`+userColumns+`) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET
				name = CASE excluded.name WHEN '' THEN users.name ELSE excluded.name END,
				email_verified = CASE excluded.email WHEN '' THEN users.email_verified ELSE excluded.email_verified END,
				email = CASE excluded.email WHEN '' THEN users.email ELSE excluded.email END,
				last_sign_in = excluded.last_sign_in
			RETURNING `+userColumns,
			owner, id.Name, id.Email, id.EmailVerified && id.Email != "", millis(now), millis(now)))
		return err
	})
	if err != nil {
		return nil, false, err
	}
	return u, u.ID == candidate, nil
}

// keepIdentity gives the identity to a user if it is nobody's yet, and returns whose it
// is.
func keepIdentity(ctx context.Context, tx *sql.Tx, id rpserver.Identity, userID string, now time.Time) (owner string, err error) {
	_, err = tx.ExecContext(ctx, `
		INSERT INTO identities (issuer, subject, user_id, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (issuer, subject) DO NOTHING`,
		id.Issuer, id.Subject, userID, millis(now))
	if err != nil {
		return "", err
	}
	err = tx.QueryRowContext(ctx, `SELECT user_id FROM identities WHERE issuer = ? AND subject = ?`, id.Issuer, id.Subject).Scan(&owner)
	return owner, err
}

// within does work in one transaction.
func (s *Store) within(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // no effect after Commit
	if err := work(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// User implements rpserver.UserStore.
func (s *Store) User(ctx context.Context, id string) (*rpserver.User, error) {
	u, err := scanUser(s.db.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, rpserver.ErrNoUser
	}
	return u, err
}

func scanUser(row *sql.Row) (*rpserver.User, error) {
	var u rpserver.User
	var created, last int64
	err := row.Scan(&u.ID, &u.Name, &u.Email, &u.EmailVerified, &created, &last)
	if err != nil {
		return nil, err
	}
	u.Created, u.LastSignIn = fromMillis(created), fromMillis(last)
	return &u, nil
}
