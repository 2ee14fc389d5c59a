package rpstore

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// CommitCtx implements scs.CtxStore. It also drops expired sessions.
func (s *Store) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	if _, err := s.db.Exec(ctx, `DELETE FROM sessions WHERE expires_at <= $1`, millis(time.Now())); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, `
		INSERT INTO sessions (token, data, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
		token, notNil(b), millis(expiry))
	return err
}

// FindCtx implements scs.CtxStore. The clock is the machine's, as scs has no
// other.
func (s *Store) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var b []byte
	err := s.db.Row(ctx, `SELECT data FROM sessions WHERE token = $1 AND expires_at > $2`,
		[]any{token, millis(time.Now())}, &b)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return b, err == nil, err
}

// DeleteCtx implements scs.CtxStore.
func (s *Store) DeleteCtx(ctx context.Context, token string) error {
	_, err := s.db.Exec(ctx, `DELETE FROM sessions WHERE token = $1`, token)
	return err
}

// Commit implements scs.Store.
func (s *Store) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

// Find implements scs.Store.
func (s *Store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Delete implements scs.Store.
func (s *Store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }
