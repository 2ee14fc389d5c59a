package mirror

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// issuerOf serves what is in *body.
func issuerOf(t *testing.T, body *[]byte) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(*body) }))
	t.Cleanup(s.Close)
	return s
}

func entries(t *testing.T, f *Folder) (list []entry) {
	t.Helper()
	b, err := os.ReadFile(f.in("log.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var e entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			continue // a line that was cut
		}
		list = append(list, e)
	}
	return list
}

func TestAMirrorThatStartsAnewKnowsItsIssuers(t *testing.T) {
	body := commitment(t, 1, published{id: 1})
	s := issuerOf(t, &body)
	f := &Folder{Dir: filepath.Join(t.TempDir(), "new", "folder")}
	now := start
	c := Config{Issuers: []string{s.URL}, Folder: f, Now: func() time.Time { return now }}
	m := newMirror(t, c)
	refresh(t, m)
	on, err := os.ReadFile(f.Document())
	if err != nil || !bytes.Equal(on, m.Document()) {
		t.Fatalf("%v: %s", err, on)
	}

	// At once, before anybody is asked.
	again := newMirror(t, c)
	if !bytes.Equal(again.Document(), on) {
		t.Errorf("%s", again.Document())
	}
	// And by the rules.
	now = now.Add(time.Hour)
	body = commitment(t, 2, published{id: 1, which: 1})
	if events := refresh(t, again); len(events) != 1 || events[0].Code != Replaced {
		t.Errorf("%+v", events)
	}
	body = commitment(t, 2, published{id: 1}, published{id: 2})
	refresh(t, newMirror(t, c))
	if after, _ := os.ReadFile(f.Document()); bytes.Contains(after, []byte(`"2":{`)) {
		t.Errorf("a restart let a key in: %s", after)
	}
}

func TestEveryVersionIsKeptAndLogged(t *testing.T) {
	body := commitment(t, 1, published{id: 1})
	s := issuerOf(t, &body)
	f := &Folder{Dir: t.TempDir()}
	now := start
	m := newMirror(t, Config{Issuers: []string{s.URL}, Folder: f, Now: func() time.Time { return now }})
	var docs [][]byte
	step := func(d time.Duration, next []byte) {
		now, body = now.Add(d), next
		refresh(t, m)
		docs = append(docs, m.Document())
	}
	one, two := commitment(t, 1, published{id: 1}), commitment(t, 2, published{id: 1}, published{id: 2})
	step(0, one)
	step(hour, one) // nothing to say
	step(hour, two) // the second key waits
	step(hour, two) // the same, and not said twice
	step(7*day, two)
	step(hour, []byte("x"))
	step(hour, []byte("x"))
	list := entries(t, f)
	var codes []string
	for _, e := range list {
		for _, event := range e.Events {
			codes = append(codes, event.Code)
		}
	}
	if got := strings.Join(codes, " "); got != "taken changed waits added malformed" {
		t.Errorf("the log has %s", got)
	}
	if len(list) != 4 || !list[0].Time.Equal(start) {
		t.Errorf("%d lines", len(list))
	}
	for n, doc := range docs {
		sum := sha256.Sum256(doc)
		if kept, err := os.ReadFile(f.in(hex.EncodeToString(sum[:]) + ".json")); err != nil || !bytes.Equal(kept, doc) {
			t.Errorf("version %d: %v", n, err)
		}
	}
	// Whoever serves the folder can read it, and nothing else is left in it.
	for _, pattern := range []string{"*", history + "/*"} {
		found, _ := filepath.Glob(filepath.Join(f.Dir, pattern))
		for _, name := range found {
			info, err := os.Stat(name)
			if err != nil || info.Mode().Perm()&0o444 != 0o444 || strings.Contains(name, ".new-") {
				t.Errorf("%s %v", name, info.Mode())
			}
		}
	}
}

func TestALogLineThatACrashCutIsEndedFirst(t *testing.T) {
	body := commitment(t, 1, published{id: 1})
	s := issuerOf(t, &body)
	f := &Folder{Dir: t.TempDir()}
	c := Config{Issuers: []string{s.URL}, Folder: f}
	refresh(t, newMirror(t, c))
	file, err := os.OpenFile(f.in("log.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = file.WriteString(`{"time":"2026-`)
	file.Close()
	body = []byte("x")
	refresh(t, newMirror(t, c))
	if list := entries(t, f); len(list) != 2 || list[1].Events[0].Code != Malformed {
		t.Errorf("%+v", list)
	}
}

func TestADamagedFolderStopsTheMirror(t *testing.T) {
	body := commitment(t, 1, published{id: 1})
	s := issuerOf(t, &body)
	f := &Folder{Dir: t.TempDir()}
	c := Config{Issuers: []string{s.URL}, Folder: f}
	refresh(t, newMirror(t, c))
	state, err := os.ReadFile(f.in("state.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.in("state.json"), state[:len(state)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := New(c); err == nil || !strings.Contains(err.Error(), "state.json") || !strings.Contains(err.Error(), "backup") {
		t.Errorf("%v", err)
	}
}

func TestAnUpdateThatCannotBeKeptDoesNotHappen(t *testing.T) {
	body := commitment(t, 1, published{id: 1})
	s := issuerOf(t, &body)
	f := &Folder{Dir: t.TempDir()}
	m := newMirror(t, Config{Issuers: []string{s.URL}, Folder: f})
	refresh(t, m)
	before := m.Document()
	// The log cannot be written: a folder is in its place.
	if err := os.Remove(f.in("log.jsonl")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(f.in("log.jsonl"), 0o755); err != nil {
		t.Fatal(err)
	}
	body = commitment(t, 2, published{id: 1, expiry: later.Add(-day)})
	if _, err := m.Refresh(t.Context()); err == nil {
		t.Fatal("no error")
	}
	on, err := os.ReadFile(f.Document())
	if err != nil || !bytes.Equal(on, before) || !bytes.Equal(m.Document(), before) {
		t.Errorf("%v: %s", err, on)
	}
	if err := os.Remove(f.in("log.jsonl")); err != nil {
		t.Fatal(err)
	}
	refresh(t, m)
	if on, _ := os.ReadFile(f.Document()); bytes.Equal(on, before) || !bytes.Equal(on, m.Document()) {
		t.Errorf("%s", on)
	}
}
