package cli_test

import (
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
)

func bearer(t *testing.T, in io.Reader, args ...string) (string, error) {
	t.Helper()
	f := flag.NewFlagSet("", flag.ContinueOnError)
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return cli.Bearer(cli.Terminal{In: in}, f, 8)
}

func TestBearer(t *testing.T) {
	for _, c := range []struct{ stdin, arg, want string }{
		{"abc\n", "", "abc"}, {" abc\n", "-", "abc"}, {"abc", "d e ", "d e"}, {"123456789", "-", "12345678"},
	} {
		args := []string{c.arg}
		if c.arg == "" {
			args = nil
		}
		if got, err := bearer(t, strings.NewReader(c.stdin), args...); err != nil || got != c.want {
			t.Errorf("%q %q: %q, %v", c.stdin, c.arg, got, err)
		}
	}
	for _, args := range [][]string{nil, {"-"}, {" "}} {
		if _, err := bearer(t, strings.NewReader(" \n"), args...); !errors.Is(err, cli.ErrNothing) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// A terminal, which is a device too, is not waited for.
func TestBearerDoesNotWaitForATerminal(t *testing.T) {
	device, err := os.Open("/dev/zero") // which never ends
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	if _, err := bearer(t, device); !errors.Is(err, cli.ErrNothing) {
		t.Errorf("no argument: %v", err)
	}
	if got, err := bearer(t, device, "-"); err != nil || got != strings.Repeat("\x00", 8) {
		t.Errorf("-: %q, %v", got, err)
	}
	file, err := os.Open("input_test.go")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if got, err := bearer(t, file); err != nil || got != "package" {
		t.Errorf("a file: %q, %v", got, err)
	}
}
