// SQLite, which stands for D1 here, is not built for WebAssembly.
//go:build !wasm

package main

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
	_ "modernc.org/sqlite"
)

var now = time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC)

func derive(t *testing.T, id uint32, secret string) *pst.PrivateKey {
	t.Helper()
	k, err := pst.DeriveKey(id, []byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// word is a key as the secret has it; it expires after so many days.
func word(t *testing.T, id uint32, days int) string {
	t.Helper()
	return base64.StdEncoding.EncodeToString(derive(t, id, "tools").Bytes()) + "," + now.AddDate(0, 0, days).Format(time.RFC3339)
}

type worker struct {
	*testing.T
	env map[string]string
	db  *sql.DB
}

func newWorker(t *testing.T) *worker {
	t.Helper()
	schema, err := os.ReadFile("../migrations/0001_spent.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "d1.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.Exec(string(schema)); err != nil {
		t.Fatal(err)
	}
	return &worker{t, map[string]string{
		"ISSUER_KEYS":          word(t, 2, 90) + " " + word(t, 1, 10) + " " + word(t, 3, 180),
		"ISSUER_RECORD_KEY":    base64.StdEncoding.EncodeToString(make([]byte, 32)),
		"ISSUER_COMMITMENT_ID": "4",
		"ISSUER_STORE":         "d1",
		"KNOWN_KEYS":           "[]",
		"STATUS_PROBLEMS":      "[]",
	}, db}
}

// ask wants an answer with this status, and decodes it.
func (w *worker) ask(method, path, body string, status int, into any) string {
	w.Helper()
	rec := httptest.NewRecorder()
	h := newHandler(tools{getenv: func(n string) string { return w.env[n] }, open: func() (*sql.DB, error) {
		if w.db == nil {
			return nil, sql.ErrConnDone
		}
		return w.db, nil
	}, now: func() time.Time { return now }})
	h.ServeHTTP(rec, httptest.NewRequest(method, path, strings.NewReader(body)))
	if rec.Code != status {
		w.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	if status == 200 && rec.Header().Get("Cache-Control") != "no-store" {
		w.Errorf("%s may be cached", path)
	}
	if into != nil {
		if err := json.Unmarshal(rec.Body.Bytes(), into); err != nil {
			w.Fatalf("%s: %v", rec.Body, err)
		}
	}
	for _, secret := range append(strings.Fields(w.env["ISSUER_KEYS"]), strings.Fields(body)...) {
		if len(secret) > 40 && strings.Contains(rec.Body.String(), secret[12:40]) {
			w.Errorf("%s %s shows a secret: %s", method, path, rec.Body)
		}
	}
	return rec.Body.String()
}

func (w *worker) code(method, path, body string, status int) string {
	w.Helper()
	var p struct{ Code string }
	w.ask(method, path, body, status, &p)
	return p.Code
}
