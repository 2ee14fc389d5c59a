package rpstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

const signInColumns = `id, user_id, provider, issuer, subject, session_id, created_at, expires_at, ended_at, auth_time, automatic, tokens`

// keepEnded is how long a sign-in stays after it ended or expired.
const keepEnded = 24 * time.Hour

// sweepAtMost bounds what one sweep deletes, so that nobody waits for it for long.
const sweepAtMost = 1000

// AddSignIn implements rpserver.SignInStore.
func (s *Store) AddSignIn(ctx context.Context, in rpserver.SignIn) error {
	tokens := in.Tokens
	if tokens == nil {
		tokens = []byte{}
	}
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO sign_ins (`+signInColumns+`, holder, lease_until)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, '', 0)`,
		in.ID, in.UserID, in.Provider, in.Issuer, in.Subject, in.SessionID,
		millis(in.Created), millis(in.Expires), millisOrZero(in.AuthTime), in.Automatic, tokens)
	return err
}

// FindSignIn implements rpserver.SignInStore.
func (s *Store) FindSignIn(ctx context.Context, id string) (*rpserver.SignIn, error) {
	return scanSignIn(s.db.QueryRowContext(ctx, `SELECT `+signInColumns+` FROM sign_ins WHERE id = ?`, id))
}

// SignInsOf implements rpserver.SignInStore.
func (s *Store) SignInsOf(ctx context.Context, userID string, now time.Time) ([]rpserver.SignIn, error) {
	rows, err := s.db.QueryContext(ctx, `
		SELECT `+signInColumns+` FROM sign_ins
		WHERE user_id = ? AND ended_at = 0 AND expires_at > ? ORDER BY created_at DESC, id`, userID, millis(now))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []rpserver.SignIn
	for rows.Next() {
		in, err := scanSignIn(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, *in)
	}
	return out, rows.Err()
}

// EndSignIns implements rpserver.SignInStore in one statement.
func (s *Store) EndSignIns(ctx context.Context, which rpserver.SignInsWhere, at time.Time) (int, error) {
	if err := which.Check(); err != nil {
		return 0, err
	}
	where, values := []string{"ended_at = 0"}, []any{millis(at)}
	for _, f := range []struct{ column, value string }{
		{"id", which.ID}, {"user_id", which.UserID}, {"issuer", which.Issuer},
		{"subject", which.Subject}, {"session_id", which.SessionID},
	} {
		if f.value != "" {
			where = append(where, f.column+" = ?")
			values = append(values, f.value)
		}
	}
	ended, err := s.db.ExecContext(ctx, `UPDATE sign_ins SET ended_at = ? WHERE `+strings.Join(where, " AND "), values...)
	if err != nil {
		return 0, err
	}
	n, err := ended.RowsAffected()
	return int(n), err
}

// LeaseTokens implements rpserver.SignInStore. One statement gives the lease; the second
// finds out why it was not given, and decides nothing.
func (s *Store) LeaseTokens(ctx context.Context, id, holder string, now, until time.Time) (*rpserver.SignIn, bool, error) {
	in, err := scanSignIn(s.db.QueryRowContext(ctx, `
		UPDATE sign_ins SET holder = ?, lease_until = ?
		WHERE id = ? AND ended_at = 0 AND (holder = '' OR lease_until <= ?)
		RETURNING `+signInColumns, holder, millis(until), id, millis(now)))
	if !errors.Is(err, rpserver.ErrNoSignIn) {
		return in, err == nil, err
	}
	in, err = s.FindSignIn(ctx, id)
	if err != nil {
		return nil, false, err
	}
	if !in.Ended.IsZero() {
		return nil, false, rpserver.ErrNoSignIn
	}
	return nil, false, nil
}

// SaveTokens implements rpserver.SignInStore in one statement.
func (s *Store) SaveTokens(ctx context.Context, id, holder string, tokens []byte) error {
	if tokens == nil {
		tokens = []byte{}
	}
	saved, err := s.db.ExecContext(ctx, `
		UPDATE sign_ins SET tokens = ?, holder = '', lease_until = 0
		WHERE id = ? AND holder = ? AND holder <> ''`, tokens, id, holder)
	if err != nil {
		return err
	}
	n, err := saved.RowsAffected()
	if err == nil && n == 0 {
		err = rpserver.ErrLeaseLost
	}
	return err
}

// SweepSignIns implements rpserver.SignInStore. A row ends before it expires, so that
// looking for expired ones finds all of them in time.
func (s *Store) SweepSignIns(ctx context.Context, now time.Time) error {
	cut := millis(now.Add(-keepEnded))
	_, err := s.db.ExecContext(ctx, `
		DELETE FROM sign_ins WHERE id IN (
			SELECT id FROM sign_ins WHERE expires_at < ? OR (ended_at > 0 AND ended_at < ?) LIMIT ?)`, cut, cut, sweepAtMost)
	return err
}

type scanner interface{ Scan(...any) error }

func scanSignIn(row scanner) (*rpserver.SignIn, error) {
	var in rpserver.SignIn
	var created, expires, ended, auth int64
	err := row.Scan(&in.ID, &in.UserID, &in.Provider, &in.Issuer, &in.Subject, &in.SessionID,
		&created, &expires, &ended, &auth, &in.Automatic, &in.Tokens)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, rpserver.ErrNoSignIn
	}
	if err != nil {
		return nil, err
	}
	in.Created, in.Expires = fromMillis(created), fromMillis(expires)
	in.Ended, in.AuthTime = fromMillisOrZero(ended), fromMillisOrZero(auth)
	return &in, nil
}

func millisOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return millis(t)
}

func fromMillisOrZero(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return fromMillis(ms)
}
