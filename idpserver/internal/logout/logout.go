// Package logout tells clients that somebody signed out at the provider (OpenID Connect
// Back-Channel Logout 1.0). Nobody waits for it: what is to be sent stands in a queue of
// this process, and its outcome in the log.
package logout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Notice is a logout token for one client.
type Notice struct {
	Client, URI string
	// Token makes the logout token, anew for each try: it is good for two minutes.
	Token func() (string, error)
}

// Bounds of the queue. What is beyond them is said in the log, and not sent.
const (
	atOnce  = 8    // notices that are being sent
	waiting = 1000 // notices that wait for it, and for their next try
	timeout = 5 * time.Second
)

// pauses are how long after a try that failed the next one comes.
var pauses = []time.Duration{time.Second, 10 * time.Second, time.Minute}

// Queue sends notices. It is safe for concurrent use.
type Queue struct {
	client *http.Client
	log    *slog.Logger
	pause  func(time.Duration) // time.Sleep but in tests

	slots chan struct{}
	mu    sync.Mutex
	count int
}

// New makes a queue that sends by this client.
func New(client *http.Client, log *slog.Logger) *Queue {
	return &Queue{client: client, log: log, pause: time.Sleep, slots: make(chan struct{}, atOnce)}
}

// Send puts a notice into the queue.
func (q *Queue) Send(n Notice) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.count >= waiting {
		q.log.Error("a sign-out was not told to a site: too many wait for it", "client", n.Client)
		return
	}
	q.count++
	go func() {
		defer func() {
			q.mu.Lock()
			q.count--
			q.mu.Unlock()
		}()
		q.deliver(n)
	}()
}

func (q *Queue) deliver(n Notice) {
	for try := 0; ; try++ {
		q.slots <- struct{}{}
		again, err := q.try(n)
		<-q.slots
		switch {
		case err == nil:
			q.log.Info("a sign-out was told to a site", "client", n.Client, "tries", try+1)
			return
		case !again || try == len(pauses):
			q.log.Warn("a sign-out was not told to a site", "client", n.Client, "tries", try+1, "error", err.Error())
			return
		}
		q.pause(pauses[try])
	}
}

// try sends it once. again says that another try may do better: a client that refuses
// the token (section 2.8: 400) will refuse it again.
func (q *Queue) try(n Notice) (again bool, err error) {
	token, err := n.Token()
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URI, strings.NewReader(url.Values{"logout_token": {token}}.Encode()))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := q.client.Do(r)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) { // the address is the operator's own
			err = e.Err
		}
		return true, err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 4<<10))
	switch {
	case res.StatusCode == http.StatusOK || res.StatusCode == http.StatusNoContent:
		return false, nil
	case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
		return true, fmt.Errorf("it answered with status %d", res.StatusCode)
	}
	return false, fmt.Errorf("it answered with status %d", res.StatusCode)
}
