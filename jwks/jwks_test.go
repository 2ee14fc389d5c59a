package jwks

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// The table that other libraries were measured by: max-age=1, k1 withdrawn, k2
// published, 2.5 s later.
func TestKeyRotation(t *testing.T) {
	p := publish(t)
	s, k := newSource(t, p)
	if code := token(t, s, p.URL, "k1"); code != "" || p.hits.Load() != 1 {
		t.Fatalf("%s after %d fetches", code, p.hits.Load())
	}
	for range 100 {
		if code := token(t, s, p.URL, "evil"); code != jws.CodeKeyUnknown {
			t.Fatal(code)
		}
	}
	if n := p.hits.Load(); n != 2 {
		t.Errorf("100 unknown kids caused %d fetches, want 1", n-1)
	}
	if n := p.noCache.Load(); n != 1 {
		t.Errorf("%d of them asked for a fresh answer, want 1", n)
	}
	p.set(func(p *publisher) { p.body = setOf("k2") })
	k.wait(2500 * time.Millisecond)
	if code := token(t, s, p.URL, "k2"); code != "" {
		t.Errorf("the new key: %s", code)
	}
	if code := token(t, s, p.URL, "k1"); code != jws.CodeKeyUnknown {
		t.Errorf("the withdrawn key after max-age: %q", code)
	}
}

func TestBadSignaturesCauseNoFetch(t *testing.T) {
	p := publish(t)
	s, _ := newSource(t, p)
	tok, err := jws.Sign(jws.NewEd25519Signer("k1", ed25519.NewKeyFromSeed(make([]byte, 32))), "JWT", nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		keys, err := s.KeySet(context.Background(), p.URL)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jws.Verify(tok, keys, jws.Policy{Types: []string{"JWT"}}); !errors.Is(err, &jws.Error{Code: jws.CodeSignature}) {
			t.Fatal(err)
		}
	}
	if n := p.hits.Load(); n != 1 {
		t.Errorf("%d fetches, want 1", n)
	}
}

func TestManyAtOnceFetchOnce(t *testing.T) {
	p := publish(t)
	release := make(chan struct{})
	p.set(func(p *publisher) {
		p.handler = func(w http.ResponseWriter, _ *http.Request) {
			<-release
			_, _ = w.Write([]byte(setOf("k1")))
		}
	})
	s, _ := newSource(t, p)
	gone, cancel := context.WithCancel(context.Background())
	first := make(chan error, 1)
	go func() {
		_, err := s.KeySet(gone, p.URL)
		first <- err
	}()
	for p.hits.Load() == 0 { // it is the first who began the fetch
		time.Sleep(time.Millisecond)
	}
	var wg sync.WaitGroup
	var bad atomic.Int32
	for range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if keys, err := s.KeySet(context.Background(), p.URL); err != nil || len(keys.Keys()) != 1 {
				bad.Add(1)
			}
		}()
	}
	// Whoever began the fetch may leave; the others still get its answer.
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(release)
	wg.Wait()
	if bad.Load() != 0 || p.hits.Load() != 1 {
		t.Errorf("%d callers failed, %d fetches", bad.Load(), p.hits.Load())
	}
}

func TestFailures(t *testing.T) {
	p := publish(t)
	for name, change := range map[string]func(*publisher){
		"status 500":      func(p *publisher) { p.status = 500 },
		"status 404":      func(p *publisher) { p.status = 404 },
		"status 203":      func(p *publisher) { p.status = 203 },
		"not JSON":        func(p *publisher) { p.body = "<html>" },
		"duplicate names": func(p *publisher) { p.body = `{"keys":[],"keys":[]}` },
		"too long":        func(p *publisher) { p.body = strings.Repeat(" ", 600<<10) + setOf("k1") },
		"cut": func(p *publisher) {
			p.handler = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000")
				_, _ = w.Write([]byte(setOf("k1")))
			}
		},
		"redirect": func(p *publisher) {
			p.handler = func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/elsewhere" {
					http.Redirect(w, r, "/elsewhere", http.StatusFound)
					return
				}
				_, _ = w.Write([]byte(setOf("k1")))
			}
		},
	} {
		p.set(func(p *publisher) { p.body, p.status, p.handler = setOf("k1"), 200, nil; change(p) })
		why := make(chan error, 10)
		s, k := newSource(t, p, func(c *Config) { c.OnError = func(_ string, err error) { why <- err } })
		before := p.hits.Load()
		for range 5 {
			if code := token(t, s, p.URL, "k1"); code != jws.CodeKeysUnavailable {
				t.Errorf("%s: %q", name, code)
			}
		}
		if n := p.hits.Load() - before; n != 1 {
			t.Errorf("%s: %d fetches within a second, want 1", name, n)
		}
		if err := <-why; err == nil || strings.Contains(err.Error(), "<html>") {
			t.Errorf("%s: %v", name, err)
		}
		p.set(func(p *publisher) { p.body, p.status, p.handler = setOf("k1"), 200, nil })
		k.wait(time.Second)
		if code := token(t, s, p.URL, "k1"); code != "" {
			t.Errorf("%s, and then well again: %q", name, code)
		}
	}
}

func TestSlowIssuerTimesOut(t *testing.T) {
	p := publish(t)
	release := make(chan struct{})
	p.set(func(p *publisher) { p.handler = func(http.ResponseWriter, *http.Request) { <-release } })
	defer close(release)
	s, _ := newSource(t, p, func(c *Config) { c.Rules.Timeout = 30 * time.Millisecond })
	if code := token(t, s, p.URL, "k1"); code != jws.CodeKeysUnavailable {
		t.Errorf("%q", code)
	}
}

func TestIssuersAreKeptApart(t *testing.T) {
	a, b := publish(t), publish(t)
	b.set(func(p *publisher) { p.body = setOf("k2") })
	s, _ := newSource(t, a)
	if code := token(t, s, a.URL, "k2"); code != jws.CodeKeyUnknown {
		t.Errorf("a key of b verifies for a: %q", code)
	}
	if code := token(t, s, b.URL, "k2"); code != "" {
		t.Errorf("%q", code)
	}
}

func TestAddresses(t *testing.T) {
	if u, err := URL("https://a.example/k")(context.Background(), "x"); err != nil || u != "https://a.example/k" {
		t.Error(u, err)
	}
	if u, _ := At("/k")(context.Background(), "https://a.example/"); u != "https://a.example/k" {
		t.Error(u)
	}
	for name, locate := range map[string]Locate{
		"plain http": URL("http://a.example/k"), "no URL": URL("http://[::1"), "fails": func(context.Context, string) (string, error) { return "", errors.New("no") },
	} {
		s, err := New(Config{Client: http.DefaultClient, Locate: locate})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.KeySet(context.Background(), "https://a.example"); !errors.Is(err, &jws.Error{Code: jws.CodeKeysUnavailable}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]Config{"zero": {}, "no locate": {Client: http.DefaultClient},
		"http without a client":                  {Locate: At("/k"), InsecureHTTP: true},
		"private addresses for another's client": {Locate: At("/k"), Client: http.DefaultClient, PrivateAddresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
