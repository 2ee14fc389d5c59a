package provider

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// appleIssuer is the iss of Apple's tokens and the aud of secrets for it. In June 2025 the
// discovery document named account.apple.com for a day, and tokens never did: an alias
// would not have helped, and Apple's documentation has one issuer.
const appleIssuer = "https://appleid.apple.com"

// appleSecretLifetime is how long a secret is good for; Apple takes up to six months.
const appleSecretLifetime = 5 * time.Minute

// AppleKey is what Apple gives a team for "Sign in with Apple".
type AppleKey struct {
	TeamID string // 10 characters
	KeyID  string // 10 characters, in the name of the file
	PEM    []byte // the file AuthKey_KEYID.p8
}

// Apple is Sign in with Apple. clientID is the Services ID. Its secret is a token that
// is signed anew for each request; it takes it in the body alone; and with any scope it
// answers by a POST, so the site must be https. A person's name comes once, at their
// first sign-in, and is what their browser says. Users are kept by sub, which is the
// team's: an address may be a relay that Apple made for this site.
func Apple(clientID string, key AppleKey) (rpserver.Provider, error) {
	if key.TeamID == "" || key.KeyID == "" {
		return rpserver.Provider{}, errors.New("provider: Apple's TeamID or KeyID is empty")
	}
	signer, err := newES256Signer(key.KeyID, key.PEM)
	if err != nil {
		return rpserver.Provider{}, err
	}
	return rpserver.Provider{
		Name:     "apple",
		Issuer:   appleIssuer,
		ClientID: clientID,
		ClientSecretFunc: func(context.Context) (string, error) {
			return appleSecret(signer, key.TeamID, clientID, time.Now())
		},
		TokenAuth:    "client_secret_post",
		Scopes:       []string{"name", "email"},
		ResponseMode: "form_post",
		Userinfo:     rpserver.UserinfoNever,
	}, nil
}

func appleSecret(s jws.Signer, team, clientID string, now time.Time) (string, error) {
	var w strictjson.Writer
	w.String("aud", appleIssuer)
	w.Int("exp", now.Add(appleSecretLifetime).Unix())
	w.Int("iat", now.Unix())
	w.String("iss", team)
	w.String("sub", clientID)
	claims, err := w.Bytes()
	if err != nil {
		return "", err
	}
	return jws.Sign(s, "", claims)
}

// es256 signs with a key of a PEM file.
type es256 struct {
	kid string
	key *ecdsa.PrivateKey
}

// newES256Signer reads a PKCS #8 key on P-256.
func newES256Signer(kid string, file []byte) (jws.Signer, error) {
	block, _ := pem.Decode(file)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("provider: the key is no PEM file with a PRIVATE KEY: give the .p8 file as it was downloaded")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("provider: the PEM file holds no PKCS #8 private key")
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, fmt.Errorf("provider: the key is %T, not one on P-256", parsed)
	}
	return &es256{kid, key}, nil
}

func (s *es256) Algorithm() jws.Algorithm { return jws.ES256 }
func (s *es256) KeyID() string            { return s.kid }

// Sign writes r and s side by side (RFC 7518 section 3.4).
func (s *es256) Sign(input []byte) ([]byte, error) {
	digest := sha256.Sum256(input)
	r, t, err := ecdsa.Sign(rand.Reader, s.key, digest[:])
	if err != nil {
		return nil, err
	}
	const size = 32
	signature := make([]byte, 2*size)
	r.FillBytes(signature[:size])
	t.FillBytes(signature[size:])
	return signature, nil
}
