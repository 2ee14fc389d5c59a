// Command idtoken measures one reader of ID tokens. Its first argument is the
// reader (ours, go-oidc, golang-jwt, jwx), its second the folder in which the
// bench has written the keys (jwks.json), the tokens (RS256.jwt, ...) and their
// nonce. Every reader does all checks that it offers for a relying party.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	ours "github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/test/bench/contender"
	"github.com/bonafides-dev/bonafides/test/bench/idtoken/made"
	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v2/jwk"
	jwxt "github.com/lestrrat-go/jwx/v2/jwt"
)

func main() {
	reader, dir := os.Args[1], os.Args[2]
	set := contender.Must(os.ReadFile(filepath.Join(dir, "jwks.json")))
	now := made.Now
	var verify func(token string) error
	switch reader {
	case "ours":
		c := ours.Config{Issuer: made.Issuer, ClientID: made.ClientID, Nonce: made.Nonce, HostedDomain: made.HostedDomain,
			Keys: contender.Must(jws.ParseKeySet(set))}
		verify = func(token string) error { _, err := ours.Verify(token, c, now); return err }
	case "go-oidc":
		var keys []crypto.PublicKey
		parsed := contender.Must(jwk.Parse(set))
		for i := range parsed.Len() {
			k, _ := parsed.Key(i)
			var raw any
			contender.Check(k.Raw(&raw))
			keys = append(keys, raw)
		}
		v := gooidc.NewVerifier(made.Issuer, &gooidc.StaticKeySet{PublicKeys: keys}, &gooidc.Config{ClientID: made.ClientID,
			SupportedSigningAlgs: []string{"RS256", "ES256", "EdDSA"}, Now: func() time.Time { return now }})
		verify = func(token string) error {
			t, err := v.Verify(context.Background(), token)
			if err == nil && t.Nonce != made.Nonce {
				err = errors.New("nonce")
			}
			return err
		}
	case "golang-jwt":
		keys := map[string]any{}
		parsed := contender.Must(jwk.Parse(set))
		for i := range parsed.Len() {
			k, _ := parsed.Key(i)
			var raw any
			contender.Check(k.Raw(&raw))
			keys[k.KeyID()] = raw
		}
		p := jwt.NewParser(jwt.WithValidMethods([]string{"RS256", "ES256", "EdDSA"}), jwt.WithIssuer(made.Issuer), jwt.WithAudience(made.ClientID),
			jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(func() time.Time { return now }))
		verify = func(token string) error {
			claims := jwt.MapClaims{}
			_, err := p.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) { return keys[t.Header["kid"].(string)], nil })
			if err == nil && claims["nonce"] != made.Nonce {
				err = errors.New("nonce")
			}
			return err
		}
	case "jwx":
		keys := contender.Must(jwk.Parse(set))
		verify = func(token string) error {
			_, err := jwxt.ParseString(token, jwxt.WithKeySet(keys), jwxt.WithIssuer(made.Issuer), jwxt.WithAudience(made.ClientID),
				jwxt.WithClaimValue("nonce", made.Nonce), jwxt.WithClock(jwxt.ClockFunc(func() time.Time { return now })))
			return err
		}
	case "bare":
		verify = nil
	default:
		contender.Check(fmt.Errorf("no reader is called %q", reader))
	}
	var ops []contender.Op
	for _, alg := range made.Algorithms {
		token := string(contender.Must(os.ReadFile(filepath.Join(dir, alg+".jwt"))))
		check := bare(set, alg, token)
		alone := func() {
			if !check() {
				panic("a good signature was refused")
			}
		}
		run := func(int) { contender.Check(verify(token)) }
		if verify == nil {
			ops = append(ops, contender.Op{Name: alg, Items: 1, Run: func(int) { alone() }})
			continue
		}
		if verify(token[:len(token)-8]+"AAAAAAAA") == nil {
			panic("a bad signature was accepted")
		}
		ops = append(ops, contender.Op{Name: alg, Items: 1, Run: run, Bare: alone})
	}
	contender.Serve(ops...)
}

// bare is the signature check alone, its hash included.
func bare(set []byte, alg, token string) func() bool {
	dot := strings.LastIndexByte(token, '.')
	input := []byte(token[:dot])
	sig := contender.Must(base64.RawURLEncoding.DecodeString(token[dot+1:]))
	k, ok := contender.Must(jwk.Parse(set)).LookupKeyID(alg)
	if !ok {
		panic("no key " + alg)
	}
	var raw any
	contender.Check(k.Raw(&raw))
	switch key := raw.(type) {
	case *rsa.PublicKey:
		return func() bool {
			h := sha256.Sum256(input)
			return rsa.VerifyPKCS1v15(key, crypto.SHA256, h[:], sig) == nil
		}
	case *ecdsa.PublicKey:
		der := contender.Must(asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])}))
		return func() bool {
			h := sha256.Sum256(input)
			return ecdsa.VerifyASN1(key, h[:], der)
		}
	case ed25519.PublicKey:
		return func() bool { return ed25519.Verify(key, input, sig) }
	}
	panic("no such key")
}
