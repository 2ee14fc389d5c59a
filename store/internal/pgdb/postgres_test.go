//go:build postgres

package pgdb_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/bonafides-dev/bonafides/store/internal/pgdb"
	"github.com/bonafides-dev/bonafides/store/internal/pgtest"
	"github.com/bonafides-dev/bonafides/store/internal/sqldb"
)

func migrations(texts ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i, text := range texts {
		m["0000"+string(rune('1'+i))+"_m.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + text + "\n")}
	}
	return m
}

const thing, more = "CREATE TABLE thing (id BIGINT PRIMARY KEY, v BIGINT NOT NULL); INSERT INTO thing VALUES (1, 0);", "CREATE TABLE more (id BIGINT PRIMARY KEY);"

func open(t *testing.T, url string, m fstest.MapFS) *sqldb.DB {
	t.Helper()
	db, err := pgdb.Open(t.Context(), url, "unused", m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestPostgresIsMigratedOnceByMany(t *testing.T) {
	url := pgtest.URL(t)
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for range 8 {
		wg.Go(func() {
			<-begin
			db, err := pgdb.Open(t.Context(), url, "unused", migrations(thing, more))
			if err != nil {
				t.Error(err)
				return
			}
			db.Close()
		})
	}
	close(begin)
	wg.Wait()
	var rows int
	if err := open(t, url, migrations(thing, more)).QueryRow("SELECT count(*) FROM thing").Scan(&rows); err != nil || rows != 1 {
		t.Errorf("%d rows, %v", rows, err)
	}
	if _, err := pgdb.Open(t.Context(), url, "unused", migrations(thing)); err == nil || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("an older program opened a newer database: %v", err)
	}
	if _, err := pgdb.Open(t.Context(), url, "unused", migrations(thing, more, "CREATE TABEL x;")); err == nil || !strings.Contains(err.Error(), "TABEL") {
		t.Errorf("a migration that fails: %v", err)
	}
}

func TestPostgresSettingsHold(t *testing.T) {
	db := open(t, pgtest.URL(t)+"&idle_in_transaction_session_timeout=7s", migrations(thing))
	for name, want := range map[string]string{
		"statement_timeout": "30s", "idle_in_transaction_session_timeout": "7s", "application_name": "bonafides",
	} {
		var got string
		if err := db.QueryRow("SELECT current_setting($1)", name).Scan(&got); err != nil || got != want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, want)
		}
	}
}

// Under serializable isolation one of two that read and write the same row is told
// to begin again; nothing is lost, and nothing is done twice.
func TestPostgresSerializationFailuresAreRunAgain(t *testing.T) {
	db := open(t, pgtest.URL(t)+"&default_transaction_isolation=serializable", migrations(thing))
	var failed atomic.Int32
	again := db.Again
	db.Again = func(err error) bool {
		failed.Add(1)
		return again(err)
	}
	const writers = 4
	var wg, both sync.WaitGroup
	both.Add(writers)
	for range writers {
		wg.Go(func() {
			first := true
			err := db.Run(t.Context(), func() error {
				tx, err := db.BeginTx(t.Context(), nil)
				if err != nil {
					return err
				}
				defer func() { _ = tx.Rollback() }()
				var v int64
				if err := tx.QueryRow("SELECT v FROM thing WHERE id = 1").Scan(&v); err != nil {
					return err
				}
				if first { // all have read before one writes
					first = false
					both.Done()
					both.Wait()
				}
				if _, err := tx.Exec("UPDATE thing SET v = $1 WHERE id = 1", v+1); err != nil {
					return err
				}
				return tx.Commit()
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var v int64
	if err := db.QueryRow("SELECT v FROM thing WHERE id = 1").Scan(&v); err != nil || v != writers {
		t.Errorf("%d of %d writes, %v", v, writers, err)
	}
	if failed.Load() < writers-1 {
		t.Errorf("%d failures: the writers did not meet", failed.Load())
	}
}

func TestPostgresRunsAgainABoundedNumberOfTimes(t *testing.T) {
	db := open(t, pgtest.URL(t), migrations(thing))
	runs := 0
	err := db.Run(t.Context(), func() error {
		runs++
		_, err := db.DB.Exec("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$")
		return err
	})
	if err == nil || runs != 10 {
		t.Errorf("%d runs, %v", runs, err)
	}
	runs = 0
	other := errors.New("other")
	if err := db.Run(t.Context(), func() error { runs++; return other }); err != other || runs != 1 {
		t.Errorf("%d runs, %v", runs, err)
	}
}
