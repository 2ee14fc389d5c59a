// Package clitest runs commands in tests.
package clitest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
)

// Now is when Run runs.
var Now = time.Unix(1_700_001_234, 0)

// Run runs what is typed after "bonafides" at the time Now.
func Run(commands []cli.Command, stdin string, args ...string) (out, errs string, code int) {
	return RunAt(Now, commands, stdin, args...)
}

// RunAt runs what is typed after "bonafides" at a time.
func RunAt(now time.Time, commands []cli.Command, stdin string, args ...string) (out, errs string, code int) {
	var o, e bytes.Buffer
	code = cli.Run(cli.Terminal{In: strings.NewReader(stdin), Out: &o, Err: &e, Now: func() time.Time { return now }}, commands, args)
	return o.String(), e.String(), code
}

// Write makes a file that its owner alone can read and returns its path.
func Write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
