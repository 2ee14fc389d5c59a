package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// Outbound says where a client may go whose addresses come from others: from a
// discovery document, a registration, a list. Its zero value goes to public
// addresses by https, follows no redirect and uses no proxy.
//
// What is judged is the address of each connection, after the name was resolved:
// a name that resolves to something else the second time gains nothing.
type Outbound struct {
	// Loopback names origins on this machine that may be reached, also by http:
	// "http://issuer.localhost:8080", "https://127.0.0.1:8443". Each names
	// localhost, a name below it, or a loopback address. Names are not looked up.
	Loopback []string
	// From is the URL that others are learned from, an issuer's. Where it is on this
	// machine, all of this machine may be reached, and by http too where it is http:
	// what is only here can only lead to here. Elsewhere it adds nothing.
	From string
	// Private are addresses that may be reached though they are not public: a
	// network of one's own.
	Private []netip.Prefix
	// InsecureProxy chooses a proxy, as in http.Transport. The proxy resolves
	// names, so what they resolve to is for the proxy to judge; only the proxy's
	// own address is judged here.
	InsecureProxy func(*http.Request) (*url.URL, error)
	// RootCAs are whom servers' certificates are held against; nil: the system's.
	RootCAs *x509.CertPool
	// Timeout is for a whole request with its answer, 10 seconds if 0.
	Timeout time.Duration
	// MaxBody is how many bytes of an answer are read, 1 MiB if 0. Reading on
	// fails with ErrAnswerTooLong.
	MaxBody int64

	resolver *net.Resolver // of the tests
}

// Errors of an Outbound's client; compare with errors.Is.
var (
	ErrNotPublic     = errors.New("it is not a public address, and nobody listed it as one of our own")
	ErrNotHTTPS      = errors.New("it is not https; http is for origins on this machine that are listed by name")
	ErrRedirect      = errors.New("it answered with a redirect, which is not followed: give the address that it points to")
	ErrAnswerTooLong = errors.New("its answer is longer than is read here")
)

// Client returns a client that keeps to o. It is for concurrent use; make one and
// keep it.
func (o Outbound) Client() (*http.Client, error) {
	g := &guard{Outbound: o, loopback: map[string]bool{}, origins: map[string]bool{}}
	for _, own := range o.Loopback {
		u, err := url.Parse(own)
		if err != nil || !origin.Is(own) || !origin.IsLoopback(origin.Host(own)) {
			return nil, fmt.Errorf("web: %q is no origin on this machine: write it like http://issuer.localhost:8080", own)
		}
		g.loopback[hostPort(u)] = true
		g.origins[u.Scheme+"://"+hostPort(u)] = true
	}
	if u, err := SecureURL(o.From); err == nil {
		g.machine = here(u)
		g.plain = g.machine && u.Scheme == "http"
	}
	if g.Timeout <= 0 {
		g.Timeout = 10 * time.Second
	}
	if g.MaxBody <= 0 {
		g.MaxBody = 1 << 20
	}
	t := &http.Transport{
		Proxy:                  o.InsecureProxy,
		DialContext:            g.dial,
		ForceAttemptHTTP2:      true,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
		TLSHandshakeTimeout:    g.Timeout,
		MaxResponseHeaderBytes: 64 << 10,
	}
	if o.RootCAs != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: o.RootCAs}
	}
	g.next = t
	return &http.Client{
		Transport:     g,
		Timeout:       g.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return ErrRedirect },
	}, nil
}

type guard struct {
	Outbound
	loopback map[string]bool // host:port
	origins  map[string]bool // scheme://host:port
	machine  bool            // all of this machine may be reached
	plain    bool            // also by http
	next     http.RoundTripper
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	err := error(nil)
	switch {
	case r.URL.User != nil:
		err = errors.New("its address has a name and password in it, which does not belong into an address")
	case r.URL.Scheme != "https" && !g.origins[r.URL.Scheme+"://"+hostPort(r.URL)] &&
		!(g.plain && r.URL.Scheme == "http" && here(r.URL)):
		err = ErrNotHTTPS
	}
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, fmt.Errorf("%s is not asked: %w", r.URL.Host, err)
	}
	res, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if res.ContentLength > g.MaxBody {
		_ = res.Body.Close()
		return nil, ErrAnswerTooLong
	}
	res.Body = &bounded{res.Body, g.MaxBody}
	return res, nil
}

// dial connects to an address of host:port that is allowed.
func (g *guard) dial(ctx context.Context, network, hostport string) (net.Conn, error) {
	hostport = strings.ToLower(hostport)
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	named := g.loopback[hostport] || g.machine && origin.IsLoopback(host)
	d := net.Dialer{
		Timeout:  g.Timeout,
		Resolver: g.resolver,
		// Called with the address itself, for each that a name has.
		Control: func(_, address string, _ syscall.RawConn) error {
			a, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			ip := a.Addr().Unmap()
			if IsPublic(ip) || within(ip, g.Private) || named && ip.IsLoopback() {
				return nil
			}
			return fmt.Errorf("%s is not connected to: %w", ip, ErrNotPublic)
		},
	}
	if !named || net.ParseIP(host) != nil {
		return d.DialContext(ctx, network, hostport)
	}
	// localhost and what is below it are this machine, whatever a resolver says
	// (RFC 6761 section 6.3).
	conn, err := d.DialContext(ctx, "tcp4", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		var err6 error
		if conn, err6 = d.DialContext(ctx, "tcp6", net.JoinHostPort("::1", port)); err6 != nil {
			return nil, err
		}
	}
	return conn, nil
}

// bounded is a body that ends with an error where it is too long, instead of
// looking whole.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrAnswerTooLong
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, ErrAnswerTooLong
	}
	return n, err
}

// hostPort gives the host and port of a URL, the port also where it is the
// scheme's own.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
