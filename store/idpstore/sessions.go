package idpstore

import (
	"context"
	"time"

	"github.com/bonafides-dev/bonafides/store/internal/text"
)

// FindSession implements directory.SessionStore.
func (s *Store) FindSession(ctx context.Context, kind, token string, now time.Time) ([]byte, error) {
	var data []byte
	err := s.db.Row(ctx, `SELECT data FROM sessions WHERE kind = $1 AND token = $2 AND expires_at > $3`,
		[]any{kind, token, millis(now)}, &data)
	if err != nil {
		return nil, orNotFound(err)
	}
	return data, nil
}

// CommitSession implements directory.SessionStore.
func (s *Store) CommitSession(ctx context.Context, kind, token string, data []byte, expires time.Time) error {
	if err := text.Keys(kind, token); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, `
		INSERT INTO sessions (kind, token, data, expires_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (kind, token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
		kind, token, blob(data), millis(expires))
	return err
}

// DeleteSession implements directory.SessionStore.
func (s *Store) DeleteSession(ctx context.Context, kind, token string) error {
	_, err := s.db.Exec(ctx, `DELETE FROM sessions WHERE kind = $1 AND token = $2`, kind, token)
	return err
}

// Sweep implements directory.SessionStore.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	for _, table := range []string{"codes", "sessions", "sign_ins", "authorizations"} {
		if _, err := s.db.Exec(ctx, `DELETE FROM `+table+` WHERE expires_at <= $1`, millis(now)); err != nil {
			return err
		}
	}
	return nil
}
