package stack

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
)

// client returns the HTTP client with which party calls the others. *.localhost
// does not resolve in Go without a hosts entry, so its dialer goes to the
// demo's own listener for every such name and to nothing else; it never asks
// DNS. It marks its connections, so that the chart knows who calls.
func client(hub *trace.Hub, party look.Party, listener net.Addr) *http.Client {
	return &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			MaxIdleConnsPerHost: 2,
			IdleConnTimeout:     30 * time.Second,
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				host, _, err := net.SplitHostPort(addr)
				if err != nil {
					return nil, err
				}
				if host != "localhost" && !strings.HasSuffix(host, ".localhost") {
					return nil, fmt.Errorf("demo: no calls to %s: this client reaches the demo's own sites", host)
				}
				var d net.Dialer
				conn, err := d.DialContext(ctx, "tcp", listener.String())
				if err != nil {
					return nil, err
				}
				return &markedConn{Conn: conn, unmark: hub.Calling(conn.LocalAddr(), party)}, nil
			},
		},
	}
}

type markedConn struct {
	net.Conn
	once   sync.Once
	unmark func()
}

func (c *markedConn) Close() error {
	c.once.Do(c.unmark)
	return c.Conn.Close()
}
