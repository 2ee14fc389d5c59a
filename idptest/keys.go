package idptest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // the hashes of the algorithms
	_ "crypto/sha512"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// key is a signing key.
type key struct {
	kid string
	alg jws.Algorithm
	raw crypto.Signer
}

// hashOf is what an algorithm hashes with; 0 for Ed25519, which does so itself.
func hashOf(a jws.Algorithm) crypto.Hash {
	switch {
	case strings.HasSuffix(string(a), "256"):
		return crypto.SHA256
	case strings.HasSuffix(string(a), "384"):
		return crypto.SHA384
	case strings.HasSuffix(string(a), "512"):
		return crypto.SHA512
	}
	return 0
}

// spare are RSA keys of providers that have ended: making one takes long, and no two
// providers that live at once may have the same.
var spare struct {
	sync.Mutex
	keys []crypto.Signer
}

func generate(a jws.Algorithm) (crypto.Signer, error) {
	switch a {
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		spare.Lock()
		defer spare.Unlock()
		if n := len(spare.keys); n > 0 {
			k := spare.keys[n-1]
			spare.keys = spare.keys[:n-1]
			return k, nil
		}
		return rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA":
		_, k, err := ed25519.GenerateKey(rand.Reader)
		return k, err
	}
	return nil, fmt.Errorf("there is no key for algorithm %q", a)
}

// newKey makes a key that belongs to the provider and is not published yet.
func (p *Provider) newKey(a jws.Algorithm) (*key, error) {
	raw, err := generate(a)
	if err != nil {
		return nil, err
	}
	p.made++
	k := &key{"key-" + strconv.Itoa(p.made), a, raw}
	p.all = append(p.all, k)
	return k, nil
}

func (p *Provider) addKey(a jws.Algorithm) error {
	k, err := p.newKey(a)
	if err == nil {
		p.keys = append(p.keys, k)
	}
	return err
}

func (p *Provider) giveBackKeys() {
	spare.Lock()
	defer spare.Unlock()
	for _, k := range p.all {
		if _, ok := k.raw.(*rsa.PrivateKey); ok {
			spare.keys = append(spare.keys, k.raw)
		}
	}
}

// sign writes a compact JWS over any header and payload.
func (k *key) sign(header, payload []byte) (string, error) {
	input := jws.EncodeBase64URL(header) + "." + jws.EncodeBase64URL(payload)
	sig, err := k.signature([]byte(input))
	return input + "." + jws.EncodeBase64URL(sig), err
}

func (k *key) signature(input []byte) ([]byte, error) {
	h := hashOf(k.alg)
	digest := input
	if h != 0 {
		d := h.New()
		d.Write(input)
		digest = d.Sum(nil)
	}
	switch raw := k.raw.(type) {
	case *rsa.PrivateKey:
		if k.alg[0] == 'P' { // RFC 7518 section 3.5: salt as long as the hash
			return rsa.SignPSS(rand.Reader, raw, h, digest, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.SignPKCS1v15(rand.Reader, raw, h, digest)
	case *ecdsa.PrivateKey: // section 3.4: r and s, each of the curve's full size
		r, s, err := ecdsa.Sign(rand.Reader, raw, digest)
		if err != nil {
			return nil, err
		}
		size := (raw.Params().BitSize + 7) / 8
		out := make([]byte, 2*size)
		r.FillBytes(out[:size])
		s.FillBytes(out[size:])
		return out, nil
	}
	return k.raw.Sign(rand.Reader, digest, crypto.Hash(0))
}

// signer is the key that signs now.
func (p *Provider) signer() *key { return p.keys[len(p.keys)-1] }

// RotateKeys makes a key that signs from now on and is published at once, as most
// providers do it; the old ones stay published. Without an algorithm it is the one of
// the key before; with several, one key is made for each and the last one signs.
func (p *Provider) RotateKeys(algorithms ...jws.Algorithm) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(algorithms) == 0 {
		algorithms = []jws.Algorithm{p.signer().alg}
	}
	for _, a := range algorithms {
		if err := p.addKey(a); err != nil {
			return fmt.Errorf("idptest: %w", err)
		}
	}
	return nil
}

// WithdrawKeys takes every key out of the set but the one that signs. Tokens of the old
// ones are no longer good.
func (p *Provider) WithdrawKeys() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys = p.keys[len(p.keys)-1:]
}

// verifies tells whether the key made this signature.
func (k *key) verifies(input string, signature []byte) bool {
	h := hashOf(k.alg)
	digest := []byte(input)
	if h != 0 {
		d := h.New()
		d.Write(digest)
		digest = d.Sum(nil)
	}
	switch pub := k.raw.Public().(type) {
	case *rsa.PublicKey:
		if k.alg[0] == 'P' {
			return rsa.VerifyPSS(pub, h, digest, signature, nil) == nil
		}
		return rsa.VerifyPKCS1v15(pub, h, digest, signature) == nil
	case *ecdsa.PublicKey:
		half := len(signature) / 2
		return ecdsa.Verify(pub, digest, new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:]))
	case ed25519.PublicKey:
		return ed25519.Verify(pub, digest, signature)
	}
	return false
}

// cutLast takes a compact JWS apart at its last dot.
func cutLast(token string) (input string, signature []byte, ok bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 {
		return "", nil, false
	}
	signature, ok = jws.DecodeBase64URL(token[i+1:])
	return token[:i], signature, ok
}
