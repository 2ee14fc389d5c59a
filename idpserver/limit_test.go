package idpserver

import (
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	l := newLimiter(2, time.Minute)
	allow := func(key string, want bool) func() {
		t.Helper()
		back, wait, ok := l.allow(key, now)
		if ok != want {
			t.Fatalf("allow(%q) = %v, want %v", key, ok, want)
		}
		if !ok && (wait <= 0 || wait > time.Minute) {
			t.Fatalf("wait = %v", wait)
		}
		return back
	}
	allow("a", true)
	back := allow("a", true)
	allow("a", false)
	allow("a", false) // a refusal costs nothing
	allow("b", true)
	back()
	allow("a", true)
	allow("a", false)
	now = now.Add(59 * time.Second)
	allow("a", false)
	now = now.Add(time.Second)
	allow("a", true)
	allow("a", false)
}

func TestLimiterIsBounded(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	l := newLimiter(2, time.Minute)
	l.size = 3
	for _, k := range []string{"a", "b", "c"} {
		l.allow(k, now)
	}
	if _, _, ok := l.allow("d", now); ok {
		t.Error("a full limiter forgot a busy key")
	}
	if _, _, ok := l.allow("a", now); !ok {
		t.Error("a full limiter refuses a key that it knows")
	}
	now = now.Add(time.Minute) // b and c have recovered, a has not
	if _, _, ok := l.allow("d", now); !ok {
		t.Error("a full limiter did not forget those that recovered")
	}
	if len(l.keys) != 2 {
		t.Errorf("%d keys", len(l.keys))
	}
}
