package jwks

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

func TestADocumentThatCannotBeHad(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*provider)
		reason string
	}{
		"status":         {func(p *provider) { p.status = 500 }, ReasonStatus},
		"another issuer": {func(p *provider) { p.members = `"issuer":"https://evil.example",` }, ReasonDuplicate},
		"not JSON":       {func(p *provider) { p.members = `x` }, ReasonDocument},
		"too long":       {func(p *provider) { p.members = strings.Repeat(" ", 256<<10) }, ReasonSize},
	} {
		p, k := newProvider(t), newClock()
		p.set(func() { c.change(p) })
		var told []error
		s, err := Discovered(Config{Now: k.now, OnError: func(_ string, err error) { told = append(told, err) }})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.KeySet(t.Context(), p.URL)
		var why, inner *Error
		if !errors.As(err, &why) || why.Code != CodeUnavailable || why.Reason != c.reason || !errors.As(why.Err, &inner) || inner.Code != CodeDiscovery || why.At != p.URL {
			t.Errorf("%s: %v, %+v", name, err, why)
		}
		if len(told) != 2 { // of the document, and of the keys that were not found by it
			t.Errorf("%s: told %v", name, told)
		}
		p.set(func() { p.status, p.members = 200, "" })
		k.wait(time.Second)
		if code := token(t, s, p.URL, "k1"); code != "" {
			t.Errorf("%s, and then well again: %s", name, code)
		}
	}
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"issuer":"https://evil.example"}`))
	}))
	defer foreign.Close()
	d, err := NewDiscovery(DiscoveryConfig{URL: foreign.URL + "/x"})
	if err != nil {
		t.Fatal(err)
	}
	var why *Error
	if _, err := d.Metadata(t.Context(), "https://idp.example"); !errors.As(err, &why) || why.Reason != ReasonIssuer || errors.Is(err, &jws.Error{Code: jws.CodeKeysUnavailable}) {
		t.Errorf("%v", err)
	}
	if _, err := d.KeysURL(t.Context(), "https://idp.example"); !errors.As(err, &why) || why.RetryAfter <= 0 {
		t.Errorf("%v", err)
	}
}

// A clock may say that a fetch has taken too long before the fetch does.
func TestAFetchThatTheClockGaveUp(t *testing.T) {
	p, k := newProvider(t), newClock()
	hold := make(chan struct{})
	p.hold = hold
	d, err := NewDiscovery(DiscoveryConfig{Now: k.now})
	if err != nil {
		t.Fatal(err)
	}
	first := make(chan error)
	go func() {
		_, err := d.Metadata(t.Context(), p.URL)
		first <- err
	}()
	for p.documents.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	k.wait(time.Hour)
	var why *Error
	if _, err := d.Metadata(t.Context(), p.URL); !errors.As(err, &why) || why.Code != CodeDiscovery || why.Reason != ReasonTimeout || why.RetryAfter != time.Second {
		t.Errorf("%v", err)
	}
	close(hold)
	if err := <-first; err != nil {
		t.Errorf("its answer came after all: %v", err)
	}
	if _, err := d.Metadata(t.Context(), p.URL); err != nil {
		t.Error(err)
	}
}

func TestDiscoveryConfigs(t *testing.T) {
	for name, c := range map[string]DiscoveryConfig{
		"private addresses for another's client": {Client: http.DefaultClient, PrivateAddresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
		"a place by http":                        {URL: "http://idp.example/x"},
	} {
		if _, err := NewDiscovery(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	d, err := NewDiscovery(DiscoveryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"Locate and Discovery": {Locate: At("/k"), Discovery: d},
		"private addresses":    {Discovery: d, PrivateAddresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, c := range map[string]Config{
		"Locate":    {Locate: At("/k")},
		"Discovery": {Discovery: d},
		"http":      {Client: http.DefaultClient, InsecureHTTP: true},
		"both":      {Client: http.DefaultClient, PrivateAddresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}},
	} {
		if _, err := Discovered(c); err == nil {
			t.Errorf("Discovered with %s: accepted", name)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := newProvider(t)
	if _, err := d.Endpoint(ctx, p.URL, "jwks_uri"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
