package idpstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

const authorizationColumns = `id, account, client, sign_in, session_id, scopes, claims, resource, auth_time, amr,
	refreshable, offline, created_at, expires_at, revoked_at,
	code_hash, code_expires, code_used, redirect_uri, challenge, nonce,
	family, refresh, previous, refreshed_at, answer`

// surplus is how many authorizations of one account and client one statement removes
// beyond those that are kept: more than one only if another program wrote them.
const surplus = 1000

// AddAuthorization implements directory.AuthorizationStore.
func (s *Store) AddAuthorization(ctx context.Context, a directory.Authorization) error {
	if err := text.Keys(a.ID, a.Account, a.Client, a.SignIn, a.SessionID); err != nil {
		return err
	}
	if a.ID == "" {
		return errors.New("idpstore: an authorization needs an id")
	}
	return s.db.Tx(ctx, func(tx *sql.Tx) error {
		c, r := a.Code, a.Refresh
		_, err := tx.ExecContext(ctx, `
			INSERT INTO authorizations (`+authorizationColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
				$16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)`,
			a.ID, a.Account, a.Client, a.SignIn, a.SessionID, words(a.Scopes), text.Shown(a.Claims), text.Shown(a.Resource),
			orZero(a.AuthTime), words(a.AMR), a.Refreshable, a.Offline, orZero(a.Created), orZero(a.Expires), orZero(a.Revoked),
			hash(c.Hash), orZero(c.Expires), orZero(c.Used), text.Shown(c.RedirectURI), text.Shown(c.Challenge), text.Shown(c.Nonce),
			hash(r.Family), hash(r.Current), hash(r.Previous), orZero(r.At), blob(r.Answer))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			DELETE FROM authorizations WHERE id <> $1 AND id IN (
				SELECT id FROM authorizations WHERE account = $2 AND client = $3 AND id <> $1
				ORDER BY created_at DESC, id DESC LIMIT $4 OFFSET $5)`,
			a.ID, a.Account, a.Client, surplus, directory.MaxAuthorizations-1)
		return err
	})
}

// Authorization implements directory.AuthorizationStore.
func (s *Store) Authorization(ctx context.Context, id string) (*directory.Authorization, error) {
	if text.Keys(id) != nil { // no row has such a key
		return nil, directory.ErrNotFound
	}
	return s.oneAuthorization(ctx, `SELECT `+authorizationColumns+` FROM authorizations WHERE id = $1`, id)
}

func (s *Store) oneAuthorization(ctx context.Context, query string, args ...any) (*directory.Authorization, error) {
	var a *directory.Authorization
	err := s.db.Run(ctx, func() (err error) {
		a, err = scanAuthorization(s.db.QueryRowContext(ctx, query, args...).Scan)
		return err
	})
	if err != nil {
		return nil, orNotFound(err)
	}
	return a, nil
}

func (s *Store) manyAuthorizations(ctx context.Context, query string, args ...any) (all []directory.Authorization, err error) {
	err = s.db.Rows(ctx, query, args, func() { all = nil }, func(rows *sql.Rows) error {
		a, err := scanAuthorization(rows.Scan)
		if err == nil {
			all = append(all, *a)
		}
		return err
	})
	return all, err
}

// AuthorizationsOf implements directory.AuthorizationStore.
func (s *Store) AuthorizationsOf(ctx context.Context, account string, now time.Time) ([]directory.Authorization, error) {
	return s.manyAuthorizations(ctx, `
		SELECT `+authorizationColumns+` FROM authorizations
		WHERE account = $1 AND revoked_at = 0 AND expires_at > $2 ORDER BY created_at, id`, account, millis(now))
}

// RevokeAuthorizations implements directory.AuthorizationStore in one statement.
func (s *Store) RevokeAuthorizations(ctx context.Context, w directory.Authorizations, at time.Time) ([]directory.Authorization, error) {
	if err := cmp.Or(w.Check(), text.Keys(w.ID, w.Account, w.Client, w.SignIn)); err != nil {
		return nil, err
	}
	query := `UPDATE authorizations SET revoked_at = $1, answer = $2 WHERE revoked_at = 0`
	args := []any{millis(at), []byte{}}
	for _, c := range []struct{ column, value string }{
		{"id", w.ID}, {"account", w.Account}, {"client", w.Client}, {"sign_in", w.SignIn},
	} {
		if c.value != "" {
			args = append(args, c.value)
			query += fmt.Sprintf(" AND %s = $%d", c.column, len(args))
		}
	}
	if w.OnlineAlone {
		args = append(args, false)
		query += fmt.Sprintf(" AND offline = $%d", len(args))
	}
	return s.manyAuthorizations(ctx, query+` RETURNING `+authorizationColumns, args...)
}

