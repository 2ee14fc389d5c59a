package idpmem

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/store/internal/lazy"
)

// PutCode implements directory.CodeStore.
func (s *Store) PutCode(ctx context.Context, c directory.Code) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := codeKey{c.Purpose, c.Hash}
	if _, there := s.codes[k]; there {
		return errors.New("idpmem: code already there")
	}
	c.Data, c.Expires = slices.Clone(c.Data), toMilli(c.Expires)
	lazy.Put(&s.codes, k, c)
	return nil
}

// TakeCode implements directory.CodeStore.
func (s *Store) TakeCode(ctx context.Context, purpose string, hash [32]byte, now time.Time) (*directory.Code, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := codeKey{purpose, hash}
	c, ok := s.codes[k]
	if !ok || !c.Expires.After(toMilli(now)) {
		return nil, directory.ErrNotFound
	}
	delete(s.codes, k)
	return &c, nil
}

// DropCodes implements directory.CodeStore.
func (s *Store) DropCodes(ctx context.Context, purpose, account string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, c := range s.codes {
		if c.Purpose == purpose && c.Account == account {
			delete(s.codes, k)
		}
	}
	return nil
}
