package idpstore

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

// SignIns implements directory.SignInStore.
func (s *Store) SignIns(ctx context.Context, browser string, now time.Time) (all []directory.SignIn, err error) {
	err = s.db.Rows(ctx, `
		SELECT id, account, at, expires_at, amr FROM sign_ins
		WHERE browser = $1 AND expires_at > $2 ORDER BY at, account`,
		[]any{browser, millis(now)}, func() { all = nil }, func(rows *sql.Rows) error {
			var si directory.SignIn
			var at, expires int64
			var amr string
			err := rows.Scan(&si.ID, &si.Account, &at, &expires, &amr)
			si.At, si.Expires, si.AMR = fromMillis(at), fromMillis(expires), strings.Fields(amr)
			all = append(all, si)
			return err
		})
	return all, err
}

// AddSignIn implements directory.SignInStore.
func (s *Store) AddSignIn(ctx context.Context, from, to string, si directory.SignIn) error {
	if err := text.Keys(from, to, si.Account, si.ID); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		if from != "" && from != to {
			if _, err := tx.ExecContext(ctx,
				`UPDATE sign_ins SET browser = $1 WHERE browser = $2`, to, from); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO sign_ins (browser, account, id, at, expires_at, amr) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (browser, account) DO UPDATE SET
				at = excluded.at, expires_at = excluded.expires_at, amr = excluded.amr`,
			to, si.Account, si.ID, millis(si.At), millis(si.Expires), words(si.AMR))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			DELETE FROM sign_ins WHERE account = $1 AND browser <> $2 AND browser NOT IN (
				SELECT browser FROM sign_ins WHERE account = $1 AND browser <> $2 ORDER BY at DESC, browser LIMIT $3)`,
			si.Account, to, directory.MaxSignIns-1)
		return err
	})
}

// RemoveSignIn implements directory.SignInStore.
func (s *Store) RemoveSignIn(ctx context.Context, browser, account string) error {
	_, err := s.db.Exec(ctx, `DELETE FROM sign_ins WHERE browser = $1 AND account = $2`, browser, account)
	return err
}
