package rpstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

const (
	identityColumns = `issuer, subject, name, given_name, family_name, email, email_verified, hosted_domain, picture, locale`

	// identityNews takes what a provider says now, and keeps what it leaves out. The
	// address and whether it is verified change together.
	identityNews = `
		name = CASE excluded.name WHEN '' THEN identities.name ELSE excluded.name END,
		given_name = CASE excluded.given_name WHEN '' THEN identities.given_name ELSE excluded.given_name END,
		family_name = CASE excluded.family_name WHEN '' THEN identities.family_name ELSE excluded.family_name END,
		email_verified = CASE excluded.email WHEN '' THEN identities.email_verified ELSE excluded.email_verified END,
		email = CASE excluded.email WHEN '' THEN identities.email ELSE excluded.email END,
		hosted_domain = CASE excluded.hosted_domain WHEN '' THEN identities.hosted_domain ELSE excluded.hosted_domain END,
		picture = CASE excluded.picture WHEN '' THEN identities.picture ELSE excluded.picture END,
		locale = CASE excluded.locale WHEN '' THEN identities.locale ELSE excluded.locale END`

	userColumns = `id, name, email, email_verified, created_at, last_sign_in`
)

func identityValues(id rpserver.Identity) []any {
	return []any{id.Issuer, id.Subject, id.Name, id.GivenName, id.FamilyName,
		id.Email, id.EmailVerified, id.HostedDomain, id.Picture, id.Locale}
}

// SignIn implements rpserver.UserStore. The first statement decides whose the
// identity is, so that two first sign-ins of one person at the same time make one
// user; the second one makes or renews that user, before anybody sees the first.
func (s *Store) SignIn(ctx context.Context, id rpserver.Identity, now time.Time) (*rpserver.User, bool, error) {
	if err := text.Keys(id.Issuer, id.Subject); err != nil {
		return nil, false, err
	}
	candidate, id := rand.Text(), id.Cleaned()
	var u rpserver.User
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		var owner string
		if err := tx.QueryRowContext(ctx, `
			INSERT INTO identities (`+identityColumns+`, user_id, linked_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
			ON CONFLICT (issuer, subject) DO UPDATE SET `+identityNews+`
			RETURNING user_id`,
			append(identityValues(id), candidate, millis(now))...).Scan(&owner); err != nil {
			return err
		}
		return scanUser(&u, tx.QueryRowContext(ctx, `
			INSERT INTO users (`+userColumns+`) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (id) DO UPDATE SET
				name = CASE excluded.name WHEN '' THEN users.name ELSE excluded.name END,
				email_verified = CASE excluded.email WHEN '' THEN users.email_verified ELSE excluded.email_verified END,
				email = CASE excluded.email WHEN '' THEN users.email ELSE excluded.email END,
				last_sign_in = excluded.last_sign_in
			RETURNING `+userColumns,
			owner, id.Name, id.Email, id.EmailVerified, millis(now), millis(now)).Scan)
	})
	if err != nil {
		return nil, false, err
	}
	return &u, u.ID == candidate, nil
}

// User implements rpserver.UserStore.
func (s *Store) User(ctx context.Context, id string) (*rpserver.User, error) {
	if err := text.Keys(id); err != nil {
		return nil, err
	}
	var u rpserver.User
	err := scanUser(&u, func(dest ...any) error {
		return s.db.Row(ctx, `SELECT `+userColumns+` FROM users WHERE id = $1`, []any{id}, dest...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, rpserver.ErrNoUser
	}
	if err != nil {
		return nil, err
	}
	return &u, nil
}

func scanUser(u *rpserver.User, scan func(...any) error) error {
	var created, last int64
	err := scan(&u.ID, &u.Name, &u.Email, &u.EmailVerified, &created, &last)
	u.Created, u.LastSignIn = fromMillis(created), fromMillis(last)
	return err
}

// Link implements rpserver.IdentityStore. One statement decides who has the identity;
// the second one finds out why it was not this user, and decides nothing.
func (s *Store) Link(ctx context.Context, userID string, id rpserver.Identity, now time.Time) error {
	if err := text.Keys(userID, id.Issuer, id.Subject); err != nil {
		return err
	}
	n, err := s.db.Exec(ctx, `
		INSERT INTO identities (`+identityColumns+`, user_id, linked_at)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, users.id, $11 FROM users WHERE users.id = $12
		ON CONFLICT (issuer, subject) DO UPDATE SET `+identityNews+`
		WHERE identities.user_id = excluded.user_id`,
		append(identityValues(id.Cleaned()), millis(now), userID)...)
	if err != nil || n == 1 {
		return err
	}
	_, err = s.User(ctx, userID)
	return cmp.Or(err, rpserver.ErrIdentityTaken)
}

// Unlink implements rpserver.IdentityStore. The first statement changes nothing: it
// makes those wait who take another identity from the same user, or each of two would
// see the other one's as still there.
func (s *Store) Unlink(ctx context.Context, userID, issuer, subject string) error {
	if err := text.Keys(userID, issuer, subject); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE identities SET linked_at = linked_at WHERE user_id = $1`, userID); err != nil {
			return err
		}
		var has, all int
		if err := tx.QueryRowContext(ctx, `
			SELECT count(CASE WHEN issuer = $1 AND subject = $2 THEN 1 END), count(*)
			FROM identities WHERE user_id = $3`, issuer, subject, userID).Scan(&has, &all); err != nil {
			return err
		}
		switch {
		case has == 0:
			return nil
		case all == 1:
			return rpserver.ErrLastIdentity
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM identities WHERE issuer = $1 AND subject = $2 AND user_id = $3`,
			issuer, subject, userID)
		return err
	})
}

// Identities implements rpserver.IdentityStore.
func (s *Store) Identities(ctx context.Context, userID string) (ids []rpserver.Identity, err error) {
	if err := text.Keys(userID); err != nil {
		return nil, err
	}
	err = s.db.Rows(ctx, `SELECT `+identityColumns+` FROM identities WHERE user_id = $1 ORDER BY linked_at, issuer, subject`,
		[]any{userID}, func() { ids = nil }, func(rows *sql.Rows) error {
			var id rpserver.Identity
			err := rows.Scan(&id.Issuer, &id.Subject, &id.Name, &id.GivenName, &id.FamilyName,
				&id.Email, &id.EmailVerified, &id.HostedDomain, &id.Picture, &id.Locale)
			ids = append(ids, id)
			return err
		})
	return ids, err
}
