package idpstore

import (
	"context"
	"time"
)

// FindSession implements directory.SessionStore.
func (s *Store) FindSession(ctx context.Context, kind, token string, now time.Time) ([]byte, error) {
	var data []byte
	err := s.db.QueryRowContext(ctx,
		`SELECT data FROM sessions WHERE kind = ? AND token = ? AND expires_at > ?`,
		kind, token, millis(now)).Scan(&data)
	if err != nil {
		return nil, orNotFound(err)
	}
	return data, nil
}

// CommitSession implements directory.SessionStore.
func (s *Store) CommitSession(ctx context.Context, kind, token string, data []byte, expires time.Time) error {
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO sessions (kind, token, data, expires_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (kind, token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
		kind, token, blob(data), millis(expires))
	return err
}

// DeleteSession implements directory.SessionStore.
func (s *Store) DeleteSession(ctx context.Context, kind, token string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM sessions WHERE kind = ? AND token = ?`, kind, token)
	return err
}

// Sweep implements directory.SessionStore.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	for _, table := range []string{"codes", "sessions", "sign_ins"} {
		if _, err := s.db.ExecContext(ctx,
			`DELETE FROM `+table+` WHERE expires_at <= ?`, millis(now)); err != nil {
			return err
		}
	}
	return nil
}
