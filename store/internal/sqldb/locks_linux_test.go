package sqldb

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// To close a file drops all locks that this process has on it (fcntl(2)), those of a
// database that is open among them.
func TestOpeningAFileOnceMoreDropsNoLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := mustOpen(t, path, first)
	if _, err := db.Exec("INSERT INTO thing (v) VALUES ('x')"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	locks := func() int {
		b, err := os.ReadFile("/proc/locks")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(b), fmt.Sprintf(":%d ", info.Sys().(*syscall.Stat_t).Ino))
	}
	before := locks()
	mustOpen(t, path, first)
	if after := locks(); before == 0 || after < before {
		t.Errorf("%d locks, and %d after the file was opened once more", before, after)
	}
}
