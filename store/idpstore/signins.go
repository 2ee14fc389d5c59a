package idpstore

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// SignIns implements directory.SignInStore.
func (s *Store) SignIns(ctx context.Context, browser string, now time.Time) ([]directory.SignIn, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT account, at, expires_at FROM sign_ins
		WHERE browser = ? AND expires_at > ? ORDER BY at, account`, browser, millis(now))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []directory.SignIn
	for rows.Next() {
		var si directory.SignIn
		var at, expires int64
		if err := rows.Scan(&si.Account, &at, &expires); err != nil {
			return nil, err
		}
		si.At, si.Expires = fromMillis(at), fromMillis(expires)
		out = append(out, si)
	}
	return out, rows.Err()
}

// AddSignIn implements directory.SignInStore.
func (s *Store) AddSignIn(ctx context.Context, from, to string, si directory.SignIn) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		if from != "" && from != to {
			if _, err := tx.ExecContext(ctx,
				`UPDATE sign_ins SET browser = ? WHERE browser = ?`, to, from); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO sign_ins (browser, account, at, expires_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (browser, account) DO UPDATE SET at = excluded.at, expires_at = excluded.expires_at`,
			to, si.Account, millis(si.At), millis(si.Expires))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			DELETE FROM sign_ins WHERE account = ? AND browser <> ? AND browser NOT IN (
				SELECT browser FROM sign_ins WHERE account = ? AND browser <> ? ORDER BY at DESC, browser LIMIT ?)`,
			si.Account, to, si.Account, to, directory.MaxSignIns-1)
		return err
	})
}

// RemoveSignIn implements directory.SignInStore.
func (s *Store) RemoveSignIn(ctx context.Context, browser, account string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM sign_ins WHERE browser = ? AND account = ?`, browser, account)
	return err
}

// Grants implements directory.GrantStore.
func (s *Store) Grants(ctx context.Context, account string) ([]directory.Grant, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT client, fields, at, last_used FROM grants WHERE account = ? ORDER BY at, client`, account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []directory.Grant
	for rows.Next() {
		g := directory.Grant{Account: account}
		var fields string
		var at, used int64
		if err := rows.Scan(&g.Client, &fields, &at, &used); err != nil {
			return nil, err
		}
		g.Fields, g.At, g.LastUsed = strings.Fields(fields), fromMillis(at), fromMillis(used)
		out = append(out, g)
	}
	return out, rows.Err()
}

// PutGrant implements directory.GrantStore.
func (s *Store) PutGrant(ctx context.Context, g directory.Grant) error {
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO grants (account, client, fields, at, last_used) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (account, client) DO UPDATE SET fields = excluded.fields, last_used = excluded.last_used`,
		g.Account, g.Client, strings.Join(g.Fields, " "), millis(g.At), millis(g.LastUsed))
	return err
}

// DeleteGrant implements directory.GrantStore.
func (s *Store) DeleteGrant(ctx context.Context, account, client string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM grants WHERE account = ? AND client = ?`, account, client)
	return err
}
