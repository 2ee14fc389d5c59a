package jwks

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// provider is an issuer with a discovery document.
type provider struct {
	*httptest.Server
	mu               sync.Mutex
	members          string // beside issuer and jwks_uri
	keysAt           string
	cache            string
	status           int
	body             string // of keys
	hold             chan struct{}
	documents, keys  atomic.Int32
	noCache          atomic.Int32
	keysAgo, docsAgo int32
}

func newProvider(t *testing.T) *provider {
	p := &provider{keysAt: "/keys", cache: "max-age=3600", status: 200, body: setOf("k1")}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		members, keysAt, cache, status, body, hold := p.members, p.keysAt, p.cache, p.status, p.body, p.hold
		p.mu.Unlock()
		switch r.URL.Path {
		case oidc.DiscoveryPath:
			p.documents.Add(1)
			if r.Header.Get("Cache-Control") == "no-cache" {
				p.noCache.Add(1)
			}
			if hold != nil {
				<-hold
			}
			w.Header().Set("Cache-Control", cache)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{` + members + `"issuer":"` + p.URL + `","jwks_uri":"` + p.URL + keysAt + `"}`))
		case "/keys", "/keys2":
			p.keys.Add(1)
			if r.URL.Path != keysAt {
				w.WriteHeader(http.StatusGone)
				return
			}
			w.Header().Set("Cache-Control", "max-age=60")
			_, _ = w.Write([]byte(body))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// want compares how often either was fetched since the last look.
func (p *provider) want(t *testing.T, when string, documents, keys int32) {
	t.Helper()
	d, k := p.documents.Load()-p.docsAgo, p.keys.Load()-p.keysAgo
	if d != documents || k != keys {
		t.Errorf("%s: %d documents and %d key sets were fetched, want %d and %d", when, d, k, documents, keys)
	}
	p.docsAgo, p.keysAgo = p.documents.Load(), p.keys.Load()
}

func newClock() *clock {
	k := &clock{}
	k.ms.Store(1_700_000_000_000)
	return k
}
