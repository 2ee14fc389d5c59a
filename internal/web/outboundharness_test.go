package web

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// names is a DNS server that answers each question of a name with the next of its
// addresses, and the last from then on.
type names struct {
	mu    sync.Mutex
	of    map[string][]string
	asked []string
}

func (n *names) resolver(t *testing.T) *net.Resolver {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			size, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			if answer := n.answer(b[:size]); answer != nil {
				_, _ = conn.WriteTo(answer, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp4", conn.LocalAddr().String())
	}}
}

// answer writes a DNS answer (RFC 1035 section 4) to a query of one question.
func (n *names) answer(q []byte) []byte {
	if len(q) < 12 {
		return nil
	}
	var labels []string
	at := 12
	for at < len(q) && q[at] != 0 {
		size := int(q[at])
		labels = append(labels, string(q[at+1:at+1+size]))
		at += 1 + size
	}
	end := at + 5
	name, kind := strings.Join(labels, "."), q[at+2]
	var records [][]byte
	n.mu.Lock()
	defer n.mu.Unlock()
	if kind == 1 {
		n.asked = append(n.asked, name)
	}
	if list := n.of[name]; len(list) > 0 {
		a := netip.MustParseAddr(list[0])
		if a.Is4() == (kind == 1) && (kind == 1 || kind == 28) {
			records = append(records, a.AsSlice())
			if len(list) > 1 {
				n.of[name] = list[1:]
			}
		}
	}
	out := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, byte(len(records)), 0, 0, 0, 0}, q[12:end]...)
	for _, r := range records {
		out = append(out, 0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 0, 0, byte(len(r)))
		out = append(out, r...)
	}
	return out
}

// site is a TLS server on a loopback address that counts who connects.
func site(t *testing.T, address string, connections *atomic.Int32, h http.HandlerFunc) (s *httptest.Server, port string, roots *x509.CertPool) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s = httptest.NewUnstartedServer(h)
	s.Listener.Close()
	s.Listener = l
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	_, port, _ = net.SplitHostPort(l.Addr().String())
	roots = x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s, port, roots
}

func client(t *testing.T, o Outbound) *http.Client {
	t.Helper()
	c, err := o.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func get(c *http.Client, address string) (string, error) {
	res, err := c.Get(address)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return string(b), err
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }
