package limit_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/limit"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// provider is a server that uses the limits as an identity provider does. Its
// passwords are "right"; its hasher takes 36 ms and has room for two.
type provider struct {
	signIns            *limit.SignIns
	slots              *limit.Slots
	clients, strangers *limit.Rate

	mu     sync.Mutex
	atWork int
	most   int
}

const hashing = 36 * time.Millisecond

func newProvider() *provider {
	return &provider{
		signIns:   limit.NewSignIns(),
		slots:     limit.NewSlots(2, 2*time.Second, hashing),
		clients:   limit.NewRate(300, 50*time.Millisecond),
		strangers: limit.NewRate(100, time.Second),
	}
}

func (p *provider) verify(password string) bool {
	p.mu.Lock()
	p.atWork++
	p.most = max(p.most, p.atWork)
	p.mu.Unlock()
	time.Sleep(hashing)
	p.mu.Lock()
	p.atWork--
	p.mu.Unlock()
	return password == "right"
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	form, problem := web.ReadForm(w, r, 1<<12)
	if problem != nil {
		problem.Write(w)
		return
	}
	from := web.Network(web.ClientAddr(r, nil))
	later := func(status int, wait time.Duration) {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
		w.WriteHeader(status)
	}
	if r.URL.Path == "/signin" {
		p.signIn(w, r, form, from, later)
	} else {
		p.token(w, form, from, later)
	}
}

func (p *provider) signIn(w http.ResponseWriter, r *http.Request, form url.Values, from netip.Prefix, later func(int, time.Duration)) {
	now := time.Now
	try, wait := p.signIns.Begin(limit.Attempt{Account: form.Get("account"), From: from, Device: form.Get("device")}, now())
	if wait > 0 {
		later(http.StatusTooManyRequests, wait)
		return
	}
	defer func() { try.Void(now()) }() // unless there was a verdict
	place, err := p.slots.Enter(r.Context(), try.Caller(), now())
	if busy, ok := errors.AsType[*limit.Busy](err); ok {
		later(http.StatusServiceUnavailable, busy.After)
		return
	}
	if err != nil {
		return
	}
	right := p.verify(form.Get("password"))
	place.Leave(now())
	if !right {
		try.Wrong(now())
		w.WriteHeader(http.StatusForbidden)
		return
	}
	try.Right(now())
}

// token knows two clients: one with a secret, and one without.
func (p *provider) token(w http.ResponseWriter, form url.Values, from netip.Prefix, later func(int, time.Duration)) {
	client := form.Get("client")
	known := client == "shop" && form.Get("secret") == "shop's" || client == "app"
	key, rate := limit.Of("client", client, from.String()), p.clients
	if !known {
		key, rate = limit.Of("network", from.String()), p.strangers
	}
	if known && form.Get("code") == "right" {
		return
	}
	if wait := rate.Take(key, time.Now()); wait > 0 {
		later(http.StatusTooManyRequests, wait)
		return
	}
	w.WriteHeader(http.StatusBadRequest)
}

// world is connections in memory, from addresses of one's choice. With it and
// synctest, minutes of traffic take a second.
type world struct {
	t     *testing.T
	conns chan net.Conn
	end   chan struct{}
}

func (w *world) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.end:
		return nil, net.ErrClosed
	}
}

func (w *world) Close() error   { return nil }
func (w *world) Addr() net.Addr { return &net.TCPAddr{} }

// end is a connection's end that knows where it comes from.
type end struct {
	net.Conn
	from *net.TCPAddr
}

func (e end) RemoteAddr() net.Addr { return e.from }

// serve runs a server until stop.
func serve(t *testing.T, h http.Handler) (w *world, stop func()) {
	w = &world{t, make(chan net.Conn), make(chan struct{})}
	s := &http.Server{Handler: h}
	done := make(chan error)
	go func() { done <- s.Serve(w) }()
	return w, func() {
		close(w.end)
		_ = s.Close()
		<-done
	}
}

// post sends a form from an address.
func (w *world) post(ctx context.Context, from, path string, form ...string) (status int, retry time.Duration) {
	client, server := net.Pipe()
	defer client.Close()
	select {
	case w.conns <- end{server, &net.TCPAddr{IP: net.ParseIP(from), Port: 4711}}:
	case <-ctx.Done():
		return 0, 0
	}
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	body := values.Encode()
	_, err := fmt.Fprintf(client, "POST %s HTTP/1.1\r\nHost: idp.example\r\nConnection: close\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
	if err != nil {
		w.t.Errorf("sending: %v", err)
		return 0, 0
	}
	res, err := http.ReadResponse(bufio.NewReader(client), nil)
	if err != nil {
		w.t.Errorf("no answer: %v", err)
		return 0, 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	seconds := strings.TrimSpace(res.Header.Get("Retry-After"))
	if n, err := strconv.Atoi(seconds); err == nil && n > 0 {
		retry = time.Duration(n) * time.Second
	} else if res.StatusCode == 429 || res.StatusCode == 503 {
		w.t.Errorf("%d with Retry-After %q", res.StatusCode, seconds)
	}
	return res.StatusCode, retry
}

// insist comes back when told to, as long as there is too much to do.
func (w *world) insist(ctx context.Context, from string, form ...string) (status, tries int) {
	for tries = 1; ; tries++ {
		status, retry := w.post(ctx, from, "/signin", form...)
		if status != http.StatusServiceUnavailable || tries == 20 {
			return status, tries
		}
		time.Sleep(retry)
	}
}
