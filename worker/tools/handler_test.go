// SQLite, which stands for D1 here, is not built for WebAssembly.
//go:build !wasm

package main

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
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

func TestStatus(t *testing.T) {
	w := newWorker(t)
	var s status
	w.ask("GET", "/admin/status", "", 200, &s)
	roles := ""
	for _, k := range s.TokenKeys {
		roles += fmt.Sprintf(" %d:%s", k.ID, k.Role)
	}
	if roles != " 2:current 1:retired 3:next" || s.CommitmentID != 4 || s.Store != "d1" || len(s.RecordKeys) != 1 || len(s.Warnings) != 0 {
		t.Errorf("%s %+v", roles, s)
	}
	w.env["ISSUER_KEYS"] = word(t, 1, 29)
	w.ask("GET", "/admin/status", "", 200, &s)
	if len(s.Warnings) != 2 || !strings.Contains(s.Warnings[0], "less than 30 days") || !strings.Contains(s.Warnings[1], "no next key") {
		t.Errorf("%q", s.Warnings)
	}
	w.env["ISSUER_KEYS"] = word(t, 1, -1) + " " + word(t, 2, 50)
	w.ask("GET", "/admin/status", "", 200, &s)
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "has expired") {
		t.Errorf("%q", s.Warnings)
	}
	for name, code := range map[string]string{"ISSUER_KEYS": "secret_invalid", "ISSUER_RECORD_KEY": "secret_invalid"} {
		w := newWorker(t)
		w.env[name] = "sesame"
		if got := w.code("GET", "/admin/status", "", 503); got != code {
			t.Errorf("%s: %s", name, got)
		}
	}
	delete(w.env, "ISSUER_KEYS")
	if got := w.code("GET", "/admin/status", "", 503); got != "secret_missing" {
		t.Error(got)
	}
}

func TestKeysAreCheckedBeforeTheyAreUsed(t *testing.T) {
	w := newWorker(t)
	rotated := "# a file\n" + word(t, 3, 180) + "\n" + word(t, 2, 90) + "\n" + word(t, 1, 10) + "\n" + word(t, 4, 270) + "\n"
	var c keysCheck
	w.ask("POST", "/admin/keys/check", rotated, 200, &c)
	if !c.OK || len(c.Problems) != 0 || len(c.Orphaned) != 0 || !strings.Contains(string(c.Commitment), `"id": 5`) {
		t.Errorf("%+v %s", c, c.Commitment)
	}
	for name, test := range map[string]struct {
		file, says string
		orphaned   int
	}{
		"a live key is gone":         {word(t, 3, 180) + " " + word(t, 2, 90) + " " + word(t, 4, 270), "worth nothing", 1},
		"an earlier expiry":          {word(t, 3, 180) + " " + word(t, 2, 89) + " " + word(t, 1, 10) + " " + word(t, 4, 270), "worth nothing", 1},
		"a key that nobody knows":    {word(t, 5, 200) + " " + word(t, 3, 180) + " " + word(t, 2, 90) + " " + word(t, 1, 10) + " " + word(t, 6, 300), "not published yet", 0},
		"no next key":                {word(t, 3, 180) + " " + word(t, 2, 90) + " " + word(t, 1, 10), "no next key", 0},
		"the signing key is expired": {word(t, 1, -1) + " " + word(t, 2, 90) + " " + word(t, 3, 180), "has expired", 1},
	} {
		w.ask("POST", "/admin/keys/check", test.file, 200, &c)
		if c.OK || !strings.Contains(strings.Join(c.Problems, " "), test.says) || len(c.Orphaned) != test.orphaned {
			t.Errorf("%s: %+v", name, c)
		}
	}
	if got := w.code("POST", "/admin/keys/check", "sesame", 400); got != "keys_invalid" {
		t.Error(got)
	}
	if got := w.code("POST", "/admin/keys/check", strings.Repeat("x", maxKeys+1), 413); got != "body_too_large" {
		t.Error(got)
	}
}

func (w *worker) count(query string) (n int) {
	w.Helper()
	if err := w.db.QueryRow(query).Scan(&n); err != nil {
		w.Fatal(err)
	}
	return n
}

