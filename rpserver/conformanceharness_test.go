package rpserver_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// wire is between the relying party and the provider. It keeps the ID token that came
// last, can do something before a request, and can publish the keys elsewhere.
type wire struct {
	t       *testing.T
	before  func(idptest.Endpoint)
	keysAt  string // a path that the discovery document names in place of the keys' own
	mu      sync.Mutex
	idToken string
	keysGot int // fetches of keysAt
}

func (w *wire) client(c *rpserver.Config) { c.Client = &http.Client{Transport: w} }

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	at := idptest.Endpoint(r.URL.Path)
	if w.before != nil {
		w.before(at)
	}
	if w.keysAt != "" && r.URL.Path == w.keysAt {
		w.mu.Lock()
		w.keysGot++
		w.mu.Unlock()
		r = r.Clone(r.Context())
		r.URL.Path = string(idptest.JWKS)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	switch {
	case at == idptest.Token:
		var answer struct {
			IDToken string `json:"id_token"`
		}
		if err := json.Unmarshal(body, &answer); err != nil {
			return nil, err
		}
		w.mu.Lock()
		w.idToken = answer.IDToken
		w.mu.Unlock()
	case at == idptest.Discovery && w.keysAt != "":
		body = bytes.Replace(body, []byte(string(idptest.JWKS)+`"`), []byte(w.keysAt+`"`), 1)
		res.ContentLength = int64(len(body))
		res.Header.Del("Content-Length")
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	return res, nil
}

func (w *wire) token() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.idToken
}

// keysOf are the keys that the provider publishes now.
func keysOf(t *testing.T, idp *idptest.Provider) *jws.KeySet {
	t.Helper()
	res, err := http.Get(idp.URL(idptest.JWKS))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := jws.ParseKeySet(body)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// lenient judges as the relying party does, with the provider's keys, and takes any
// nonce. A control changes one thing of it.
func lenient(t *testing.T, idp *idptest.Provider) oidc.Config {
	t.Helper()
	return oidc.Config{
		Issuer: idp.Issuer, ClientID: idp.ClientID, Keys: keysOf(t, idp),
		CheckNonce: func(string) error { return nil },
	}
}

// signedAnew is a token with the same claims, changed, under a signature that c knows:
// what it says is judged, and how it was signed is not.
func signedAnew(t *testing.T, c *oidc.Config, token, typ string, change func(claims map[string]any)) string {
	t.Helper()
	payload, ok := jws.DecodeBase64URL(strings.Split(token, ".")[1])
	if !ok {
		t.Fatalf("no payload in %q", token)
	}
	if change != nil {
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatal(err)
		}
		change(claims)
		var err error
		if payload, err = json.Marshal(claims); err != nil {
			t.Fatal(err)
		}
	}
	key, err := jose.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	public, err := jose.PublicSet(key)
	if err != nil {
		t.Fatal(err)
	}
	if c.Keys, err = jws.ParseKeySet(public); err != nil {
		t.Fatal(err)
	}
	signed, err := jws.Sign(key.Signer(), typ, payload)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// headerOf is the header of a token.
func headerOf(t *testing.T, token string) map[string]any {
	t.Helper()
	b, ok := jws.DecodeBase64URL(strings.Split(token, ".")[0])
	header := map[string]any{}
	if err := json.Unmarshal(b, &header); !ok || err != nil {
		t.Fatalf("no header: %v", err)
	}
	return header
}

// last is the newest request to an endpoint.
func last(t *testing.T, idp *idptest.Provider, e idptest.Endpoint) idptest.Request {
	t.Helper()
	all := idp.Requests()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Endpoint == e {
			return all[i]
		}
	}
	t.Fatalf("nobody asked %s", e)
	panic("unreachable")
}

// planned holds the modules of a plan against their number in it.
func planned(t *testing.T, modules map[string]func(*testing.T), number int) {
	t.Helper()
	if len(modules) != number {
		t.Errorf("%d modules, and the plan has %d", len(modules), number)
	}
	for name, run := range modules {
		t.Run(name, func(t *testing.T) { t.Parallel(); run(t) })
	}
}
