package op

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

func TestOneFetchOfTheDocumentServesEndpointsAndKeys(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	at := now
	c := p.client(t, func(c *Config) { c.Now = func() time.Time { return at } })
	source, err := c.Keys()
	if err != nil {
		t.Fatal(err)
	}
	want := func(when string, discovered, asked int32) {
		t.Helper()
		if d, a := p.discovered.Load(), p.asked.Load(); d != discovered || a != asked {
			t.Errorf("%s: the document was fetched %d times, the keys %d times, want %d and %d", when, d, a, discovered, asked)
		}
	}
	var wg sync.WaitGroup
	for range 50 { // everybody comes at once, after a start
		wg.Go(func() {
			if d, err := c.Endpoints(t.Context()); err != nil || d.Authorization != p.URL+"/authorize" || d.Token != p.URL+"/token" || d.RequireIss {
				t.Error(d, err)
			}
		})
		wg.Go(func() {
			if _, err := source.KeySet(t.Context(), p.URL); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	want("a cold start", 1, 1)

	again := source.(jwks.RefreshingKeySource)
	if _, err := again.Refresh(t.Context(), p.URL); err != nil {
		t.Fatal(err)
	}
	want("an unknown key", 1, 2)

	at = now.Add(5 * time.Minute) // what an answer counts that names no age
	p.document["authorization_response_iss_parameter_supported"] = true
	if d, err := c.Endpoints(t.Context()); err != nil || !d.RequireIss {
		t.Errorf("%+v %v", d, err)
	}
	want("five minutes later", 2, 2)

	at = now.Add(-time.Hour) // a clock that was set back must not keep it for ever
	if _, err := c.Endpoints(t.Context()); err != nil {
		t.Error(err)
	}
	want("a clock set back", 3, 2)
}

func TestTheDocumentIsLookedAtAgainWhereItsKeysAreGone(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	at := now
	c := p.client(t, func(c *Config) { c.Now = func() time.Time { return at } })
	p.document["jwks_uri"] = p.URL + "/moved"
	var why *jwks.Error
	if err := keys(t, c, p.URL); !errors.As(err, &why) || why.Reason != jwks.ReasonStatus || why.Status != 404 || p.discovered.Load() != 1 {
		t.Fatalf("%v after %d fetches", err, p.discovered.Load())
	}
	source, err := c.Keys()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.KeySet(t.Context(), p.URL); !errors.As(err, &why) || why.RetryAfter != time.Second || !errors.Is(err, &jws.Error{Code: jws.CodeKeysUnavailable}) {
		t.Fatal(err)
	}
	p.document["jwks_uri"] = p.URL + "/keys"
	at = at.Add(time.Second)
	if _, err := source.KeySet(t.Context(), p.URL); err != nil || p.discovered.Load() != 2 {
		t.Errorf("%v after %d fetches of the document", err, p.discovered.Load())
	}
}

func TestADocumentElsewhere(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() != "/policy/openid?p=1" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(p.document)
	}))
	defer elsewhere.Close()
	at := func(c *Config) { c.DiscoveryURL = elsewhere.URL + "/policy/openid?p=1" }
	c := p.client(t, at)
	if e, err := c.Endpoints(t.Context()); err != nil || e.Token != p.URL+"/token" {
		t.Errorf("%+v %v", e, err)
	}
	if why := keys(t, c, p.URL); why != nil {
		t.Error(why)
	}
	if p.discovered.Load() != 0 {
		t.Error("the document below the issuer was fetched")
	}
	p.document["issuer"] = "https://other.example"
	var why *jwks.Error
	if _, err := p.client(t, at).Metadata(t.Context()); !errors.As(err, &why) || why.Reason != jwks.ReasonIssuer {
		t.Errorf("another issuer's document: %v", err)
	}
	// Whoever runs this named a document on this machine, and that leads about on it,
	// wherever its issuer is. One elsewhere leads nothing here, wherever its issuer is.
	p.document["issuer"] = "https://idp.example"
	named := p.client(t, func(c *Config) { at(c); c.Issuer = "https://idp.example" })
	if _, err := named.Endpoints(t.Context()); err != nil {
		t.Error(err)
	}
	tls := newProvider(t, (*httptest.Server).StartTLS)
	tls.document = p.document
	transport := tls.Client().Transport.(*http.Transport).Clone()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, tls.Listener.Addr().String())
	}
	p.document["issuer"] = p.URL
	remote := p.client(t, func(c *Config) {
		c.DiscoveryURL, c.Client = "https://example.com/.well-known/openid-configuration", &http.Client{Transport: transport}
	})
	if _, err := remote.Endpoints(t.Context()); !errors.Is(err, web.ErrLinked) {
		t.Errorf("a document elsewhere leads to this machine: %v", err)
	}
}

