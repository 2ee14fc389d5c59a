package op

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
)

var now = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// provider is a provider on a listener of this machine, whose document may be
// changed. It counts what is fetched and who connects.
type provider struct {
	*httptest.Server
	document    map[string]any
	discovered  atomic.Int32
	asked       atomic.Int32 // for keys
	connections atomic.Int32
	token       http.HandlerFunc // and what every other endpoint answers
}

func newProvider(t *testing.T, start func(*httptest.Server)) *provider {
	t.Helper()
	p := &provider{token: http.NotFound}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.discovered.Add(1)
		_ = json.NewEncoder(w).Encode(p.document)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.asked.Add(1)
		_, _ = w.Write([]byte(`{"keys":[]}`))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { p.token(w, r) })
	p.Server = httptest.NewUnstartedServer(mux)
	p.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			p.connections.Add(1)
		}
	}
	start(p.Server)
	t.Cleanup(p.Close)
	p.document = map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys"}
	return p
}

func (p *provider) client(t *testing.T, change func(*Config)) *Provider {
	t.Helper()
	c := Config{Issuer: p.URL, Now: func() time.Time { return now }}
	if change != nil {
		change(&c)
	}
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// keys fetches the provider's keys and returns why that failed.
func keys(t *testing.T, p *Provider, issuer string) (why error) {
	t.Helper()
	p.c.OnError = func(what string, err error) {
		if what == FetchingKeys {
			why = err
		}
	}
	source, err := p.Keys()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.KeySet(t.Context(), issuer); (err == nil) != (why == nil) {
		t.Errorf("%v, and the log is told %v", err, why)
	}
	return why
}

func TestWhatTheDocumentLacksIsMissedWhereItIsNeeded(t *testing.T) {
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
		p := newProvider(t, (*httptest.Server).Start)
		delete(p.document, name)
		_, err := p.client(t, nil).Endpoints(t.Context())
		why := keys(t, p.client(t, nil), p.URL)
		if (err == nil) != (name == "jwks_uri") || (why == nil) != (name != "jwks_uri") {
			t.Errorf("%s: endpoints %v, keys %v", name, err, why)
		}
		if err == nil {
			err = why
		}
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An https provider's document led keys, browsers and codes with the client's
// secret to http on this machine. This must hold with any client.
func TestAnHTTPSProviderLeadsToNothingByHTTPOnThisMachine(t *testing.T) {
	victim := newProvider(t, (*httptest.Server).Start)
	secure := newProvider(t, (*httptest.Server).StartTLS)
	elsewhere := secure.Client()
	transport := elsewhere.Transport.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if strings.HasPrefix(addr, "example.com:") { // the name in the certificate of httptest
			addr = secure.Listener.Addr().String()
		}
		var d net.Dialer
		return d.DialContext(ctx, network, addr)
	}
	elsewhere.Transport = transport
	_, port, _ := net.SplitHostPort(victim.Listener.Addr().String())
	for _, issuer := range []string{secure.URL, "https://example.com"} {
		for _, to := range []string{victim.URL, "http://localhost:" + port, "http://victim.localhost:" + port} {
			for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
				secure.document = map[string]any{"issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint": issuer + "/token", "jwks_uri": issuer + "/keys"}
				client := secure.client(t, func(c *Config) { c.Issuer, c.Client = issuer, elsewhere })
				if _, err := client.Endpoints(t.Context()); err != nil {
					t.Fatal(err)
				}
				secure.document[name] = to + "/keys"
				client = secure.client(t, func(c *Config) { c.Issuer, c.Client = issuer, elsewhere })
				_, err := client.Endpoints(t.Context())
				if name == "jwks_uri" {
					err = keys(t, client, issuer)
				}
				if !errors.Is(err, web.ErrLinked) {
					t.Errorf("%s: %s at %s: %v", issuer, name, to, err)
				}
			}
		}
	}
	if n := victim.connections.Load(); n != 0 {
		t.Errorf("%d connections to what is only on this machine", n)
	}
}

// Without a client of the caller's the addresses are judged too.
func TestAClientOfItsOwnGoesNowhereWithin(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	c := p.client(t, nil) // the issuer is on this machine
	if why := keys(t, c, p.URL); why != nil {
		t.Errorf("an issuer on this machine: %v", why)
	}
	for _, to := range []string{"https://10.0.0.1", "https://169.254.169.254", "https://[fe80::1]"} {
		p.document["jwks_uri"] = to + "/keys"
		if why := keys(t, p.client(t, nil), p.URL); !errors.Is(why, web.ErrNotPublic) {
			t.Errorf("keys at %s: %v", to, why)
		}
		p.document["token_endpoint"] = to + "/token"
		secret := p.client(t, func(c *Config) { c.Auth = ClientAuth{ID: "shop", Secret: "hunter2"} })
		var why *Error
		_, err := secret.Exchange(t.Context(), CodeRequest{Code: "c0de"})
		if !errors.As(err, &why) || why.Code != CodeUnreachable || !errors.Is(err, web.ErrNotPublic) {
			t.Errorf("a code to %s: %v", to, err)
		}
		if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "c0de") {
			t.Errorf("the error repeats what was sent: %v", err)
		}
	}
	// Who runs this may say that the keys are here.
	named := p.client(t, func(c *Config) { c.Issuer, c.KeysURL = "https://idp.example", p.URL+"/keys" })
	if why := keys(t, named, "https://idp.example"); why != nil {
		t.Errorf("keys that are named: %v", why)
	}
}
