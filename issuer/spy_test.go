package issuer_test

import (
	"context"
	"sync"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/mem/spentmem"
)

// spy is a store that counts, and fails when told to.
type spy struct {
	spentmem.Store
	mu      sync.Mutex
	spends  int
	counts  int
	fail    error
	context context.Context // the last one that it was given
}

func (s *spy) Spend(ctx context.Context, keyID uint32, nonce [pst.NonceSize]byte) error {
	s.mu.Lock()
	s.spends++
	s.context = ctx
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		return fail
	}
	return s.Store.Spend(ctx, keyID, nonce)
}

func (s *spy) Count(ctx context.Context, origin string, day issuer.Day) error {
	s.mu.Lock()
	s.counts++
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		return fail
	}
	return s.Store.Count(ctx, origin, day)
}
