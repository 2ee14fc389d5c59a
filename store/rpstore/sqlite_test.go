package rpstore_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/rpstore"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

func open(t *testing.T, path string) *rpstore.Store {
	t.Helper()
	s, err := rpstore.OpenSQLite(path)
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
	now := time.Now().UTC().Truncate(time.Second).Add(time.Minute)
	hash := sha256.Sum256([]byte("n"))

	first := open(t, path)
	u, _, err := first.SignIn(ctx, rpserver.Identity{Issuer: "https://idp.example", Subject: "s"}, now)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.UseNonce(ctx, hash, now, now.Add(time.Hour), now); err != nil {
		t.Fatal(err)
	}
	if err := first.CommitCtx(ctx, "token", []byte("data"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}

	second := open(t, path) // another process, while the first is still open
	if again, err := second.User(ctx, u.ID); err != nil || *again != *u {
		t.Errorf("user = %v, %v", again, err)
	}
	if err := second.UseNonce(ctx, hash, now, now.Add(time.Hour), now); !errors.Is(err, rpserver.ErrNonceUsed) {
		t.Errorf("a used nonce is %v after opening again", err)
	}
	if b, found, err := second.FindCtx(ctx, "token"); string(b) != "data" || !found || err != nil {
		t.Errorf("session = %q, %v, %v", b, found, err)
	}
}

func TestTwoProcesses(t *testing.T) {
	storetest.RPShared(t, func(t *testing.T) [2]storetest.RPStore {
		path := filepath.Join(t.TempDir(), "rp.db")
		return [2]storetest.RPStore{open(t, path), open(t, path)}
	})
}
