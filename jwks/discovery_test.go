package jwks

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

func TestKeysAreFoundByDiscovery(t *testing.T) {
	p, k := newProvider(t), newClock()
	s, err := Discovered(Config{Now: k.now})
	if err != nil {
		t.Fatal(err)
	}
	good := func(kid string) {
		t.Helper()
		if code := token(t, s, p.URL, kid); code != "" {
			t.Errorf("a token of %s: %s", kid, code)
		}
	}
	good("k1")
	p.want(t, "a cold start", 1, 1)
	p.set(func() { p.body = setOf("k1", "k2") })
	good("k2")
	p.want(t, "an unknown key", 0, 1)
	k.wait(time.Minute)
	good("k1")
	p.want(t, "the set's age is over", 0, 1)
	k.wait(time.Hour)
	good("k1")
	p.want(t, "both ages are over", 1, 1)

	p.set(func() { p.keysAt = "/keys2" }) // keys move, and the document was kept
	k.wait(time.Minute)
	if code := token(t, s, p.URL, "k1"); code != jws.CodeKeysUnavailable {
		t.Errorf("%q", code)
	}
	p.want(t, "the keys have moved", 0, 1)
	k.wait(time.Second)
	good("k1")
	if p.want(t, "and are looked for", 1, 1); p.noCache.Load() != 1 {
		t.Errorf("%d documents were asked for past caches, want 1", p.noCache.Load())
	}
	k.wait(time.Minute)
	good("k1")
	p.want(t, "and found", 0, 1)
}

func TestADocumentIsFetchedAheadAndNobodyWaits(t *testing.T) {
	p, k := newProvider(t), newClock()
	d, err := NewDiscovery(DiscoveryConfig{Now: k.now})
	if err != nil {
		t.Fatal(err)
	}
	read := func() *oidc.Discovery {
		t.Helper()
		document, err := d.Metadata(t.Context(), p.URL)
		if err != nil {
			t.Fatal(err)
		}
		return document
	}
	read()
	k.wait(55 * time.Minute)
	hold := make(chan struct{})
	p.set(func() { p.hold, p.members = hold, `"token_endpoint":"https://idp.example/t",` })
	for range 20 {
		if document := read(); document.TokenEndpoint != "" {
			t.Fatal("somebody waited for the new one")
		}
	}
	e, _ := d.of(p.URL)
	e.document.mu.Lock()
	under := e.document.flight
	e.document.mu.Unlock()
	if under == nil {
		t.Fatal("nothing is fetched")
	}
	close(hold)
	<-under.done
	k.wait(50 * time.Minute) // beyond the first one's hour
	if document := read(); document.TokenEndpoint == "" {
		t.Error("the document is the old one")
	}
	p.want(t, "all of it", 2, 0)
}

func TestAnAnswerThatForbidsStorageServesAMinuteOfSignIns(t *testing.T) {
	p, k := newProvider(t), newClock()
	p.cache = "no-cache, no-store"
	d, err := NewDiscovery(DiscoveryConfig{Now: k.now})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := d.Metadata(t.Context(), p.URL); err != nil {
			t.Fatal(err)
		}
		k.wait(17 * time.Second)
	}
	p.want(t, "51 seconds", 1, 0)
	k.wait(10 * time.Second)
	if _, err := d.Metadata(t.Context(), p.URL); err != nil {
		t.Fatal(err)
	}
	p.want(t, "a minute", 1, 0)
}

func TestEndpoints(t *testing.T) {
	p := newProvider(t)
	p.members = `"token_endpoint":"https://idp.example/t","userinfo_endpoint":7,"revocation_endpoint":"http://idp.example/r","end_session_endpoint":"javascript:1",`
	d, err := NewDiscovery(DiscoveryConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for member, want := range map[string]string{"token_endpoint": "https://idp.example/t", "jwks_uri": p.URL + "/keys"} {
		if got, err := d.Endpoint(t.Context(), p.URL, member); got != want || err != nil {
			t.Errorf("%s: %q %v", member, got, err)
		}
	}
	if got, err := d.KeysURL(t.Context(), p.URL); got != p.URL+"/keys" || err != nil {
		t.Error(got, err)
	}
	for member, want := range map[string]struct{ reason, says string }{
		"userinfo_endpoint":      {ReasonMember, "userinfo_endpoint is not a string"},
		"introspection_endpoint": {ReasonMember, "has no introspection_endpoint"},
		"revocation_endpoint":    {ReasonAddress, "revocation_endpoint of the discovery document"},
		"end_session_endpoint":   {ReasonAddress, "end_session_endpoint of the discovery document"},
	} {
		got, err := d.Endpoint(t.Context(), p.URL, member)
		var why *Error
		if got != "" || !errors.As(err, &why) || why.Code != CodeDiscovery || why.Reason != want.reason || why.At != p.URL || !strings.Contains(err.Error(), want.says) {
			t.Errorf("%s: %q %v", member, got, err)
		}
	}
	p.want(t, "all of it", 1, 0)
}

// Whoever runs this named a document on this machine: its keys are reached as it is,
// though the issuer is elsewhere.
func TestAKeySetIsReachedAsItsDocumentIs(t *testing.T) {
	const issuer = "https://idp.example"
	keys := publish(t)
	document := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"issuer":"` + issuer + `","jwks_uri":"` + keys.URL + RecordKeysPath + `"}`))
	}))
	defer document.Close()
	d, err := NewDiscovery(DiscoveryConfig{URL: document.URL})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{Discovery: d})
	if err != nil {
		t.Fatal(err)
	}
	if code := token(t, s, issuer, "k1"); code != "" {
		t.Error(code)
	}
}
