package idpstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

// Grants implements directory.GrantStore.
func (s *Store) Grants(ctx context.Context, account string) (all []directory.Grant, err error) {
	err = s.db.Rows(ctx, `
		SELECT client, fields, scopes, at, last_used FROM grants WHERE account = $1 ORDER BY at, client`,
		[]any{account}, func() { all = nil }, func(rows *sql.Rows) error {
			g := directory.Grant{Account: account}
			var fields, scopes string
			var at, used int64
			err := rows.Scan(&g.Client, &fields, &scopes, &at, &used)
			g.Fields, g.Scopes, g.At, g.LastUsed = strings.Fields(fields), strings.Fields(scopes), fromMillis(at), fromMillis(used)
			all = append(all, g)
			return err
		})
	return all, err
}

// PutGrant implements directory.GrantStore.
func (s *Store) PutGrant(ctx context.Context, g directory.Grant) error {
	if err := text.Keys(g.Account, g.Client); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, `
		INSERT INTO grants (account, client, fields, scopes, at, last_used) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (account, client) DO UPDATE SET
			fields = excluded.fields, scopes = excluded.scopes, last_used = excluded.last_used`,
		g.Account, g.Client, words(g.Fields), words(g.Scopes), millis(g.At), millis(g.LastUsed))
	return err
}

// DeleteGrant implements directory.GrantStore.
func (s *Store) DeleteGrant(ctx context.Context, account, client string) error {
	_, err := s.db.Exec(ctx, `DELETE FROM grants WHERE account = $1 AND client = $2`, account, client)
	return err
}
