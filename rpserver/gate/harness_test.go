package gate

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

func clock() time.Time { return time.Unix(now, 0) }

// signer signs as WebCrypto does for the gate.
type signer struct {
	kid string
	alg jws.Algorithm
	key *ecdsa.PrivateKey
}

func newSigner(t testing.TB, kid string, seed byte) signer {
	t.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{seed}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid, jws.ES256, key}
}

func (s signer) Algorithm() jws.Algorithm { return s.alg }
func (s signer) KeyID() string            { return s.kid }
func (s signer) Sign(input []byte) ([]byte, error) {
	sum := sha256.Sum256(input)
	a, b, err := ecdsa.Sign(rand.Reader, s.key, sum[:])
	if err != nil {
		return nil, err
	}
	return append(a.FillBytes(make([]byte, 32)), b.FillBytes(make([]byte, 32))...), nil
}

func (s signer) jwk(t testing.TB) string {
	t.Helper()
	point, err := s.key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return `{"kty":"EC","crv":"P-256","alg":"ES256","kid":"` + s.kid + `","x":"` + jws.EncodeBase64URL(point[1:33]) + `","y":"` + jws.EncodeBase64URL(point[33:]) + `"}`
}

func keySet(t testing.TB, signers ...signer) *jws.KeySet {
	t.Helper()
	list := make([]string, len(signers))
	for i, s := range signers {
		list[i] = s.jwk(t)
	}
	set, err := jws.ParseKeySet([]byte(`{"keys":[` + strings.Join(list, ",") + `]}`))
	if err != nil || len(set.Rejected()) != 0 {
		t.Fatal(err, set.Rejected())
	}
	return set
}

type fixed struct {
	set *jws.KeySet
	err error
}

func (f fixed) KeySet(context.Context, string) (*jws.KeySet, error) { return f.set, f.err }

type claims map[string]any

// good is what the gate says about GET /a?b of a person.
func good() claims {
	return claims{"iss": gateOrigin, "aud": appOrigin, "iat": now, "exp": now + 60, "method": "GET", "target": "/a?b=%2f",
		"admitted": ByIDToken, "issuer": "https://idp.example", "sub": "ada", "email": "ada@example.com", "expires": now + 600,
		"claims": map[string]any{"sub": "ada", "name": "Ada"}}
}

func goodRecord() claims {
	c := good()
	for _, name := range []string{"sub", "email", "claims"} {
		delete(c, name)
	}
	maps.Copy(c, claims{"admitted": ByRecord, "issuer": "https://issuer.example", "site": "https://news.example", "via": "native", "key": 7, "record_id": "b25jZQ"})
	return c
}

func sign(t testing.TB, s jws.Signer, c claims) string {
	t.Helper()
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.Sign(s, typ, payload)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func newVerifier(t testing.TB, keys jwks.KeySource) *Verifier {
	t.Helper()
	v, err := New(Config{Gate: gateOrigin, Origin: appOrigin, Keys: keys, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func get(assertions ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/a?b=%2f", nil)
	for _, a := range assertions {
		r.Header.Add(Header, a)
	}
	return r
}