func TestPurgeForgetsWhatExpiredAndNothingElse(t *testing.T) {
	w := newWorker(t)
	const old = 5001 // more than one statement deletes
	tx, err := w.db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	spend := func(i int, expires time.Time) {
		nonce := fmt.Sprintf("%064d", i)
		if _, err := tx.Exec("INSERT INTO spent (key_id, nonce, at, expires) VALUES (?, ?, ?, ?)", 1, []byte(nonce), 1, expires.Unix()); err != nil {
			t.Fatal(err)
		}
	}
	for i := range old {
		spend(i, now.Add(-grace-time.Second))
	}
	spend(old, now.Add(-grace))
	spend(old+1, now.AddDate(0, 0, 1))
	for i, at := range []time.Time{now.Add(-2 * grace), now} {
		if _, err := tx.Exec("INSERT INTO used (id, expires) VALUES (?, ?)", []byte(fmt.Sprintf("%032d", i)), at.Unix()); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	var p purged
	w.ask("POST", "/admin/purge", "", 200, &p)
	if p != (purged{old, 1, false}) || w.count("SELECT count(*) FROM spent") != 2 || w.count("SELECT count(*) FROM used") != 1 {
		t.Errorf("%+v", p)
	}
	w.ask("POST", "/admin/purge", "", 200, &p)
	if p != (purged{}) {
		t.Errorf("again: %+v", p)
	}
	if _, err := w.db.Exec("DROP TABLE used"); err != nil {
		t.Fatal(err)
	}
	if got := w.code("POST", "/admin/purge", "", 503); got != "store_unavailable" {
		t.Error(got)
	}
}

func TestRedemptions(t *testing.T) {
	w := newWorker(t)
	today := now.Unix() / 86400
	for _, r := range []struct {
		day    int64
		origin string
		count  int
	}{{today, "https://news.example", 7}, {today, "https://shop.example", 9}, {today - 1, "https://news.example", 3}, {today - 31, "https://old.example", 1}} {
		if _, err := w.db.Exec("INSERT INTO redemptions (day, origin, count) VALUES (?, ?, ?)", r.day, r.origin, r.count); err != nil {
			t.Fatal(err)
		}
	}
	var list []redemption
	w.ask("GET", "/admin/redemptions", "", 200, &list)
	if fmt.Sprint(list) != "[{2026-11-27 https://shop.example 9} {2026-11-27 https://news.example 7} {2026-11-26 https://news.example 3}]" {
		t.Errorf("%v", list)
	}
	w.ask("GET", "/admin/redemptions?since=2026-01-01", "", 200, &list)
	if len(list) != 4 {
		t.Errorf("%v", list)
	}
	if got := w.code("GET", "/admin/redemptions?since=yesterday", "", 400); got != "since_invalid" {
		t.Error(got)
	}
}

func TestDurableObjectsNeedNoDatabase(t *testing.T) {
	w := newWorker(t)
	w.env["ISSUER_STORE"] = ""
	for method, path := range map[string]string{"POST": "/admin/purge", "GET": "/admin/redemptions"} {
		if got := w.code(method, path, "", 409); got != "store_not_d1" {
			t.Error(got)
		}
	}
	w.env["ISSUER_STORE"], w.db = "d1", nil
	if got := w.code("POST", "/admin/purge", "", 503); got != "binding_missing" {
		t.Error(got)
	}
}

func TestOtherMethodsAndPaths(t *testing.T) {
	w := newWorker(t)
	for path, method := range map[string]string{"/admin/status": "POST", "/admin/keys/check": "GET", "/admin/purge": "GET", "/admin/redemptions": "DELETE"} {
		if got := w.code(method, path, "", 405); got != "method_not_allowed" {
			t.Errorf("%s: %s", path, got)
		}
	}
	for _, path := range []string{"/", "/admin", "/admin/", "/admin/keys", "/status"} {
		if got := w.code("GET", path, "", 404); got != "not_found" {
			t.Errorf("%s: %s", path, got)
		}
	}
}
