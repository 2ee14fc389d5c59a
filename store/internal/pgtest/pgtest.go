//go:build unix

// Package pgtest runs a PostgreSQL server for tests: a cluster of its own in a
// folder of its own on a socket of its own, once in each test program.
package pgtest

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// keep runs the server until the test program closes this script's standard input,
// which it does when it ends, however it ends. Then it stops the server by its id.
const keep = `
dir=$1; shift
"$@" </dev/null & server=$!
cat >/dev/null
kill -INT $server
wait $server
rm -rf "$dir"`

var (
	once   sync.Once
	folder string
	failed error
	count  atomic.Int64
)

// URL gives an address of the server with an empty schema of its own in it. Where there
// is no PostgreSQL the test fails.
func URL(t testing.TB) string {
	t.Helper()
	once.Do(func() { failed = start() })
	if failed != nil {
		t.Fatal(failed)
	}
	return "postgres://bonafides@/postgres?" + url.Values{
		"host": {folder}, "search_path": {fmt.Sprintf("test_%d", count.Add(1))},
	}.Encode()
}

func start() error {
	bin, err := programs()
	if err != nil {
		return err
	}
	if folder, err = os.MkdirTemp("", "bonafides-pg-"); err != nil {
		return err
	}
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = folder
		return cmd
	}
	if os.Getuid() == 0 { // PostgreSQL refuses to be root
		u, err := user.Lookup("postgres")
		if err != nil {
			return fmt.Errorf("pgtest: %w; the package that has PostgreSQL makes this user", err)
		}
		uid, _ := strconv.ParseUint(u.Uid, 10, 32)
		gid, _ := strconv.ParseUint(u.Gid, 10, 32)
		if err := os.Chown(folder, int(uid), int(gid)); err != nil {
			return err
		}
		as := run
		run = func(name string, args ...string) *exec.Cmd {
			cmd := as(name, args...)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
			return cmd
		}
	}
	data := filepath.Join(folder, "data")
	if out, err := run(filepath.Join(bin, "initdb"), "-D", data, "-U", "bonafides", "-A", "trust",
		"-E", "UTF8", "--no-locale", "--no-sync").CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: initdb: %w\n%s", err, out)
	}
	// What it holds is gone with the tests, so nothing need reach the disk.
	server := run("/bin/sh", "-c", keep, "sh", folder, filepath.Join(bin, "postgres"), "-D", data, "-k", folder,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=200")
	stdin, err := server.StdinPipe()
	if err != nil {
		return err
	}
	said, err := server.StderrPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	var log strings.Builder
	for lines := bufio.NewScanner(said); lines.Scan(); {
		fmt.Fprintln(&log, lines.Text())
		if strings.Contains(lines.Text(), "ready to accept connections") {
			go func() {
				_, _ = io.Copy(io.Discard, said)
				_ = stdin.Close() // held open until here, or until this program ends
			}()
			return nil
		}
	}
	return fmt.Errorf("pgtest: PostgreSQL did not start:\n%s", log.String())
}

// programs finds the folder of initdb and postgres, which Debian keeps out of PATH.
func programs() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", fmt.Errorf("pgtest: PostgreSQL is missing. make setup installs it, or: apt-get install --no-install-recommends postgresql")
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}
