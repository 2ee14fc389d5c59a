package logout

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// played sends one notice to a client that answers so, and returns how often it was asked,
// which pauses were made, and the log.
func played(t *testing.T, statuses ...int) (asked int, paused []time.Duration, log string) {
	t.Helper()
	var b bytes.Buffer
	var mu sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.PostFormValue("logout_token") != "a token" || r.Method != http.MethodPost {
			t.Errorf("%s %v", r.Method, r.PostForm)
		}
		status := statuses[min(asked, len(statuses)-1)]
		asked++
		w.WriteHeader(status)
	}))
	defer s.Close()
	q := New(s.Client(), slog.New(slog.NewTextHandler(&b, nil)))
	q.pause = func(d time.Duration) { paused = append(paused, d) }
	q.deliver(Notice{Client: "shop", URI: s.URL, Token: func() (string, error) { return "a token", nil }})
	if strings.Contains(b.String(), "a token") {
		t.Error("the log holds the token")
	}
	return asked, paused, b.String()
}

func TestANoticeIsTriedAgainWhereThatMayHelp(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []int
		asked    int
		says     string
	}{
		"taken":               {[]int{200}, 1, "was told"},
		"taken, no content":   {[]int{204}, 1, "was told"},
		"down for a moment":   {[]int{503, 500, 200}, 3, "tries=3"},
		"busy":                {[]int{429, 200}, 2, "tries=2"},
		"down":                {[]int{502}, 4, "was not told"},
		"refused":             {[]int{400}, 1, "status 400"},
		"not there":           {[]int{404}, 1, "status 404"},
		"a page that is made": {[]int{201}, 1, "status 201"},
	} {
		asked, paused, log := played(t, c.statuses...)
		if asked != c.asked || len(paused) != c.asked-1 || !strings.Contains(log, c.says) {
			t.Errorf("%s: asked %d times, paused %v: %s", name, asked, paused, log)
		}
	}
}

func TestAFullQueueSaysSo(t *testing.T) {
	var b bytes.Buffer
	q := New(http.DefaultClient, slog.New(slog.NewTextHandler(&b, nil)))
	q.count = waiting
	q.Send(Notice{Client: "shop"})
	if !strings.Contains(b.String(), "too many wait") || q.count != waiting {
		t.Error(b.String(), q.count)
	}
}

func TestATokenThatCannotBeMadeIsNotSent(t *testing.T) {
	var b bytes.Buffer
	q := New(http.DefaultClient, slog.New(slog.NewTextHandler(&b, nil)))
	q.deliver(Notice{Client: "shop", URI: "http://127.0.0.1:1/", Token: func() (string, error) { return "", errors.New("no card in the reader") }})
	if !strings.Contains(b.String(), "no card in the reader") {
		t.Error(b.String())
	}
}
