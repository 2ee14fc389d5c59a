package stack

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// drainTime is how long requests under way may take to end after Ctrl-C.
const drainTime = 1500 * time.Millisecond

// Serve answers requests until ctx ends. Then it ends the event streams, which
// never end by themselves, lets the requests under way finish, and returns nil.
func (s *Stack) Serve(ctx context.Context) error {
	var unused unusedConns
	server := web.Server(s.handler, slog.New(slog.DiscardHandler))
	server.ConnState = unused.note
	refreshing, stop := context.WithCancel(ctx)
	defer stop()
	go func() { _ = s.Mirror.Run(refreshing) }()
	failed := make(chan error, len(s.listeners))
	for _, l := range s.listeners {
		go func() { failed <- server.Serve(l) }()
	}
	select {
	case err := <-failed:
		_ = server.Close()
		return err
	case <-ctx.Done():
	}
	s.Hub.EndStreams()
	unused.close()
	drained, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if server.Shutdown(drained) != nil {
		return server.Close()
	}
	return nil
}

// unusedConns are connections that a browser has opened ahead of need. Shutdown
// would wait five seconds for a first request on them.
type unusedConns struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

func (u *unusedConns) note(c net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if state != http.StateNew {
		delete(u.conns, c)
		return
	}
	if u.conns == nil {
		u.conns = map[net.Conn]bool{}
	}
	u.conns[c] = true
}

func (u *unusedConns) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := range u.conns {
		_ = c.Close()
	}
}
