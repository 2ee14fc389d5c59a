package provider_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/rpserver/provider"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// pemOf is a key as Apple gives it out: PKCS #8.
func pemOf(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func newKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Apple takes a token in the secret's place ("Creating a client secret"): ES256, kid, and
// the five claims; at most six months long.
func TestTheSecretForApple(t *testing.T) {
	key := newKey(t, elliptic.P256())
	p, err := provider.Apple("com.example.web", provider.AppleKey{TeamID: "ABCDE12345", KeyID: "KEY1234567", PEM: pemOf(t, key)})
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now().Unix()
	secret, err := p.ClientSecretFunc(context.Background())
	after := time.Now().Unix()
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := json.Marshal(map[string]any{"keys": []map[string]string{{
		"kty": "EC", "crv": "P-256", "kid": "KEY1234567", "alg": "ES256",
		"x": jws.EncodeBase64URL(point[1:33]), "y": jws.EncodeBase64URL(point[33:]),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := jws.ParseKeySet(jwk)
	if err != nil {
		t.Fatal(err)
	}
	m, err := jws.Verify(secret, keys, jws.Policy{AllowNoType: true, Algorithms: []jws.Algorithm{jws.ES256}})
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Iss, Aud, Sub string
		Iat, Exp      int64
	}
	if err := json.Unmarshal(m.Payload, &claims); err != nil {
		t.Fatal(err)
	}
	if claims.Iss != "ABCDE12345" || claims.Sub != "com.example.web" || claims.Aud != "https://appleid.apple.com" {
		t.Errorf("%+v", claims)
	}
	if claims.Iat < before || claims.Iat > after || claims.Exp <= claims.Iat || claims.Exp-claims.Iat > 15777000 {
		t.Errorf("times %+v", claims)
	}
}

func TestApple(t *testing.T) {
	p, err := provider.Apple("com.example.web", provider.AppleKey{TeamID: "ABCDE12345", KeyID: "KEY1234567", PEM: pemOf(t, newKey(t, elliptic.P256()))})
	if err != nil {
		t.Fatal(err)
	}
	if p.Issuer != "https://appleid.apple.com" || p.TokenAuth != "client_secret_post" || p.ResponseMode != "form_post" || p.Userinfo != rpserver.UserinfoNever {
		t.Errorf("%+v", p)
	}
	for origin, good := range map[string]bool{"https://shop.example": true, "http://localhost:8080": false} {
		_, err := rpserver.New(rpserver.Config{Origin: origin, Store: rpmem.New(time.Now()), Providers: []rpserver.Provider{p}})
		if good != (err == nil) || !good && !strings.Contains(err.Error(), "ResponseMode") {
			t.Errorf("%s: %v", origin, err)
		}
	}
}

func TestKeysThatAreNotApples(t *testing.T) {
	good := newKey(t, elliptic.P256())
	sec1, err := x509.MarshalECPrivateKey(good)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		key  provider.AppleKey
		says string
	}{
		{"nothing", provider.AppleKey{TeamID: "T", KeyID: "K"}, "no PEM"},
		{"no PEM", provider.AppleKey{TeamID: "T", KeyID: "K", PEM: []byte("secret words")}, "no PEM"},
		{"the file's path", provider.AppleKey{TeamID: "T", KeyID: "K", PEM: []byte("AuthKey_K.p8")}, "no PEM"},
		{"another form of key", provider.AppleKey{TeamID: "T", KeyID: "K", PEM: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1})}, "PRIVATE KEY"},
		{"no PKCS #8", provider.AppleKey{TeamID: "T", KeyID: "K", PEM: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")})}, "PKCS #8"},
		{"RSA", provider.AppleKey{TeamID: "T", KeyID: "K", PEM: pemOf(t, rsaKey)}, "P-256"},
		{"P-384", provider.AppleKey{TeamID: "T", KeyID: "K", PEM: pemOf(t, newKey(t, elliptic.P384()))}, "P-256"},
		{"no team", provider.AppleKey{KeyID: "K", PEM: pemOf(t, good)}, "TeamID"},
		{"no key id", provider.AppleKey{TeamID: "T", PEM: pemOf(t, good)}, "KeyID"},
	} {
		_, err := provider.Apple("com.example.web", c.key)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if strings.Contains(err.Error(), "secret words") {
			t.Errorf("%s: the error repeats the file", c.name)
		}
	}
}
