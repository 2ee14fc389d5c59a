package idpstore

import (
	"context"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// PutCode implements directory.CodeStore.
func (s *Store) PutCode(ctx context.Context, c directory.Code) error {
	_, err := s.db.ExecContext(ctx, `
		INSERT INTO codes (purpose, hash, account, data, expires_at) VALUES (?, ?, ?, ?, ?)`,
		c.Purpose, c.Hash[:], c.Account, blob(c.Data), millis(c.Expires))
	return err
}

// TakeCode implements directory.CodeStore: the statement that finds the code is
// the one that removes it.
func (s *Store) TakeCode(ctx context.Context, purpose string, hash [32]byte, now time.Time) (*directory.Code, error) {
	c := directory.Code{Purpose: purpose, Hash: hash}
	var expires int64
	err := s.db.QueryRowContext(ctx, `
		DELETE FROM codes WHERE purpose = ? AND hash = ? AND expires_at > ?
		RETURNING account, data, expires_at`,
		purpose, hash[:], millis(now)).Scan(&c.Account, &c.Data, &expires)
	if err != nil {
		return nil, orNotFound(err)
	}
	c.Expires = fromMillis(expires)
	return &c, nil
}

// DropCodes implements directory.CodeStore.
func (s *Store) DropCodes(ctx context.Context, purpose, account string) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM codes WHERE purpose = ? AND account = ?`, purpose, account)
	return err
}
