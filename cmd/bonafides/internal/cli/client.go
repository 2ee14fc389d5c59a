package cli

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// LocalClient is an HTTP client for which names below localhost are this machine,
// also where the system's resolver does not know them, and whatever proxy is set. It
// follows no redirect.
func LocalClient() *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = func(r *http.Request) (*url.URL, error) {
		if strings.HasSuffix(r.URL.Hostname(), ".localhost") {
			return nil, nil
		}
		return http.ProxyFromEnvironment(r)
	}
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(addr); err == nil && strings.HasSuffix(host, ".localhost") {
			addr = net.JoinHostPort("localhost", port)
		}
		return dialer.DialContext(ctx, network, addr)
	}
	return &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}
