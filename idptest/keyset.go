package idptest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strconv"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// serveKeys answers GET /keys (RFC 7517 section 5).
func (p *Provider) serveKeys(w http.ResponseWriter, r *http.Request, c *call) {
	if !allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	var entries []json.RawMessage
	if !c.quirks.Keys.Unpublished {
		for _, k := range p.keys {
			entries = append(entries, p.entries(k, c.quirks.Keys)...)
		}
	}
	for i := range c.quirks.Keys.More {
		entries = append(entries, mustJSON(p.extra("more-"+strconv.Itoa(i), jws.ES256).jwk(KeyQuirks{})))
	}
	for _, a := range c.quirks.Keys.Algorithms {
		entries = append(entries, mustJSON(p.extra("other-"+string(a), a).jwk(KeyQuirks{})))
	}
	if c.quirks.Keys.BadEntry {
		bad := `{"kty":"RSA","kid":"bad","kid":"bad","e":"AQAB","n":"AQAB"}`
		entries = append([]json.RawMessage{json.RawMessage(bad)}, entries...)
	}
	// encoding/json would drop nothing here: entries are copied as they are.
	b := []byte(`{"keys":[`)
	for i, e := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, e...)
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	writeBody(w, http.StatusOK, "application/jwk-set+json", append(b, "]}"...))
}

// entries is one key as the quirks publish it.
func (p *Provider) entries(k *key, q KeyQuirks) []json.RawMessage {
	one := mustJSON(k.jwk(q))
	out := []json.RawMessage{one}
	if q.Twice {
		out = append(out, one)
	}
	if q.TwoWithOneKID {
		other := *p.extra("twin-"+k.kid, k.alg)
		other.kid = k.kid
		// Before the right one, so that who takes the first takes the wrong one.
		out = append([]json.RawMessage{mustJSON(other.jwk(q))}, out...)
	}
	return out
}

// extra is a key that signs nothing; it is made once.
func (p *Provider) extra(kid string, a jws.Algorithm) *key {
	for _, k := range p.all {
		if k.kid == kid {
			return k
		}
	}
	k, err := p.newKey(a)
	if err != nil {
		panic("idptest: Quirks.Keys.Algorithms: " + err.Error())
	}
	k.kid = kid
	return k
}

// jwk is the public key (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2).
func (k *key) jwk(q KeyQuirks) map[string]any {
	number := func(b []byte) string {
		if q.SignedNumbers {
			b = append([]byte{0}, b...)
		}
		if q.Padded {
			return base64.StdEncoding.EncodeToString(b)
		}
		return jws.EncodeBase64URL(b)
	}
	m := map[string]any{"use": "sig", "alg": string(k.alg), "kid": k.kid}
	switch pub := k.raw.Public().(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", number(pub.N.Bytes()), number(big.NewInt(int64(pub.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := pub.Bytes()
		if err != nil {
			panic("idptest: a key of its own is no point: " + err.Error())
		}
		half := len(point) / 2
		m["kty"], m["crv"], m["x"], m["y"] = "EC", pub.Params().Name, number(point[1:1+half]), number(point[1+half:])
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", jws.EncodeBase64URL(pub)
	}
	if q.NullMembers {
		m["d"], m["x5c"], m["x5t"], m["key_ops"] = nil, nil, nil, []string{}
	}
	if q.NoKeyID {
		delete(m, "kid")
	}
	if q.NoAlgorithm {
		delete(m, "alg")
	}
	return m
}
