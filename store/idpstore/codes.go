package idpstore

import (
	"context"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/internal/text"
)

// PutCode implements directory.CodeStore.
func (s *Store) PutCode(ctx context.Context, c directory.Code) error {
	if err := text.Keys(c.Purpose, c.Account); err != nil {
		return err
	}
	_, err := s.db.Exec(ctx, `
		INSERT INTO codes (purpose, hash, account, data, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		c.Purpose, c.Hash[:], c.Account, blob(c.Data), millis(c.Expires))
	return err
}

// TakeCode implements directory.CodeStore: the statement that finds the code is
// the one that removes it.
func (s *Store) TakeCode(ctx context.Context, purpose string, hash [32]byte, now time.Time) (*directory.Code, error) {
	c := directory.Code{Purpose: purpose, Hash: hash}
	var expires int64
	err := s.db.Row(ctx, `
		DELETE FROM codes WHERE purpose = $1 AND hash = $2 AND expires_at > $3
		RETURNING account, data, expires_at`,
		[]any{purpose, hash[:], millis(now)}, &c.Account, &c.Data, &expires)
	if err != nil {
		return nil, orNotFound(err)
	}
	c.Expires = fromMillis(expires)
	return &c, nil
}

// DropCodes implements directory.CodeStore.
func (s *Store) DropCodes(ctx context.Context, purpose, account string) error {
	_, err := s.db.Exec(ctx, `DELETE FROM codes WHERE purpose = $1 AND account = $2`, purpose, account)
	return err
}
