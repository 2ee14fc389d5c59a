// Package made makes the ID tokens that all readers are given: the claims of
// Google's guide, signed with each algorithm, and the set of the three keys.
package made

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
)

// What the tokens say.
const (
	Issuer       = "https://accounts.google.com"
	ClientID     = "1234987819200.apps.googleusercontent.com"
	Nonce        = "0394852-3190485-2490358"
	HostedDomain = "example.com"
	claims       = `{"iss":"https://accounts.google.com","azp":"1234987819200.apps.googleusercontent.com","aud":"1234987819200.apps.googleusercontent.com",` +
		`"sub":"10769150350006150715113082367","at_hash":"HK6E_P6Dh8Y93mRNtsDB1Q","hd":"example.com","email":"jsmith@example.com","email_verified":"true",` +
		`"iat":1353601026,"exp":1353604926,"nonce":"0394852-3190485-2490358"}`
)

// Now is a time at which they are valid.
var Now = time.Unix(1353601030, 0)

// Algorithms name the tokens.
var Algorithms = []string{"RS256", "ES256", "EdDSA"}

// Write writes jwks.json and one file ALGORITHM.jwt for each.
func Write(dir string) error {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	set := jwk.NewSet()
	for i, raw := range []any{rsaKey, ecKey, edKey} {
		alg := jwa.SignatureAlgorithm(Algorithms[i])
		key, err := jwk.FromRaw(raw)
		if err != nil {
			return err
		}
		for name, value := range map[string]any{jwk.KeyIDKey: alg.String(), jwk.AlgorithmKey: alg, jwk.KeyUsageKey: "sig"} {
			if err := key.Set(name, value); err != nil {
				return err
			}
		}
		header := jws.NewHeaders()
		if err := header.Set(jws.KeyIDKey, alg.String()); err != nil {
			return err
		}
		token, err := jws.Sign([]byte(claims), jws.WithKey(alg, key, jws.WithProtectedHeaders(header)))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, alg.String()+".jwt"), token, 0o600); err != nil {
			return err
		}
		public, err := key.PublicKey()
		if err != nil {
			return err
		}
		if err := set.AddKey(public); err != nil {
			return err
		}
	}
	text, err := json.Marshal(set)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "jwks.json"), text, 0o600)
}
