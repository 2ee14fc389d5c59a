package idpstore

import (
	"context"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

const accountColumns = `id, email, email_verified, name, given_name, family_name, preferred_username,
	locale, zoneinfo, groups, password_hash, created_at, updated_at`

// CreateAccount implements directory.AccountStore. The address is claimed by the
// insert itself, so two sign-ups at once cannot both have it.
func (s *Store) CreateAccount(ctx context.Context, a directory.Account) error {
	if err := text.Keys(a.ID, a.Email); err != nil {
		return err
	}
	n, err := s.db.Exec(ctx, `
		INSERT INTO accounts (`+accountColumns+`, email_key)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (email_key) DO NOTHING`,
		a.ID, a.Email, a.EmailVerified, text.Shown(a.Name), text.Shown(a.GivenName), text.Shown(a.FamilyName), text.Shown(a.PreferredUsername),
		text.Shown(a.Locale), text.Shown(a.Zoneinfo), lines(a.Groups), a.PasswordHash, millis(a.CreatedAt), orZero(a.UpdatedAt), emailKey(a.Email))
	if err == nil && n == 0 {
		return directory.ErrEmailTaken
	}
	return err
}

func (s *Store) oneAccount(ctx context.Context, where, arg string) (*directory.Account, error) {
	if text.Keys(arg) != nil { // no row has such a key
		return nil, directory.ErrNotFound
	}
	var a directory.Account
	var created, updated int64
	var groups string
	err := s.db.Row(ctx, `SELECT `+accountColumns+` FROM accounts WHERE `+where, []any{arg},
		&a.ID, &a.Email, &a.EmailVerified, &a.Name, &a.GivenName, &a.FamilyName, &a.PreferredUsername,
		&a.Locale, &a.Zoneinfo, &groups, &a.PasswordHash, &created, &updated)
	if err != nil {
		return nil, orNotFound(err)
	}
	a.CreatedAt = fromMillis(created)
	if updated != 0 {
		a.UpdatedAt = fromMillis(updated)
	}
	if groups != "" {
		a.Groups = strings.Split(groups, "\n")
	}
	return &a, nil
}

// Account implements directory.AccountStore.
func (s *Store) Account(ctx context.Context, id string) (*directory.Account, error) {
	return s.oneAccount(ctx, `id = $1`, id)
}

// AccountByEmail implements directory.AccountStore.
func (s *Store) AccountByEmail(ctx context.Context, email string) (*directory.Account, error) {
	return s.oneAccount(ctx, `email_key = $1`, emailKey(email))
}

// MarkEmailVerified implements directory.AccountStore.
func (s *Store) MarkEmailVerified(ctx context.Context, id, email string) error {
	return mustChange(s.db.Exec(ctx,
		`UPDATE accounts SET email_verified = $1 WHERE id = $2 AND email_key = $3`, true, id, emailKey(email)))
}

// SetPasswordHash implements directory.AccountStore.
func (s *Store) SetPasswordHash(ctx context.Context, id, hash string) error {
	return mustChange(s.db.Exec(ctx, `UPDATE accounts SET password_hash = $1 WHERE id = $2`, hash, id))
}

// lines keeps a list whose elements may hold spaces, and no line breaks.
func lines(list []string) string {
	clean := make([]string, 0, len(list))
	for _, one := range list {
		if one = strings.ReplaceAll(text.Shown(one), "\n", " "); one != "" {
			clean = append(clean, one)
		}
	}
	return strings.Join(clean, "\n")
}
