package rpserver_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// keys are made once: RSA keys take a while.
var testKeys = sync.OnceValue(func() (k struct{ rs256, es256, stranger *jose.PrivateKey }) {
	var errs [3]error
	k.rs256, errs[0] = jose.GenerateRS256()
	k.es256, errs[1] = jose.GenerateES256()
	k.stranger, errs[2] = jose.GenerateES256()
	for _, err := range errs {
		if err != nil {
			panic(err)
		}
	}
	return k
})

// idp is an identity provider as far as a relying party's server can see one:
// discovery and keys. Tokens are signed on request.
type idp struct {
	*httptest.Server
	mu      sync.Mutex
	keys    []*jose.PrivateKey // published
	fetched int                // times that the key set was asked for
	broken  bool               // answers 500
	answer  string             // the ID token that any code is good for
}

const clientID = "shop-client"

func newIdP(t *testing.T) *idp {
	p := &idp{keys: []*jose.PrivateKey{testKeys().rs256, testKeys().es256}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{
			"issuer": p.URL, "jwks_uri": p.URL + "/jwks.json", "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"access_token": "x", "token_type": "Bearer", "id_token": p.answer})
	})
	mux.HandleFunc("GET /jwks.json", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.fetched++
		if p.broken {
			http.Error(w, "broken", http.StatusInternalServerError)
			return
		}
		b, err := jose.PublicSet(p.keys...)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", jose.ContentType)
		w.Header().Set("Cache-Control", "max-age=60")
		_, _ = w.Write(b)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *idp) setBroken() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = true
}

func (p *idp) url() string {
	if p.Server == nil {
		return ""
	}
	return p.URL
}

func (p *idp) provider() rpserver.Provider {
	return rpserver.Provider{ConfigURL: p.URL + "/fedcm.json", Issuer: p.URL, ClientID: clientID}
}

// fixedKeys is a source of keys that never change.
type fixedKeys struct{ set *jws.KeySet }

func (f fixedKeys) KeySet(context.Context, string) (*jws.KeySet, error) { return f.set, nil }

type claims map[string]any

// claims are those of a good token of ada for this nonce.
func (p *idp) claims(nonce string, now time.Time) claims {
	return claims{
		"iss": p.url(), "aud": clientID, "sub": "ada", "nonce": nonce,
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"name": "Ada Lovelace", "email": "ada@example.test", "email_verified": true,
	}
}

// with returns c changed; a nil value removes the claim.
func (c claims) with(changes claims) claims {
	out := maps.Clone(c)
	for k, v := range changes {
		if v == nil {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

func sign(t testing.TB, key *jose.PrivateKey, c claims) string {
	t.Helper()
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.Sign(key.Signer(), "JWT", payload)
	if err != nil {
		t.Fatal(err)
	}
	return token
}
