package idpserver_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"testing"
)

func (p *idp) jwks() []byte {
	p.t.Helper()
	res := p.browser().get("/jwks.json")
	wantStatus(p.t, res, http.StatusOK)
	return []byte(body(p.t, res))
}

func b64(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// verifyStdlib checks a token's signature with the standard library alone.
func verifyStdlib(t *testing.T, token string, jwks []byte) (alg string) {
	t.Helper()
	parts := strings.Split(token, ".")
	var header struct{ Alg, Kid, Typ string }
	if err := json.Unmarshal(b64(t, parts[0]), &header); err != nil {
		t.Fatal(err)
	}
	if header.Typ != "JWT" {
		t.Errorf("typ = %q", header.Typ)
	}
	var set struct {
		Keys []struct{ Kid, Kty, Alg, Use, N, E, Crv, X, Y, D string }
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	sig := b64(t, parts[2])
	for _, k := range set.Keys {
		if k.D != "" {
			t.Fatal("the published set holds a private key")
		}
		if k.Kid != header.Kid {
			continue
		}
		if k.Alg != header.Alg || k.Use != "sig" {
			t.Errorf("key: alg %q use %q, token: alg %q", k.Alg, k.Use, header.Alg)
		}
		switch k.Kty {
		case "RSA":
			pub := &rsa.PublicKey{N: new(big.Int).SetBytes(b64(t, k.N)), E: int(new(big.Int).SetBytes(b64(t, k.E)).Int64())}
			if err := rsa.VerifyPKCS1v15(pub, crypto.SHA256, digest[:], sig); err != nil {
				t.Fatal(err)
			}
		case "EC":
			pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, b64(t, k.X)...), b64(t, k.Y)...))
			if err != nil {
				t.Fatal(err)
			}
			if len(sig) != 64 || !ecdsa.Verify(pub, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
				t.Fatal("the signature is wrong")
			}
		default:
			t.Fatalf("kty = %q", k.Kty)
		}
		return header.Alg
	}
	t.Fatalf("no published key has the kid %q", header.Kid)
	return ""
}