// TakeAuthorizationCode implements directory.AuthorizationStore. One statement decides;
// the second one finds out why it was not this call, and decides nothing.
func (s *Store) TakeAuthorizationCode(ctx context.Context, id string, code [32]byte, now time.Time, first directory.RefreshToken) (*directory.Authorization, error) {
	if text.Keys(id) != nil || code == [32]byte{} {
		return nil, directory.ErrNotFound
	}
	a, err := s.oneAuthorization(ctx, `
		UPDATE authorizations SET code_used = $1,
			family = CASE WHEN refreshable THEN $2 ELSE family END,
			refresh = CASE WHEN refreshable THEN $3 ELSE refresh END,
			refreshed_at = CASE WHEN refreshable THEN $4 ELSE refreshed_at END
		WHERE id = $5 AND code_hash = $6 AND code_used = 0 AND code_expires > $1 AND revoked_at = 0 AND expires_at > $1
		RETURNING `+authorizationColumns,
		millis(now), hash(first.Family), hash(first.Current), orZero(first.At), id, hash(code))
	if !errors.Is(err, directory.ErrNotFound) {
		return a, err
	}
	a, err = s.Authorization(ctx, id)
	if err != nil || a.Code.Hash != code || a.Code.Used.IsZero() {
		return nil, cmp.Or(err, directory.ErrNotFound)
	}
	return a, directory.ErrCodeUsed
}

// RotateRefreshToken implements directory.AuthorizationStore in one statement.
func (s *Store) RotateRefreshToken(ctx context.Context, id string, from, to [32]byte, answer []byte, now time.Time) error {
	if text.Keys(id) != nil || from == [32]byte{} {
		return directory.ErrNotFound
	}
	return mustChange(s.db.Exec(ctx, `
		UPDATE authorizations SET previous = refresh, refresh = $1, answer = $2, refreshed_at = $3
		WHERE id = $4 AND refresh = $5 AND revoked_at = 0 AND expires_at > $3`,
		hash(to), blob(answer), millis(now), id, hash(from)))
}

func scanAuthorization(scan func(...any) error) (*directory.Authorization, error) {
	var a directory.Authorization
	var scopes, amr string
	var auth, created, expires, revoked, codeExpires, codeUsed, refreshed int64
	var code, family, current, previous []byte
	c, r := &a.Code, &a.Refresh
	err := scan(&a.ID, &a.Account, &a.Client, &a.SignIn, &a.SessionID, &scopes, &a.Claims, &a.Resource, &auth, &amr,
		&a.Refreshable, &a.Offline, &created, &expires, &revoked,
		&code, &codeExpires, &codeUsed, &c.RedirectURI, &c.Challenge, &c.Nonce,
		&family, &current, &previous, &refreshed, &r.Answer)
	if err != nil {
		return nil, err
	}
	a.Scopes, a.AMR = strings.Fields(scopes), strings.Fields(amr)
	for to, at := range map[*time.Time]int64{
		&a.AuthTime: auth, &a.Created: created, &a.Expires: expires, &a.Revoked: revoked,
		&c.Expires: codeExpires, &c.Used: codeUsed, &r.At: refreshed,
	} {
		if at != 0 {
			*to = fromMillis(at)
		}
	}
	copy(c.Hash[:], code)
	copy(r.Family[:], family)
	copy(r.Current[:], current)
	copy(r.Previous[:], previous)
	if len(r.Answer) == 0 {
		r.Answer = nil
	}
	return &a, nil
}

func words(list []string) string { return strings.Join(list, " ") }

// orZero is 0 for the time that means never.
func orZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return millis(t)
}

// hash is empty for the hash that means none.
func hash(h [32]byte) []byte {
	if h == [32]byte{} {
		return []byte{}
	}
	return h[:]
}
