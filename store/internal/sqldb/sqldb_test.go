package sqldb

import (
	"bytes"
	"context"
	"database/sql"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

func migrations(files ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		m[Folder+"/"+files[i]] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + files[i+1] + "\n")}
	}
	return m
}

var (
	first  = migrations("00001_thing.sql", "CREATE TABLE thing (id INTEGER PRIMARY KEY, v TEXT NOT NULL) STRICT;")
	second = migrations("00001_thing.sql", "CREATE TABLE thing (id INTEGER PRIMARY KEY, v TEXT NOT NULL) STRICT;",
		"00002_more.sql", "CREATE TABLE more (thing INTEGER NOT NULL REFERENCES thing (id)) STRICT;")
)

func mustOpen(t *testing.T, path string, m fstest.MapFS) *sql.DB {
	t.Helper()
	db, err := Open(path, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestSettingsHoldOnEveryConnection(t *testing.T) {
	db := mustOpen(t, filepath.Join(t.TempDir(), "deep", "er", "a.db"), second)
	var wg sync.WaitGroup
	var held []*sql.Conn
	for range maxConns { // hold all of the pool at once
		conn, err := db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		held = append(held, conn)
		wg.Go(func() {
			for pragma, want := range map[string]string{
				"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1",
				"busy_timeout": "10000", "trusted_schema": "0",
			} {
				var got string
				if err := conn.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
					t.Errorf("%s = %q, %v; want %q", pragma, got, err, want)
				}
			}
		})
	}
	wg.Wait()
	for _, conn := range held {
		conn.Close()
	}
	if _, err := db.Exec("INSERT INTO more VALUES (99)"); err == nil {
		t.Error("a foreign key that points nowhere was accepted")
	}
	if _, err := db.Exec(`INSERT INTO thing (v) VALUES ("text")`); err == nil {
		t.Error(`"text" was read as a string`)
	}
}

func TestOddPathsAndPrivateFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"plain.db", "a?mode=memory.db", "50%.db", "a#b c.db", "ü.db"} {
		path := filepath.Join(dir, name)
		db := mustOpen(t, path, first)
		if _, err := db.Exec("INSERT INTO thing (v) VALUES ('x')"); err != nil {
			t.Fatal(err)
		}
		for _, suffix := range []string{"", "-wal"} {
			st, err := os.Stat(path + suffix)
			if err != nil {
				t.Errorf("%s%s: %v", name, suffix, err)
			} else if st.Mode().Perm() != 0o600 || st.Size() == 0 {
				t.Errorf("%s%s: mode %v, %d bytes", name, suffix, st.Mode(), st.Size())
			}
		}
	}
}

func TestReopenKeepsRowsAndAppliesWhatIsNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := mustOpen(t, path, first)
	if _, err := db.Exec("INSERT INTO thing VALUES (1, 'kept')"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	db = mustOpen(t, path, second)
	var v string
	if err := db.QueryRow("SELECT v FROM thing WHERE id = 1").Scan(&v); err != nil || v != "kept" {
		t.Fatalf("%q, %v", v, err)
	}
	if _, err := db.Exec("INSERT INTO more VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	_, err := Open(path, first)
	if err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Fatalf("an older program opened a newer database: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, filepath.Join(dir, "taken.db"), first)
	if err := os.WriteFile(filepath.Join(dir, "text.db"), bytes.Repeat([]byte("not a database "), 500), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		m          fstest.MapFS
		want       string
	}{
		{"no path", "", first, "file path"},
		{"memory", ":memory:", first, "store/mem"},
		{"no migrations", filepath.Join(dir, "x.db"), fstest.MapFS{}, "no migrations"},
		{"another store's file", filepath.Join(dir, "taken.db"), migrations("00001_other.sql", "CREATE TABLE o (a);"), "another store"},
		{"not a database", filepath.Join(dir, "text.db"), first, "not a database"},
		{"a folder", dir, first, "directory"},
		{"broken migration", filepath.Join(dir, "broken.db"), migrations("00001_b.sql", "CREATE TABEL b;"), "TABEL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, err := Open(c.path, c.m)
			if err == nil {
				db.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
}

func TestOpenedByManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			db, err := Open(path, second)
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if _, err := db.Exec("INSERT INTO thing (v) VALUES ('x')"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// What the busy timeout does not cover is waited for as well.
func TestOpeningWaitsForWhoeverHasTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db := mustOpen(t, path, first)
	has, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer has.Close()
	if _, err := has.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	tries := 0
	err = patiently(func(ctx context.Context) error {
		tries++
		if tries == 3 {
			if _, err := has.ExecContext(ctx, "COMMIT"); err != nil {
				t.Error(err)
			}
		}
		other, err := sql.Open("sqlite", "file:"+path+"?_busy_timeout=0")
		if err != nil {
			return err
		}
		defer other.Close()
		_, err = other.ExecContext(ctx, "INSERT INTO thing (v) VALUES ('x')")
		return err
	})
	if err != nil || tries != 3 {
		t.Errorf("%d tries, %v; want the third to work", tries, err)
	}
}

// What is refused stays what it was, to the byte.
func TestAFileOfAnotherProgramIsNotTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("CREATE TABLE other (v TEXT)"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, first); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("%v", err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the file was changed, %v", err)
	}
}

func TestQuiet(t *testing.T) {
	var out bytes.Buffer
	log.SetOutput(&out)
	defer log.SetOutput(os.Stderr)
	mustOpen(t, filepath.Join(t.TempDir(), "a.db"), second)
	if out.Len() != 0 {
		t.Errorf("logged %q", out.String())
	}
}

func BenchmarkOpenNew(b *testing.B) {
	for b.Loop() {
		db, err := Open(filepath.Join(b.TempDir(), "a.db"), second)
		if err != nil {
			b.Fatal(err)
		}
		db.Close()
	}
}

func BenchmarkOpenExisting(b *testing.B) {
	path := filepath.Join(b.TempDir(), "a.db")
	for b.Loop() {
		db, err := Open(path, second)
		if err != nil {
			b.Fatal(err)
		}
		db.Close()
	}
}
