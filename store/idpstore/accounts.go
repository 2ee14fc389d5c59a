package idpstore

import (
	"context"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// CreateAccount implements directory.AccountStore. The address is claimed by the
// insert itself, so two sign-ups at once cannot both have it.
func (s *Store) CreateAccount(ctx context.Context, a directory.Account) error {
	r, err := s.db.ExecContext(ctx, `
		INSERT INTO accounts (id, email, email_key, email_verified, name, given_name, password_hash, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (email_key) DO NOTHING`,
		a.ID, a.Email, emailKey(a.Email), a.EmailVerified, a.Name, a.GivenName, a.PasswordHash, millis(a.CreatedAt))
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		return directory.ErrEmailTaken
	}
	return err
}

const selectAccount = `SELECT id, email, email_verified, name, given_name, password_hash, created_at FROM accounts `

func (s *Store) oneAccount(ctx context.Context, where string, arg string) (*directory.Account, error) {
	var a directory.Account
	var created int64
	err := s.db.QueryRowContext(ctx, selectAccount+where, arg).
		Scan(&a.ID, &a.Email, &a.EmailVerified, &a.Name, &a.GivenName, &a.PasswordHash, &created)
	if err != nil {
		return nil, orNotFound(err)
	}
	a.CreatedAt = fromMillis(created)
	return &a, nil
}

// Account implements directory.AccountStore.
func (s *Store) Account(ctx context.Context, id string) (*directory.Account, error) {
	return s.oneAccount(ctx, `WHERE id = ?`, id)
}

// AccountByEmail implements directory.AccountStore.
func (s *Store) AccountByEmail(ctx context.Context, email string) (*directory.Account, error) {
	return s.oneAccount(ctx, `WHERE email_key = ?`, emailKey(email))
}

// MarkEmailVerified implements directory.AccountStore.
func (s *Store) MarkEmailVerified(ctx context.Context, id, email string) error {
	return mustChange(s.db.ExecContext(ctx,
		`UPDATE accounts SET email_verified = 1 WHERE id = ? AND email_key = ?`, id, emailKey(email)))
}

// SetPasswordHash implements directory.AccountStore.
func (s *Store) SetPasswordHash(ctx context.Context, id, hash string) error {
	return mustChange(s.db.ExecContext(ctx,
		`UPDATE accounts SET password_hash = ? WHERE id = ?`, hash, id))
}
