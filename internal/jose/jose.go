// Package jose makes, loads, stores and publishes signing keys. It is the only
// importer of github.com/lestrrat-go/jwx/v2, which does JWK encoding, RFC 7638
// thumbprints and the raw signatures here.
//
// jwx never reads an untrusted token and never sees claims: tokens are written
// and read by protocol/jws, which asks a Signer of this package for a signature
// over bytes. Advisory GHSA-4cf7-xm37-g63h (a custom claim or member name that
// breaks out of its JSON) therefore has no way in: every JWK that jwx writes has
// the members of its RFC and no others.
package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	jwxjws "github.com/lestrrat-go/jwx/v2/jws"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// ContentType is the media type of a published JWK set (RFC 7517 section 8.5.2).
const ContentType = "application/jwk-set+json"

// PrivateKey is a private signing key with one algorithm. It is immutable and
// safe for concurrent use. Printing one shows its key id alone.
type PrivateKey struct {
	alg    jws.Algorithm
	kid    string
	raw    crypto.Signer
	signer jwxjws.Signer
}

// GenerateRS256 makes an RSA key of 2048 bits for RS256, OpenID Connect's
// default. A signature costs about twenty times one of ES256.
func GenerateRS256() (*PrivateKey, error) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	return newPrivateKey(k)
}

// GenerateES256 makes a P-256 key.
func GenerateES256() (*PrivateKey, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return newPrivateKey(k)
}

// GenerateEd25519 makes an Ed25519 key, whose signatures are deterministic: the
// kind that redemption records need.
func GenerateEd25519() (*PrivateKey, error) {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return newPrivateKey(k)
}

// FromEd25519Seed returns the Ed25519 key of a 32-byte secret.
func FromEd25519Seed(seed []byte) (*PrivateKey, error) {
	if len(seed) != ed25519.SeedSize {
		return nil, errors.New("jose: an Ed25519 seed has 32 bytes")
	}
	return newPrivateKey(ed25519.NewKeyFromSeed(seed))
}

var algorithms = map[jws.Algorithm]jwa.SignatureAlgorithm{
	jws.RS256: jwa.RS256,
	jws.ES256: jwa.ES256,
	jws.EdDSA: jwa.EdDSA,
}

func newPrivateKey(raw crypto.Signer) (*PrivateKey, error) {
	k := &PrivateKey{raw: raw}
	switch key := raw.(type) {
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < 2048 || bits > 8192 {
			return nil, errors.New("jose: an RSA key has fewer than 2048 or more than 8192 bits")
		}
		if err := key.Validate(); err != nil {
			return nil, fmt.Errorf("jose: the RSA key is not consistent: %w", err)
		}
		// A key that was read from a JWK computes what speeds up signing anew for
		// every signature, an eighth of its time, unless it is told to keep it.
		key.Precompute()
		k.alg = jws.RS256
	case *ecdsa.PrivateKey:
		if key.Curve != elliptic.P256() {
			return nil, errors.New("jose: only P-256 keys sign here")
		}
		// The key must belong to its public part, or what is published
		// verifies nothing that is signed.
		b, err := key.Bytes()
		if err != nil {
			return nil, errors.New("jose: the EC key is not valid")
		}
		again, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), b)
		if err != nil || !again.PublicKey.Equal(&key.PublicKey) {
			return nil, errors.New("jose: the EC key's public part is not its own")
		}
		k.alg = jws.ES256
	case ed25519.PrivateKey:
		if len(key) != ed25519.PrivateKeySize || !key.Equal(ed25519.NewKeyFromSeed(key.Seed())) {
			return nil, errors.New("jose: the Ed25519 key's public part is not its own")
		}
		k.alg = jws.EdDSA
	default:
		return nil, errors.New("jose: keys are RSA, P-256 or Ed25519")
	}
	public, err := jwk.FromRaw(raw.Public())
	if err != nil {
		return nil, fmt.Errorf("jose: %w", err)
	}
	thumb, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("jose: %w", err)
	}
	k.kid = base64.RawURLEncoding.EncodeToString(thumb)
	if k.signer, err = jwxjws.NewSigner(algorithms[k.alg]); err != nil {
		return nil, fmt.Errorf("jose: %w", err)
	}
	return k, nil
}

