package spentstore_test

import (
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/store/spentstore"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

type named struct {
	*spentstore.Store
	path string
}

func open(t *testing.T, path string) named {
	t.Helper()
	s, err := spentstore.OpenSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return named{s, path}
}

func TestSQLite(t *testing.T) {
	storetest.Spent(t,
		func(t *testing.T) storetest.SpentStore { return open(t, filepath.Join(t.TempDir(), "spent.db")) },
		func(t *testing.T, s storetest.SpentStore) storetest.SpentStore {
			n := s.(named)
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, n.path)
		})
}

// Two stores on one file are what two processes are to SQLite: separate
// connections that only share the file.
func TestTwoOpenStoresShareOneTruth(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spent.db")
	stores := []named{open(t, path), open(t, path)}
	for _, s := range stores {
		if err := s.Admit(t.Context(), storetest.Key(1, "one", time.Unix(1<<31, 0))); err != nil {
			t.Fatal(err)
		}
	}
	var first, replay atomic.Int32
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			err := stores[i%2].Spend(t.Context(), 1, [64]byte{1})
			switch {
			case err == nil:
				first.Add(1)
			case errors.Is(err, issuer.ErrAlreadySpent):
				replay.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if first.Load() != 1 || replay.Load() != 99 {
		t.Errorf("%d first, %d replayed", first.Load(), replay.Load())
	}
}

// Another process has set the tombstone and not yet dropped the table: the
// statement that spends sees it.
func TestTombstoneAloneRefusesEveryToken(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "spent.db"))
	if err := s.Admit(t.Context(), storetest.Key(1, "one", ends)); err != nil {
		t.Fatal(err)
	}
	if err := s.Spend(t.Context(), 1, [64]byte{1}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB().Exec("UPDATE token_keys SET forgotten = 1"); err != nil {
		t.Fatal(err)
	}
	for n := range byte(3) {
		if err := s.Spend(t.Context(), 1, [64]byte{n}); !errors.Is(err, issuer.ErrKeyForgotten) {
			t.Errorf("token %d: %v", n, err)
		}
	}
}

func TestClosedStoreCannotTell(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "spent.db"))
	s.Close()
	if err := s.Spend(t.Context(), 1, [64]byte{}); err == nil || errors.Is(err, issuer.ErrAlreadySpent) || errors.Is(err, issuer.ErrKeyForgotten) {
		t.Errorf("a closed store answered %v", err)
	}
}

func BenchmarkSpend(b *testing.B) {
	s, err := spentstore.OpenSQLite(filepath.Join(b.TempDir(), "spent.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.Admit(b.Context(), storetest.Key(1, "one", time.Unix(1<<31, 0))); err != nil {
		b.Fatal(err)
	}
	var n [64]byte
	i := uint64(0)
	for b.Loop() {
		i++
		for j := range 8 {
			n[j] = byte(i * 0x9e3779b97f4a7c15 >> (8 * j))
		}
		if err := s.Spend(b.Context(), 1, n); err != nil {
			b.Fatal(err)
		}
	}
}
