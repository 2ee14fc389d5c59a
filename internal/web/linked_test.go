package web

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// What a document says about this machine counts only where it comes from here.
func TestADocumentLeadsToThisMachineOnlyFromIt(t *testing.T) {
	for _, c := range []struct {
		from, to string
		ok       bool
	}{
		{"https://idp.example", "https://idp.example/token", true},
		{"https://idp.example", "https://keys.example:8443/k", true},
		{"https://idp.example/tenant", "HTTPS://IDP.example/token", true},
		{"https://idp.example", "http://localhost:8080/token", false},
		{"https://idp.example", "http://127.0.0.1/token", false},
		{"https://idp.example", "http://[::1]/token", false},
		{"https://idp.example", "http://a.localhost/token", false},
		{"https://idp.example", "HTTP://LOCALHOST/token", false},
		{"https://idp.example", "https://localhost/token", false},
		{"https://idp.example", "https://127.0.0.1:8443/token", false},
		{"https://idp.example", "http://idp.example/token", false},
		{"https://idp.example", "https://localhost./token", false},
		{"https://idp.example", "https://a.LOCALHOST./token", false},
		{"https://idp.example", "https://[::ffff:7f00:1]/token", false},
		{"https://idp.example", "https://0.0.0.0:8443/token", false},
		{"https://idp.example", "https://[::]/token", false},
		{"http://localhost:8080", "http://127.0.0.1:9000/token", true},
		{"http://idp.localhost:8080", "https://localhost/token", true},
		{"http://idp.localhost:8080", "https://idp.example/token", true},
		{"http://idp.localhost:8080", "http://idp.example/token", false},
		{"https://localhost:8443", "https://127.0.0.1/token", true},
		{"https://localhost:8443", "http://localhost:8080/token", false},
		{"http://idp.example", "http://localhost/token", false},
		{"", "http://localhost/token", false},
		{"https://idp.example", "file:///etc/passwd", false},
		{"https://idp.example", "https://a@idp.example/token", false},
	} {
		if _, err := LinkedURL(c.from, c.to); (err == nil) != c.ok {
			t.Errorf("%s to %s: %v", c.from, c.to, err)
		}
	}
}

// From stands for the issuer that everything begins with: what is on this machine
// may lead about on it.
func TestWhatBeginsOnThisMachineMayStayOnIt(t *testing.T) {
	var connections atomic.Int32
	plain := httptest.NewServer(http.HandlerFunc(hello))
	defer plain.Close()
	_, port, _ := net.SplitHostPort(plain.Listener.Addr().String())
	_, tlsPort, roots := site(t, "127.0.0.1:0", &connections, hello)
	n := &names{of: map[string][]string{"example.com": {"127.0.0.1"}, "ten.example.com": {"10.0.0.1"}, "keys.localhost": {"10.0.0.1"}}}
	const good = ""
	for _, c := range []struct{ from, to, want string }{
		{"http://idp.localhost:1", "http://127.0.0.1:" + port, good},
		{"http://idp.localhost:1/tenant", "http://KEYS.localhost:" + port, good},
		{"http://127.0.0.1:1", "https://127.0.0.1:" + tlsPort, good},
		{"https://127.0.0.1:1", "https://127.0.0.1:" + tlsPort, good},
		{"https://127.0.0.1:1", "http://127.0.0.1:" + port, "not https"},
		{"https://example.com", "http://127.0.0.1:" + port, "not https"},
		{"https://example.com", "https://127.0.0.1:" + tlsPort, "not a public address"},
		{"", "http://127.0.0.1:" + port, "not https"},
		{"", "https://127.0.0.1:" + tlsPort, "not a public address"},
		{"http://idp.example", "http://127.0.0.1:" + port, "not https"},
		// A name elsewhere stays elsewhere, whatever it resolves to.
		{"http://127.0.0.1:1", "https://example.com:" + tlsPort, "not a public address"},
		{"http://127.0.0.1:1", "http://example.com:" + port, "not https"},
		{"http://127.0.0.1:1", "https://ten.example.com:" + tlsPort, "not a public address"},
	} {
		before := connections.Load()
		body, err := get(client(t, Outbound{From: c.from, RootCAs: roots, resolver: n.resolver(t)}), c.to)
		if c.want == good && (err != nil || body != "hello") || c.want != good && (err == nil || !strings.Contains(err.Error(), c.want) || connections.Load() != before) {
			t.Errorf("from %s to %s: %q %v", c.from, c.to, body, err)
		}
	}
}
