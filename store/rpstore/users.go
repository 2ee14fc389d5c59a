package rpstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

const userColumns = `id, issuer, subject, name, email, email_verified, created_at, last_sign_in`

// SignIn implements rpserver.UserStore in one statement, so that two first
// sign-ins of one person at the same time make one user. The address and whether
// it is verified change together.
func (s *Store) SignIn(ctx context.Context, id rpserver.Identity, now time.Time) (*rpserver.User, bool, error) {
	if err := text.Keys(id.Issuer, id.Subject); err != nil {
		return nil, false, err
	}
	candidate, id := rand.Text(), text.Identity(id)
	u, err := scanUser(s.db.QueryRowContext(ctx, `
		INSERT INTO users (`+userColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (issuer, subject) DO UPDATE SET
			name = CASE excluded.name WHEN '' THEN name ELSE excluded.name END,
			email_verified = CASE excluded.email WHEN '' THEN email_verified ELSE excluded.email_verified END,
			email = CASE excluded.email WHEN '' THEN email ELSE excluded.email END,
			last_sign_in = excluded.last_sign_in
		RETURNING `+userColumns,
		candidate, id.Issuer, id.Subject, id.Name, id.Email, id.EmailVerified,
		millis(now), millis(now)))
	if err != nil {
		return nil, false, err
	}
	return u, u.ID == candidate, nil
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
	var issuer, subject string
	err := row.Scan(&u.ID, &issuer, &subject, &u.Name, &u.Email, &u.EmailVerified, &created, &last)
	if err != nil {
		return nil, err
	}
	u.Created, u.LastSignIn = fromMillis(created), fromMillis(last)
	return &u, nil
}