func TestAnIssuerOfManyTenants(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	template := p.URL + "/{tenantid}/v2.0"
	with := func(c *Config) {
		c.Issuer, c.Tenants, c.DiscoveryURL = template, []string{"t1"}, p.URL+"/.well-known/openid-configuration"
	}
	for issuer, good := range map[string]bool{template: true, p.URL + "/{tenantId}/v2.0": false, p.URL + "/t1/v2.0": false} {
		p.document["issuer"] = issuer
		if _, err := p.client(t, with).Metadata(t.Context()); (err == nil) != good {
			t.Errorf("%s: %v", issuer, err)
		}
	}
	p.document["issuer"] = template
	if why := keys(t, p.client(t, with), template); why != nil {
		t.Error(why)
	}
}

func TestConfigurationsThatFindNothing(t *testing.T) {
	for name, c := range map[string]struct {
		config Config
		says   string
	}{
		"a template without tenants": {Config{Issuer: "https://a.example/{tenantid}", DiscoveryURL: "https://a.example/x"}, "set Tenants"},
		"tenants without a template": {Config{Issuer: "https://a.example", Tenants: []string{"t"}}, "{tenantid}"},
		"a template without a place": {Config{Issuer: "https://a.example/{tenantid}", Tenants: []string{"t"}}, "set DiscoveryURL"},
		"a place that is not https":  {Config{Issuer: "https://a.example", DiscoveryURL: "http://a.example/x"}, "DiscoveryURL"},
		"a place that is no URL":     {Config{Issuer: "https://a.example", DiscoveryURL: "x"}, "DiscoveryURL"},
	} {
		c.config.Now = time.Now
		if p, err := New(c.config); err == nil || p != nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAStaleDocumentServesWhereASettingAllowsIt(t *testing.T) {
	for _, stale := range []time.Duration{0, time.Hour} {
		p := newProvider(t, (*httptest.Server).Start)
		at := now
		c := p.client(t, func(c *Config) { c.Now, c.StaleIfError = func() time.Time { return at }, stale })
		if _, err := c.Endpoints(t.Context()); err != nil {
			t.Fatal(err)
		}
		if why := keys(t, c, p.URL); why != nil {
			t.Fatal(why)
		}
		source, err := c.Keys()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := source.KeySet(t.Context(), p.URL); err != nil {
			t.Fatal(err)
		}
		p.Close()
		at = at.Add(30 * time.Minute)
		_, e := c.Endpoints(t.Context())
		_, k := source.KeySet(t.Context(), p.URL)
		if (e == nil) != (stale > 0) || (k == nil) != (stale > 0) {
			t.Errorf("StaleIfError %v: endpoints %v, keys %v", stale, e, k)
		}
		at = at.Add(time.Hour)
		if _, err := c.Endpoints(t.Context()); err == nil {
			t.Errorf("StaleIfError %v: used an hour and a half later", stale)
		}
	}
}

func TestKeysThatAreLeftOutAreTold(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	weak := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"weak\n\u0000"}]}`))
	}))
	defer weak.Close()
	p.document["jwks_uri"] = weak.URL
	var told []jws.RejectedKey
	c := p.client(t, func(c *Config) { c.OnRejected = func(keys []jws.RejectedKey) { told = append(told, keys...) } })
	if why := keys(t, c, p.URL); why != nil || len(told) != 1 || told[0].KeyID != `weak\n\x00` || told[0].Reason == "" {
		t.Errorf("%v, told %+v", why, told)
	}
}
