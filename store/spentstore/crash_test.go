package spentstore_test

import (
	"bufio"
	"context"
	"encoding/binary"
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

// crashEnv makes the test binary a process that spends token after token in the
// file named, and says each one that the store called spent.
const crashEnv = "SPENT_CRASH_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(migrateEnv); path != "" {
		migrateAndDie(path)
		os.Exit(0)
	}
	if path := os.Getenv(crashEnv); path != "" {
		spendForEver(path)
	}
	os.Exit(m.Run())
}

func numbered(n uint64) (b [64]byte) {
	binary.BigEndian.PutUint64(b[:], n)
	return b
}

func spendForEver(path string) {
	s, err := spentstore.OpenSQLite(path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if err := s.Admit(context.Background(), storetest.Key(1, "one", time.Unix(1<<31, 0))); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for n := uint64(0); ; n++ {
		err := s.Spend(context.Background(), 1, numbered(n))
		switch {
		case err == nil:
			fmt.Println(n)
		case !errors.Is(err, issuer.ErrAlreadySpent):
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

func TestKilledProcessForgetsNothingThatItSaid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "spent.db")
	total := 0
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashEnv+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var said []uint64
		for lines := bufio.NewScanner(out); lines.Scan(); {
			n, err := strconv.ParseUint(lines.Text(), 10, 64)
			if err != nil {
				t.Fatalf("the process said %q", lines.Text())
			}
			said = append(said, n)
			if len(said) == 10+37*round {
				cmd.Process.Kill()
			}
		}
		err = cmd.Wait()
		if err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the process ended by itself: %v", err)
		}
		s, err := spentstore.OpenSQLite(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range said {
			if err := s.Spend(t.Context(), 1, numbered(n)); !errors.Is(err, issuer.ErrAlreadySpent) {
				t.Fatalf("token %d was spent before the kill; after it: %v", n, err)
			}
		}
		total += len(said)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if total == 0 {
		t.Fatal("no process lived long enough to spend anything")
	}
}
