package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestAnUnavailableServerSaysWhenToTryAgain(t *testing.T) {
	for _, c := range []struct {
		status int
		after  time.Duration
		want   string
	}{
		{http.StatusServiceUnavailable, 0, "5"},
		{http.StatusServiceUnavailable, 20 * time.Second, "20"},
		{http.StatusTooManyRequests, 1500 * time.Millisecond, "2"},
		{http.StatusTooManyRequests, 0, ""},
		{http.StatusForbidden, 0, ""},
	} {
		p := NewProblem(c.status, "x", "X.")
		p.RetryAfter = c.after
		rec := httptest.NewRecorder()
		p.Write(rec)
		if got := rec.Header().Get("Retry-After"); got != c.want {
			t.Errorf("%d after %v: Retry-After %q, want %q", c.status, c.after, got, c.want)
		}
	}
}
