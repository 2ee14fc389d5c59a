package rp_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/rp"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

func open(t *testing.T, path string) *rp.Store {
	t.Helper()
	s, err := rp.OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSQLite(t *testing.T) {
	storetest.RP(t, func(t *testing.T) storetest.RPStore {
		return open(t, filepath.Join(t.TempDir(), "rp.db"))
	})
}

func TestWhatWasWrittenIsThereAfterOpeningAgain(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "rp.db")
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	hash, browser := sha256.Sum256([]byte("n")), sha256.Sum256([]byte("b"))

	first := open(t, path)
	u, _, err := first.SignIn(ctx, rpserver.Identity{Issuer: "https://idp.example", Subject: "s"}, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.PutNonce(ctx, rpserver.Nonce{Hash: hash, Browser: browser, Issued: now, Expires: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := first.TakeNonce(ctx, hash, browser, now); err != nil {
		t.Fatal(err)
	}
	if err := first.CommitCtx(ctx, "token", []byte("data"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}

	second := open(t, path) // another process, while the first is still open
	if again, err := second.User(ctx, u.ID); err != nil || *again != *u {
		t.Errorf("user = %v, %v", again, err)
	}
	if err := second.TakeNonce(ctx, hash, browser, now); !errors.Is(err, rpserver.ErrNonceUsed) {
		t.Errorf("a used nonce is %v after opening again", err)
	}
	if b, found, err := second.FindCtx(ctx, "token"); string(b) != "data" || !found || err != nil {
		t.Errorf("session = %q, %v, %v", b, found, err)
	}
}

func TestTwoProcessesTakeANonceOnce(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "rp.db")
	now := time.Now()
	hash, browser := sha256.Sum256([]byte("n")), sha256.Sum256([]byte("b"))
	stores := []*rp.Store{open(t, path), open(t, path)}
	if err := stores[0].PutNonce(ctx, rpserver.Nonce{Hash: hash, Browser: browser, Issued: now, Expires: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	var taken atomic.Int32
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			switch err := stores[i%2].TakeNonce(ctx, hash, browser, now); {
			case err == nil:
				taken.Add(1)
			case !errors.Is(err, rpserver.ErrNonceUsed):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if taken.Load() != 1 {
		t.Errorf("taken %d times", taken.Load())
	}
}
