package rpstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

const (
	keepSignIns = 24 * time.Hour // after they expired or ended
	sweepBatch  = 1000           // rows in one statement, so that nobody waits long for it
	sweepMost   = 10             // statements of each kind in one sweep

	signInColumns = `id, user_id, provider, issuer, subject, session_id,
		created_at, expires_at, ended_at, auth_time, automatic, tokens`
)

// AddSignIn implements rpserver.SignInStore.
func (s *Store) AddSignIn(ctx context.Context, in rpserver.SignIn) error {
	if err := text.Keys(in.ID, in.UserID, in.Provider, in.Issuer, in.Subject, in.SessionID); err != nil {
		return err
	}
	n, err := int64(0), error(nil)
	if in.ID != "" {
		n, err = s.db.Exec(ctx, `
			INSERT INTO sign_ins (`+signInColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (id) DO NOTHING`,
			in.ID, in.UserID, in.Provider, in.Issuer, in.Subject, in.SessionID,
			millis(in.Created), millis(in.Expires), orNull(in.Ended), orNull(in.AuthTime), in.Automatic, notNil(in.Tokens))
	}
	if err == nil && n != 1 {
		err = errors.New("rpstore: a sign-in needs an id of its own")
	}
	return err
}

// FindSignIn implements rpserver.SignInStore.
func (s *Store) FindSignIn(ctx context.Context, id string) (*rpserver.SignIn, error) {
	if err := text.Keys(id); err != nil {
		return nil, err
	}
	in, err := scanSignIn(func(dest ...any) error {
		return s.db.Row(ctx, `SELECT `+signInColumns+` FROM sign_ins WHERE id = $1`, []any{id}, dest...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, rpserver.ErrNoSignIn
	}
	return in, err
}

// SignInsOf implements rpserver.SignInStore.
func (s *Store) SignInsOf(ctx context.Context, userID string, now time.Time) (all []rpserver.SignIn, err error) {
	if err := text.Keys(userID); err != nil {
		return nil, err
	}
	err = s.db.Rows(ctx, `
		SELECT `+signInColumns+` FROM sign_ins
		WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2
		ORDER BY created_at DESC, id`,
		[]any{userID, millis(now)}, func() { all = nil }, func(rows *sql.Rows) error {
			in, err := scanSignIn(rows.Scan)
			if err == nil {
				all = append(all, *in)
			}
			return err
		})
	return all, err
}

// EndSignIns implements rpserver.SignInStore in one statement.
func (s *Store) EndSignIns(ctx context.Context, w rpserver.SignInsWhere, at time.Time) (int, error) {
	if err := cmp.Or(w.Check(), text.Keys(w.ID, w.UserID, w.Issuer, w.Subject, w.SessionID)); err != nil {
		return 0, err
	}
	query := `UPDATE sign_ins SET ended_at = $1, lease_holder = '', lease_until = 0 WHERE ended_at IS NULL`
	args := []any{millis(at)}
	for _, c := range []struct{ column, value string }{
		{"id", w.ID}, {"user_id", w.UserID}, {"issuer", w.Issuer}, {"subject", w.Subject}, {"session_id", w.SessionID},
	} {
		if c.value == "" {
			continue
		}
		args = append(args, c.value)
		if c.column == "session_id" && w.Subject != "" {
			query += fmt.Sprintf(" AND (session_id = $%d OR session_id = '')", len(args))
			continue
		}
		query += fmt.Sprintf(" AND %s = $%d", c.column, len(args))
	}
	n, err := s.db.Exec(ctx, query, args...)
	return int(n), err
}

// LeaseTokens implements rpserver.SignInStore. One statement decides; the second one
// shows to the others what there is.
func (s *Store) LeaseTokens(ctx context.Context, id, holder string, now, until time.Time) (*rpserver.SignIn, bool, error) {
	if err := text.Keys(id, holder); err != nil {
		return nil, false, err
	}
	if holder == "" {
		return nil, false, errors.New("rpstore: a lease needs a holder")
	}
	in, err := scanSignIn(func(dest ...any) error {
		return s.db.Row(ctx, `
			UPDATE sign_ins SET lease_holder = $1, lease_until = $2
			WHERE id = $3 AND ended_at IS NULL AND expires_at > $4 AND (lease_holder = '' OR lease_until <= $4)
			RETURNING `+signInColumns, []any{holder, millis(until), id, millis(now)}, dest...)
	})
	if !errors.Is(err, sql.ErrNoRows) {
		return in, err == nil, err
	}
	in, err = s.FindSignIn(ctx, id)
	return in, false, err
}

// SaveTokens implements rpserver.SignInStore in one statement.
func (s *Store) SaveTokens(ctx context.Context, id, holder string, tokens []byte) error {
	if err := text.Keys(id, holder); err != nil {
		return err
	}
	if holder == "" {
		return rpserver.ErrLeaseLost
	}
	n, err := s.db.Exec(ctx, `
		UPDATE sign_ins SET tokens = $1, lease_holder = '', lease_until = 0
		WHERE id = $2 AND lease_holder = $3 AND ended_at IS NULL`, notNil(tokens), id, holder)
	if err == nil && n != 1 {
		err = rpserver.ErrLeaseLost
	}
	return err
}

// SweepSignIns implements rpserver.SignInStore.
func (s *Store) SweepSignIns(ctx context.Context, now time.Time) error {
	for _, column := range []string{"expires_at", "ended_at"} {
		for range sweepMost {
			n, err := s.db.Exec(ctx, `
				DELETE FROM sign_ins WHERE id IN
				(SELECT id FROM sign_ins WHERE `+column+` < $1 ORDER BY `+column+` LIMIT $2)`,
				millis(now.Add(-keepSignIns)), sweepBatch)
			if err != nil {
				return err
			}
			if n < sweepBatch {
				break
			}
		}
	}
	return nil
}

func scanSignIn(scan func(...any) error) (*rpserver.SignIn, error) {
	var in rpserver.SignIn
	var created, expires int64
	var ended, auth sql.NullInt64
	err := scan(&in.ID, &in.UserID, &in.Provider, &in.Issuer, &in.Subject, &in.SessionID,
		&created, &expires, &ended, &auth, &in.Automatic, &in.Tokens)
	if err != nil {
		return nil, err
	}
	in.Created, in.Expires = fromMillis(created), fromMillis(expires)
	if ended.Valid {
		in.Ended = fromMillis(ended.Int64)
	}
	if auth.Valid {
		in.AuthTime = fromMillis(auth.Int64)
	}
	if len(in.Tokens) == 0 {
		in.Tokens = nil
	}
	return &in, nil
}

func orNull(t time.Time) sql.NullInt64 { return sql.NullInt64{Int64: millis(t), Valid: !t.IsZero()} }

// notNil makes of nil, which a database takes for NULL, nothing.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
