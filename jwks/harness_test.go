package jwks

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

var key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{6}, 32))

func setOf(kids ...string) string {
	list := make([]string, len(kids))
	for i, kid := range kids {
		list[i] = `{"kty":"OKP","crv":"Ed25519","kid":"` + kid + `","x":"` + jws.EncodeBase64URL(key.Public().(ed25519.PublicKey)) + `"}`
	}
	return `{"keys":[` + strings.Join(list, ",") + `]}`
}

// publisher is an issuer that counts how often its keys are fetched.
type publisher struct {
	*httptest.Server
	mu      sync.Mutex
	body    string
	cache   string
	status  int
	handler http.HandlerFunc
	hits    atomic.Int32
	noCache atomic.Int32
}

func publish(t *testing.T) *publisher {
	p := &publisher{body: setOf("k1"), cache: "max-age=1", status: http.StatusOK}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.hits.Add(1)
		if r.Header.Get("Cache-Control") == "no-cache" {
			p.noCache.Add(1)
		}
		p.mu.Lock()
		body, cache, status, handler := p.body, p.cache, p.status, p.handler
		p.mu.Unlock()
		if handler != nil {
			handler(w, r)
			return
		}
		if r.URL.Path != RecordKeysPath {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Cache-Control", cache)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *publisher) set(f func(*publisher)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

type clock struct{ ms atomic.Int64 }

func (c *clock) now() time.Time       { return time.UnixMilli(c.ms.Load()) }
func (c *clock) wait(d time.Duration) { c.ms.Add(d.Milliseconds()) }

func newSource(t *testing.T, p *publisher, change ...func(*Config)) (*Source, *clock) {
	t.Helper()
	k := &clock{}
	k.ms.Store(1_700_000_000_000)
	c := Config{Client: p.Client(), Locate: At(RecordKeysPath), Now: k.now}
	for _, f := range change {
		f(&c)
	}
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s, k
}

// token judges a token of kid as a checker does.
func token(t *testing.T, s *Source, issuer, kid string) string {
	t.Helper()
	tok, err := jws.Sign(jws.NewEd25519Signer(kid, key), "JWT", []byte("p"))
	if err != nil {
		t.Fatal(err)
	}
	p := jws.Policy{Types: []string{"JWT"}}
	_, err = Judge(context.Background(), s, issuer, &jws.Error{Code: jws.CodeKeyUnknown}, func(keys *jws.KeySet) (*jws.Message, error) {
		return jws.Verify(tok, keys, p)
	})
	var e *jws.Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
