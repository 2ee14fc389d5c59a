//go:build !wasm

package main

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	_ "modernc.org/sqlite"
)

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
}

// Where no variable says the version of the commitments, the keys do.
func TestTheKeysTellTheVersion(t *testing.T) {
	w := newWorker(t)
	ring, err := exchange.ParseKeys(w.env["ISSUER_KEYS"])
	if err != nil {
		t.Fatal(err)
	}
	version := func(n uint32) string {
		r := ring.Ring()
		r.Commitment = n
		text, err := r.Text()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	w.env["ISSUER_KEYS"] = version(6)
	for variable, want := range map[string][2]int{"": {6, 7}, "0": {6, 7}, "4": {4, 5}} {
		w.env["ISSUER_COMMITMENT_ID"] = variable
		var s status
		w.ask("GET", "/admin/status", "", 200, &s)
		var check struct{ Commitment map[string]struct{ ID int } }
		w.ask("POST", "/admin/keys/check", version(7), 200, &check)
		if got := [2]int{s.CommitmentID, check.Commitment["PrivateStateTokenV1VOPRF"].ID}; got != want {
			t.Errorf("variable %q: %v, want %v", variable, got, want)
		}
	}
	w.env["ISSUER_COMMITMENT_ID"], w.env["ISSUER_KEYS"] = "", word(t, 2, 90)
	var s status
	if w.ask("GET", "/admin/status", "", 200, &s); s.CommitmentID != 1 {
		t.Errorf("keys that do not tell it: %d", s.CommitmentID)
	}
}

// The Worker judges what requests will need, and the status says it.
func TestStatusIsNotContentWithWhatRequestsLack(t *testing.T) {
	w := newWorker(t)
	var s status
	if w.ask("GET", "/admin/status", "", 200, &s); !s.OK || len(s.Problems) != 0 {
		t.Errorf("%+v", s)
	}
	w.env["STATUS_PROBLEMS"] = `["The binding SPENT is missing.", "The variable ISSUER_POLICY is not set."]`
	if w.ask("GET", "/admin/status", "", 503, &s); s.OK || len(s.Problems) != 2 || len(s.TokenKeys) != 3 {
		t.Errorf("%+v", s)
	}
	for _, name := range []string{"ISSUER_KEYS", "ISSUER_RECORD_KEY"} {
		for _, value := range []string{"sesame", ""} {
			w := newWorker(t)
			w.env[name] = value
			var s status
			if w.ask("GET", "/admin/status", "", 503, &s); s.OK || len(s.Problems) != 1 || !strings.Contains(s.Problems[0], name) {
				t.Errorf("%s %q: %+v", name, value, s)
			}
		}
	}
	w.env["STATUS_PROBLEMS"] = "x"
	if got := w.code("GET", "/admin/status", "", 500); got != "internal_error" {
		t.Error(got)
	}
}

// known is what the store says of a key.
func known(t *testing.T, id uint32, days int, forgotten int) string {
	t.Helper()
	return fmt.Sprintf(`{"id": %d, "public": "%x", "expires": %d, "forgotten": %d}`,
		id, sha256.Sum256(derive(t, id, "tools").PublicKey().Bytes()), now.AddDate(0, 0, days).Unix(), forgotten)
}

func TestKeysThatTheStoreWillRefuseAreFound(t *testing.T) {
	w := newWorker(t)
	file := word(t, 3, 180) + " " + word(t, 2, 90) + " " + word(t, 1, 10) + " " + word(t, 4, 270)
	for name, c := range map[string]struct{ known, says string }{
		"as they were":                     {known(t, 1, 10, 0) + "," + known(t, 2, 90, 0), ""},
		"an earlier expiry":                {known(t, 3, 181, 0), ""},
		"not told":                         {`{"id": 3, "public": null, "expires": null, "forgotten": 0}`, ""},
		"a later expiry":                   {known(t, 1, 9, 0), "expires later"},
		"a later expiry than ever":         {known(t, 4, 269, 0), "expires later"},
		"another key":                      {strings.Replace(known(t, 3, 270, 0), "\"id\": 3", "\"id\": 4", 1), "another key"},
		"a forgotten key":                  {known(t, 2, 90, 2), "was forgotten"},
		"one of which only the id is left": {`{"id": 2, "public": null, "expires": null, "forgotten": 1}`, "was forgotten"},
	} {
		w.env["KNOWN_KEYS"] = "[" + c.known + "]"
		var got keysCheck
		w.ask("POST", "/admin/keys/check", file, 200, &got)
		if said := strings.Join(got.Problems, " "); got.OK != (c.says == "") || !strings.Contains(said, c.says) || !got.OK && !strings.Contains(said, "ake a new key") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	w.env["KNOWN_KEYS"] = ""
	if got := w.code("POST", "/admin/keys/check", file, 500); got != "internal_error" {
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
	if got := w.code("GET", "/admin/redemptions", "", 409); got != "store_not_d1" {
		t.Error(got)
	}
	w.env["ISSUER_STORE"], w.db = "d1", nil
	if got := w.code("GET", "/admin/redemptions", "", 503); got != "binding_missing" {
		t.Error(got)
	}
}

func TestOtherMethodsAndPaths(t *testing.T) {
	w := newWorker(t)
	for path, method := range map[string]string{"/admin/status": "POST", "/admin/keys/check": "GET", "/admin/redemptions": "DELETE"} {
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