// ParsePrivateJWK reads a private key that PrivateJWK or another tool wrote: an
// RSA, P-256 or Ed25519 JWK. The key id is always the thumbprint, whatever kid
// the JWK has; an alg other than the one of its kind, or a use other than sig,
// is refused. Errors never repeat the key.
func ParsePrivateJWK(b []byte) (*PrivateKey, error) {
	v, err := strictjson.Parse(b, strictjson.Limits{MaxSize: 32 << 10})
	if err != nil || v.Kind() != strictjson.Object {
		return nil, errors.New("jose: the private key is not a strict JSON object (JWK)")
	}
	if !v.Get("d").Exists() {
		return nil, errors.New(`jose: the JWK has no private part ("d")`)
	}
	if use := v.Get("use"); use.Exists() && use.Raw() != `"sig"` {
		return nil, errors.New("jose: the JWK is not for signatures (use)")
	}
	parsed, err := jwk.ParseKey(b)
	if err != nil {
		return nil, errors.New("jose: the private key is not a JWK of a known kind")
	}
	var raw any
	if err := parsed.Raw(&raw); err != nil {
		return nil, errors.New("jose: the private key's values do not make a key")
	}
	signer, ok := raw.(crypto.Signer)
	if !ok {
		return nil, errors.New("jose: the JWK is not a private signing key")
	}
	k, err := newPrivateKey(signer)
	if err != nil {
		return nil, err
	}
	if alg := v.Get("alg"); alg.Exists() {
		if s, _ := alg.Text(); s != string(k.alg) {
			return nil, errors.New("jose: the JWK's alg is not " + string(k.alg) + ", which keys of its kind sign with here")
		}
	}
	return k, nil
}

// PrivateJWK returns the private key as a JWK: a secret, to be stored where only
// the signer can read it.
func (k *PrivateKey) PrivateJWK() ([]byte, error) { return k.marshal(k.raw) }

// PublicJWK returns the public key as a JWK with kid, alg and use.
func (k *PrivateKey) PublicJWK() ([]byte, error) { return k.marshal(k.raw.Public()) }

func (k *PrivateKey) marshal(raw any) ([]byte, error) {
	key, err := jwk.FromRaw(raw)
	if err != nil {
		return nil, fmt.Errorf("jose: %w", err)
	}
	for name, value := range map[string]any{jwk.KeyIDKey: k.kid, jwk.AlgorithmKey: algorithms[k.alg], jwk.KeyUsageKey: jwk.ForSignature} {
		if err := key.Set(name, value); err != nil {
			return nil, fmt.Errorf("jose: %w", err)
		}
	}
	return json.Marshal(key)
}

// PublicSet returns the JWK set of the keys' public parts, in the order given.
func PublicSet(keys ...*PrivateKey) ([]byte, error) {
	list := make([][]byte, len(keys))
	for i, k := range keys {
		var err error
		if list[i], err = k.PublicJWK(); err != nil {
			return nil, err
		}
	}
	return Set(list...)
}

// Set returns the JWK set of public JWKs, in the order given.
func Set(jwks ...[]byte) ([]byte, error) {
	var w strictjson.Writer
	w.Raw("keys", strictjson.AppendArray(nil, jwks...))
	return w.Bytes()
}

// KeyID returns the RFC 7638 SHA-256 thumbprint of the public key in base64url.
func (k *PrivateKey) KeyID() string { return k.kid }

// Algorithm returns the one algorithm that the key signs with.
func (k *PrivateKey) Algorithm() jws.Algorithm { return k.alg }

// Signer returns the key as protocol/jws wants it.
func (k *PrivateKey) Signer() jws.Signer { return signer{k} }

type signer struct{ k *PrivateKey }

func (s signer) Algorithm() jws.Algorithm { return s.k.alg }
func (s signer) KeyID() string            { return s.k.kid }

func (s signer) Sign(input []byte) ([]byte, error) { return s.k.signer.Sign(input, s.k.raw) }

// String returns the algorithm and key id; the private part is never printed.
func (k *PrivateKey) String() string { return string(k.alg) + " key " + k.kid }

// GoString keeps %#v from printing the private part.
func (k *PrivateKey) GoString() string { return k.String() }
