package voprf

import "github.com/bonafides-dev/bonafides/internal/p384"

// A PublicKey is what a server publishes: pk = sk*G.
type PublicKey struct{ p p384.Point }

// ParsePublicKey reads a public key of 97 bytes; otherwise ErrElement.
func ParsePublicKey(b []byte) (*PublicKey, error) {
	k := new(PublicKey)
	if k.p.SetBytes(b) != nil {
		return nil, ErrElement
	}
	return k, nil
}

// Append appends the 97-byte encoding.
func (k *PublicKey) Append(dst []byte) []byte { return k.p.AppendUncompressed(dst) }

// Equal tells whether both are the same key.
func (k *PublicKey) Equal(o *PublicKey) bool { return k.p.Equal(&o.p) }

// A PrivateKey is the server's side. Its zero value is unusable: make it with
// GenerateKey, ParsePrivateKey, DeriveKeyPair or HashToPrivateKey.
type PrivateKey struct {
	sk p384.Secret
	pk PublicKey
}

// GenerateKey makes a random key (RFC 9497 section 3.2, GenerateKeyPair).
func GenerateKey() (*PrivateKey, error) {
	k := new(PrivateKey)
	if k.sk.GenerateSecret() != nil {
		return nil, ErrRandom
	}
	return k.withPublic(), nil
}

// ParsePrivateKey reads a private key of 48 bytes, big endian, between 1 and the
// group order minus 1; otherwise ErrPrivateKey.
func ParsePrivateKey(b []byte) (*PrivateKey, error) {
	k := new(PrivateKey)
	if k.sk.SetBytes(b) != nil {
		return nil, ErrPrivateKey
	}
	return k.withPublic(), nil
}

// DeriveKeyPair is DeriveKeyPair of RFC 9497 section 3.2.1. The seed is secret
// and 32 bytes; info is public and at most 65535 bytes.
func DeriveKeyPair(seed *[32]byte, info []byte) (*PrivateKey, error) {
	if len(info) > MaxInput {
		return nil, ErrDerive
	}
	input := make([]byte, 0, len(seed)+2+len(info)+1)
	input = append(input, seed[:]...)
	input = append(input, byte(len(info)>>8), byte(len(info)))
	input = append(input, info...)
	input = append(input, 0) // counter
	for counter := 0; counter < 256; counter++ {
		input[len(input)-1] = byte(counter)
		k := new(PrivateKey)
		if k.sk.HashToSecret(input, dstDeriveKeyPair) == nil {
			return k.withPublic(), nil
		}
	}
	return nil, ErrDerive
}

// HashToPrivateKey makes the key HashToScalar(secret) (RFC 9497 section 4.4),
// for protocols that derive keys their own way. The caller adds the label.
func HashToPrivateKey(secret []byte) (*PrivateKey, error) {
	k := new(PrivateKey)
	if k.sk.HashToSecret(secret, dstHashToScalar) != nil {
		return nil, ErrDerive
	}
	return k.withPublic(), nil
}

func (k *PrivateKey) withPublic() *PrivateKey {
	k.pk.p = k.sk.MulBase()
	p384.Normalize(&k.pk.p)
	return k
}

// Append appends the 48 bytes of the private key. They are the secret itself.
func (k *PrivateKey) Append(dst []byte) []byte { return k.sk.AppendBytes(dst) }

// PublicKey returns the public half.
func (k *PrivateKey) PublicKey() *PublicKey { return &k.pk }

// Equal tells whether both are the same key, in constant time.
func (k *PrivateKey) Equal(o *PrivateKey) bool { return k.sk.Equal(&o.sk) }
