package spentstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/store/spentstore"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

var ends = time.Date(2027, 5, 4, 14, 2, 0, 0, time.UTC)

// oldFile makes a file as the first version wrote it, with so many tokens spent
// under each key.
func oldFile(t *testing.T, tokens map[uint32]uint64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "spent.db")
	db, err := spentstore.OpenOld(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for id, count := range tokens {
		for n := range count {
			b := numbered(n)
			if _, err := tx.Exec("INSERT INTO spent (key_id, nonce, at) VALUES (?, ?, ?)", int64(id), b[:], 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantAllSpent wants all that was spent before refused, and what was not spent
// taken once.
func wantAllSpent(t *testing.T, path string, tokens map[uint32]uint64) {
	t.Helper()
	s := open(t, path)
	for id, count := range tokens {
		if err := s.Admit(t.Context(), storetest.Key(id, "key", ends)); err != nil {
			t.Fatal(err)
		}
		for n := uint64(0); n < count; n += 1 + count/300 {
			if err := s.Spend(t.Context(), id, numbered(n)); !errors.Is(err, issuer.ErrAlreadySpent) {
				t.Fatalf("token %d of key %d was spent before the upgrade; after it: %v", n, id, err)
			}
		}
		var rows uint64
		if err := s.DB().QueryRow(fmt.Sprintf("SELECT count(*) FROM spent_%d", id)).Scan(&rows); err != nil || rows != count {
			t.Errorf("key %d has %d rows, %v; want %d", id, rows, err, count)
		}
		if err := s.Spend(t.Context(), id, numbered(count)); err != nil {
			t.Errorf("a token that was not spent: %v", err)
		}
		if err := s.Spend(t.Context(), id, numbered(count)); !errors.Is(err, issuer.ErrAlreadySpent) {
			t.Errorf("its replay: %v", err)
		}
	}
}

func TestWhatWasSpentBeforeTheUpgradeIsRefusedAfterIt(t *testing.T) {
	tokens := map[uint32]uint64{0: 3, 1: spentstore.Step + 5, 1<<32 - 1: 2}
	path := oldFile(t, tokens)
	for range 2 { // it is left as it is
		if _, err := spentstore.OpenSQLite(path); !errors.Is(err, spentstore.ErrOldFile) || !strings.Contains(err.Error(), "bonafides spent migrate") {
			t.Fatalf("an old file: %v", err)
		}
	}
	var said []string
	moved, err := spentstore.Migrate(t.Context(), path, func(moved, of int64) { said = append(said, fmt.Sprint(moved, "/", of)) })
	all := int64(spentstore.Step + 10)
	if want := fmt.Sprint([]string{fmt.Sprint(3, "/", all), fmt.Sprint(spentstore.Step+3, "/", all), fmt.Sprint(all-2, "/", all), fmt.Sprint(all, "/", all)}); err != nil || moved != all || fmt.Sprint(said) != want {
		t.Errorf("moved %d, %v, said %v; want %s", moved, err, said, want)
	}
	wantAllSpent(t, path, tokens)
	if moved, err := spentstore.Migrate(t.Context(), path, nil); err != nil || moved != 0 {
		t.Errorf("a file in the present form: %d, %v", moved, err)
	}
}

func TestOldFileWithoutTokensOpens(t *testing.T) {
	wantAllSpent(t, oldFile(t, nil), map[uint32]uint64{1: 0})
}

func TestMigrationOfNoFileMakesNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "typo.db")
	if _, err := spentstore.Migrate(t.Context(), path, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was made")
	}
}

// What runs the earlier version must not spend a token in the old form while, or
// after, the others are moved.
func TestAnEarlierVersionSpendsNothingOnceTheMigrationHasBegun(t *testing.T) {
	path := oldFile(t, map[uint32]uint64{1: spentstore.Step + 1})
	old, err := spentstore.OpenOld(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	spend := func() error {
		b := numbered(1 << 40)
		_, err := old.Exec("INSERT INTO spent (key_id, nonce, at) VALUES (1, ?, 1) ON CONFLICT DO NOTHING", b[:])
		return err
	}
	tried := false
	if _, err := spentstore.Migrate(t.Context(), path, func(int64, int64) {
		if !tried && spend() == nil {
			t.Error("a token was spent in the old form while others were moved")
		}
		tried = true
	}); err != nil {
		t.Fatal(err)
	}
	if spend() == nil {
		t.Error("a token was spent in the old form after all were moved")
	}
}

func TestStoppedMigrationGoesOn(t *testing.T) {
	tokens := map[uint32]uint64{1: 2*spentstore.Step + 5, 2: 7}
	path := oldFile(t, tokens)
	for stops := 0; ; stops++ {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := spentstore.Migrate(ctx, path, func(int64, int64) { cancel() })
		cancel()
		if err == nil {
			if stops == 0 {
				t.Fatal("it was never stopped")
			}
			break
		}
		if stops > 10 {
			t.Fatal(err)
		}
		if _, err := spentstore.OpenSQLite(path); err != nil && !errors.Is(err, spentstore.ErrOldFile) {
			t.Fatalf("half way: %v", err)
		}
	}
	wantAllSpent(t, path, tokens)
}

// migrateEnv makes the test binary a process that migrates the file named and is
// killed after so many commits.
const migrateEnv, killEnv = "SPENT_MIGRATE_FILE", "SPENT_MIGRATE_COMMITS"

func migrateAndDie(path string) {
	commits, _ := strconv.Atoi(os.Getenv(killEnv))
	self, _ := os.FindProcess(os.Getpid())
	_, err := spentstore.Migrate(context.Background(), path, func(int64, int64) {
		if commits--; commits == 0 {
			self.Kill()
			time.Sleep(time.Minute)
		}
	})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func TestMigrationKilledAfterAnyCommitLosesNothing(t *testing.T) {
	tokens := map[uint32]uint64{1: 2 * spentstore.Step, 2: 7}
	path := oldFile(t, tokens)
	for round := range 3 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), migrateEnv+"="+path, killEnv+"=1")
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("round %d: the process ended by itself: %v %s", round, err, out)
		}
	}
	if _, err := spentstore.Migrate(t.Context(), path, nil); err != nil {
		t.Fatal(err)
	}
	wantAllSpent(t, path, tokens)
}
