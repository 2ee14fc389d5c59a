// Package jose holds our tokens and keys against the libraries that read them
// elsewhere, and theirs against our reader.
package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"testing"

	josev4 "github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	jwxjws "github.com/lestrrat-go/jwx/v2/jws"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

const payload = `{"iss":"https://idp.example","sub":"ada"}`

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Tokens that we sign verify in go-jose, golang-jwt and jwx, with keys read from
// the set that we publish.
func TestOurTokensVerifyElsewhere(t *testing.T) {
	keys := []*jose.PrivateKey{must(jose.GenerateRS256()), must(jose.GenerateES256()), must(jose.GenerateEd25519())}
	set := must(jose.PublicSet(keys...))
	var theirs josev4.JSONWebKeySet
	if err := json.Unmarshal(set, &theirs); err != nil {
		t.Fatal(err)
	}
	jwxSet := must(jwk.Parse(set))
	for _, k := range keys {
		token := must(jws.Sign(k.Signer(), "JWT", []byte(payload)))
		found := theirs.Key(k.KeyID())
		if len(found) != 1 || !found[0].Valid() {
			t.Fatalf("%s: go-jose finds %d keys", k, len(found))
		}
		parsed, err := josev4.ParseSigned(token, []josev4.SignatureAlgorithm{josev4.SignatureAlgorithm(k.Algorithm())})
		if err != nil {
			t.Fatalf("go-jose, %s: %v", k, err)
		}
		if got, err := parsed.Verify(found[0].Key); err != nil || string(got) != payload {
			t.Errorf("go-jose, %s: %v", k, err)
		}
		if _, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return found[0].Key, nil }, jwt.WithValidMethods([]string{string(k.Algorithm())})); err != nil {
			t.Errorf("golang-jwt, %s: %v", k, err)
		}
		if got, err := jwxjws.Verify([]byte(token), jwxjws.WithKeySet(jwxSet)); err != nil || string(got) != payload {
			t.Errorf("jwx, %s: %v", k, err)
		}
	}
}

type foreignKey struct {
	alg    string
	key    crypto.Signer
	public crypto.PublicKey
}

func foreignKeys() []foreignKey {
	r := must(rsa.GenerateKey(rand.Reader, 2048))
	e := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	e3 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	_, d, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return []foreignKey{{"RS256", r, r.Public()}, {"PS256", r, r.Public()}, {"ES256", e, e.Public()}, {"ES384", e3, e3.Public()}, {"EdDSA", d, d.Public()}}
}

// Tokens that the others sign, with keys that they publish, are accepted here.
func TestForeignTokensAreAccepted(t *testing.T) {
	for _, f := range foreignKeys() {
		for range 20 { // ECDSA and PSS are randomised
			set := must(json.Marshal(josev4.JSONWebKeySet{Keys: []josev4.JSONWebKey{{Key: f.public, KeyID: "k", Algorithm: f.alg, Use: "sig"}}}))
			fromJose := must(jws.ParseKeySet(set))
			jwxKey := must(jwk.FromRaw(f.public))
			_ = jwxKey.Set(jwk.KeyIDKey, "k")
			jwxSet := jwk.NewSet()
			_ = jwxSet.AddKey(jwxKey)
			fromJWX := must(jws.ParseKeySet(must(json.Marshal(jwxSet))))

			signer := must(josev4.NewSigner(josev4.SigningKey{Algorithm: josev4.SignatureAlgorithm(f.alg), Key: f.key}, (&josev4.SignerOptions{}).WithType("JWT").WithHeader("kid", "k")))
			byJose := must(must(signer.Sign([]byte(payload))).CompactSerialize())
			unsigned := jwt.New(jwt.GetSigningMethod(f.alg))
			unsigned.Header["kid"] = "k"
			unsigned.Claims = jwt.MapClaims{"sub": "ada"}
			byJWT := must(unsigned.SignedString(f.key))
			headers := jwxjws.NewHeaders()
			_ = headers.Set("kid", "k")
			byJWX := string(must(jwxjws.Sign([]byte(payload), jwxjws.WithKey(jwa.SignatureAlgorithm(f.alg), f.key, jwxjws.WithProtectedHeaders(headers)))))
			for name, token := range map[string]string{"go-jose": byJose, "golang-jwt": byJWT, "jwx": byJWX} {
				for keys, set := range map[string]*jws.KeySet{"go-jose": fromJose, "jwx": fromJWX} {
					if _, err := jws.Verify(token, set, jws.Policy{Types: []string{"JWT"}, AllowNoType: true}); err != nil {
						t.Errorf("%s by %s with the key set of %s: %v", f.alg, name, keys, err)
					}
				}
			}
		}
	}
}
