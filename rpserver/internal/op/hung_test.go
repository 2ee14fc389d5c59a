package op

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
)

// pipes is a listener without a network, so that time can stand still around it.
type pipes struct {
	c    chan net.Conn
	done chan struct{}
	once sync.Once
}

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.c:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}
func (l *pipes) Close() error   { l.once.Do(func() { close(l.done) }); return nil }
func (l *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

func (l *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.c <- there:
		return here, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A provider that accepts and does not answer made everybody wait for everybody before
// them: 10, 20, 30 ... seconds.
func TestAHungProviderMakesNobodyWaitLongerThanOneTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var hung atomic.Bool
		var fetches atomic.Int32
		hung.Store(true)
		const issuer = "https://idp.example"
		l := &pipes{c: make(chan net.Conn), done: make(chan struct{})}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fetches.Add(1)
			if hung.Load() {
				<-r.Context().Done()
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": issuer, "authorization_endpoint": issuer + "/a", "token_endpoint": issuer + "/t"})
		})}
		served := make(chan struct{})
		go func() { defer close(served); _ = server.Serve(l) }()
		transport := &http.Transport{DialTLSContext: l.dial}
		p, err := New(Config{Issuer: issuer, Client: &http.Client{Transport: transport}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		source, err := p.Keys()
		if err != nil {
			t.Fatal(err)
		}
		hundred := func(waits, after time.Duration) {
			t.Helper()
			var wg sync.WaitGroup
			person := func(code string, ask func() error) {
				wg.Go(func() {
					began := time.Now()
					err := ask()
					var why *jwks.Error
					if !errors.As(err, &why) || why.Code != code || why.Reason != jwks.ReasonTimeout || why.RetryAfter != after {
						t.Errorf("%v: %+v", err, why)
					}
					if waited := time.Since(began); waited != waits {
						t.Errorf("%s: waited %v, want %v", code, waited, waits)
					}
				})
			}
			for range 100 {
				person(jwks.CodeDiscovery, func() error { _, err := p.Endpoints(t.Context()); return err })
				person(jwks.CodeUnavailable, func() error { _, err := source.KeySet(t.Context(), issuer); return err })
			}
			wg.Wait()
		}
		hundred(10*time.Second, time.Second)
		hundred(0, time.Second)
		if n := fetches.Load(); n != 1 {
			t.Errorf("%d fetches, want 1", n)
		}
		time.Sleep(time.Second) // of the bubble: it passes at once
		hundred(10*time.Second, 2*time.Second)
		hundred(0, 2*time.Second)

		// Whoever leaves does not wait for the others.
		time.Sleep(2 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		began := time.Now()
		if _, err := p.Endpoints(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		cancel()

		hung.Store(false)
		time.Sleep(9*time.Second + 4*time.Second)
		if e, err := p.Endpoints(t.Context()); err != nil || e.Token != issuer+"/t" {
			t.Errorf("the provider is back: %+v %v", e, err)
		}
		transport.CloseIdleConnections()
		_ = server.Close()
		<-served
	})
}
