package rpserver

import (
	"runtime"
	"strconv"
	"testing"
	"time"
)

func TestSessionsInMemoryEndAndAreForgotten(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	m := &memorySessions{now: func() time.Time { return now }}
	found := func(token, want string) {
		t.Helper()
		b, ok, err := m.Find(token)
		if err != nil || ok != (want != "") || string(b) != want {
			t.Errorf("%s: %q, %v, %v", token, b, ok, err)
		}
	}
	commit := func(token, data string, lasts time.Duration) {
		t.Helper()
		if err := m.Commit(token, []byte(data), now.Add(lasts)); err != nil {
			t.Fatal(err)
		}
	}
	found("one", "")
	for i := range 1000 {
		commit("short "+strconv.Itoa(i), "x", time.Minute)
	}
	commit("one", "first", time.Hour)
	commit("one", "second", time.Hour)
	found("one", "second")
	found("short 7", "x")
	now = now.Add(time.Minute)
	found("short 7", "")
	commit("two", "2", time.Hour)
	if len(m.rows) != 2 {
		t.Errorf("%d sessions are kept, two of them alive", len(m.rows))
	}
	if err := m.Delete("one"); err != nil {
		t.Fatal(err)
	}
	found("one", "")
	found("two", "2")
}

// Two relying parties of one process do not know each other's sessions, and neither
// leaves anything running.
func TestDefaultSessionsAreOnesOwnAndStartNothing(t *testing.T) {
	defaultSessions("http://a.localhost", nil, sessionLifetime) // what there is once for a process
	before := runtime.NumGoroutine()
	for range 50 {
		defaultSessions("http://a.localhost", nil, sessionLifetime)
	}
	if after := runtime.NumGoroutine(); after > before+5 {
		t.Errorf("%d goroutines, before %d", after, before)
	}
	a, b := defaultSessions("http://a.localhost", nil, sessionLifetime).(scsSessions), defaultSessions("https://b.example", nil, sessionLifetime).(scsSessions)
	if a.m.Store == b.m.Store || a.m.Cookie.Name == b.m.Cookie.Name {
		t.Error("two relying parties have one store or one cookie")
	}
}
