package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func spentOnce(t *testing.T, s issuer.SpentStore) {
	must(t, s.Spend(t.Context(), 7, nonce(1)))
	for range 3 {
		wantSpent(t, s.Spend(t.Context(), 7, nonce(1)))
	}
}

func spentDistinct(t *testing.T, s issuer.SpentStore) {
	n := nonce(1)
	for _, key := range edgeIDs {
		must(t, s.Spend(t.Context(), key, n))
		wantSpent(t, s.Spend(t.Context(), key, n))
	}
	for _, bit := range []int{0, 7, 8, 255, 256, 383, 504, 511} {
		other := n
		other[bit/8] ^= 1 << (bit % 8)
		must(t, s.Spend(t.Context(), 1, other))
	}
	must(t, s.Spend(t.Context(), 1, [pst.NonceSize]byte{}))
	wantSpent(t, s.Spend(t.Context(), 1, [pst.NonceSize]byte{}))
}

func spentRace(t *testing.T, s issuer.SpentStore) {
	var first, replay atomic.Int32
	parallel(200, func(int) {
		err := s.Spend(t.Context(), 1, nonce(9))
		switch {
		case err == nil:
			first.Add(1)
		case errors.Is(err, issuer.ErrAlreadySpent):
			replay.Add(1)
		default:
			t.Error(err)
		}
	})
	if first.Load() != 1 || replay.Load() != 199 {
		t.Errorf("%d first, %d replayed; want 1 and 199", first.Load(), replay.Load())
	}
}

func spentParallelDistinct(t *testing.T, s issuer.SpentStore) {
	parallel(100, func(i int) {
		n := nonce(1)
		n[63] = byte(i)
		if err := s.Spend(t.Context(), 1, n); err != nil {
			t.Error(err)
		}
	})
}

func spentCancelled(t *testing.T, s issuer.SpentStore) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Spend(ctx, 1, nonce(1)); err == nil || errors.Is(err, issuer.ErrAlreadySpent) {
		t.Errorf("a cancelled spend: %v", err)
	}
	must(t, s.Spend(t.Context(), 1, nonce(2)))
	if err := s.Spend(ctx, 1, nonce(2)); err == nil {
		t.Error("a cancelled replay was a first time")
	}
	// Cancelled at any moment, it is spent or not, never both and never twice.
	for i := range 50 {
		n := nonce(byte(100 + i))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Spend(ctx, 1, n) }()
		time.Sleep(time.Duration(i) * 20 * time.Microsecond)
		cancel()
		first := <-done
		if again := s.Spend(t.Context(), 1, n); first == nil && again == nil {
			t.Fatal("one token was spent twice")
		}
		wantSpent(t, s.Spend(t.Context(), 1, n))
	}
}

func spentForget(t *testing.T, s SpentStore) {
	must(t, s.Admit(t.Context(), Key(1, "one", keyEnds), Key(2, "two", keyEnds)))
	must(t, s.Spend(t.Context(), 1, nonce(1)))
	must(t, s.Spend(t.Context(), 1, nonce(2)))
	must(t, s.Spend(t.Context(), 2, nonce(1)))
	if n, err := s.ForgetKey(t.Context(), 1); err != nil || n != 2 {
		t.Errorf("forgot %d, %v; want 2", n, err)
	}
	if n, err := s.ForgetKey(t.Context(), 1); err != nil || n != 0 {
		t.Errorf("forgot %d, %v; want none", n, err)
	}
	wantSpent(t, s.Spend(t.Context(), 2, nonce(1)))
	for n := range byte(4) {
		wantForgotten(t, s.Spend(t.Context(), 1, nonce(n)))
	}
	// A key that was never seen leaves its tombstone, too.
	if n, err := s.ForgetKey(t.Context(), 3); err != nil || n != 0 {
		t.Errorf("forgot %d, %v; want none", n, err)
	}
	wantForgotten(t, s.Spend(t.Context(), 3, nonce(1)))
}
