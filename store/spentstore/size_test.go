package spentstore_test

import (
	"crypto/sha256"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/bonafides-dev/bonafides/store/spentstore"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

// go test -v -run TestBytesOfASpentToken ./store/spentstore prints the numbers of
// docs/design/0007.
func TestBytesOfASpentToken(t *testing.T) {
	const tokens = 50_000
	size := func(path string) float64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return float64(info.Size())
	}
	random := func(i uint64) []byte {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, i))
		return append(sum[:], sum[:]...)
	}
	// fill returns what the file has grown by.
	fill := func(path, insert string, width int) float64 {
		db, err := spentstore.OpenOld(path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		checkpoint := func() float64 {
			if _, err := db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
				t.Fatal(err)
			}
			return size(path)
		}
		empty := checkpoint()
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		q, err := tx.Prepare(insert)
		if err != nil {
			t.Fatal(err)
		}
		for i := range uint64(tokens) {
			if _, err := q.Exec(random(i)[:width]); err != nil {
				t.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		return checkpoint() - empty
	}
	before := filepath.Join(t.TempDir(), "before.db")
	was := fill(before, "INSERT INTO spent (key_id, nonce, at) VALUES (1, ?, 1777903320)", 64)

	after := filepath.Join(t.TempDir(), "after.db")
	s := open(t, after)
	if err := s.Admit(t.Context(), storetest.Key(1, "one", ends)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	is := fill(after, "INSERT INTO spent_1 (row) VALUES (?)", 16)

	t.Logf("result: bytes a spent token, %d of them: %.1f, with nonce and time in one table %.1f", tokens, is/tokens, was/tokens)
	if is/tokens > 25 {
		t.Errorf("a spent token takes %.1f bytes", is/tokens)
	}
}
