package keys

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/store/spentstore"
)

// The rows themselves are tested beside the store.
func TestSpentMigrate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spent.db")
	if _, errs, code := bonafides(t, "", "spent", "migrate", file); code != cli.Refused || !strings.Contains(errs, "no such file") || strings.Contains(errs, "again") {
		t.Errorf("no file: %d %s", code, errs)
	}
	store, err := spentstore.OpenSQLite(file)
	if err != nil {
		t.Fatal(err)
	}
	store.Close()
	if out, errs, code := bonafides(t, "", "spent", "migrate", file); code != cli.OK || !strings.Contains(out, "in the present form") {
		t.Errorf("a file in the present form: %d %s", code, errs)
	}
	if err := os.WriteFile(file, []byte(strings.Repeat("no database", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := bonafides(t, "", "spent", "migrate", file); code != cli.Refused || !strings.Contains(errs, "not a database") {
		t.Errorf("another file: %d %s", code, errs)
	}
	for _, args := range [][]string{{}, {file, file}} {
		if _, _, code := bonafides(t, "", append([]string{"spent", "migrate"}, args...)...); code != cli.Usage {
			t.Errorf("%v: %d", args, code)
		}
	}
}
