package pst

import (
	"github.com/bonafides-dev/bonafides/protocol/voprf"
)

// A PublicKey is an issuer's public key with its id:
//
//	struct { uint32 id; opaque point[97]; } PublicKey;  // 101 bytes
//
// It is what key commitments carry as "Y", in base64.
type PublicKey struct {
	id  uint32
	key *voprf.PublicKey
}

// ParsePublicKey reads a public key of 101 bytes; otherwise ErrPublicKey.
func ParsePublicKey(b []byte) (*PublicKey, error) {
	if len(b) != PublicKeySize {
		return nil, ErrPublicKey
	}
	k, err := voprf.ParsePublicKey(b[4:])
	if err != nil {
		return nil, ErrPublicKey
	}
	return &PublicKey{readUint32(b), k}, nil
}

// Bytes returns the 101-byte encoding.
func (k *PublicKey) Bytes() []byte {
	return k.key.Append(appendUint32(make([]byte, 0, PublicKeySize), k.id))
}

// ID returns the key id, which tokens and responses name.
func (k *PublicKey) ID() uint32 { return k.id }

// A PrivateKey is an issuer's key with its id:
//
//	struct { uint32 id; opaque scalar[48]; } PrivateKey;  // 52 bytes
//
// It signs batches and verifies tokens. It is safe for concurrent use.
type PrivateKey struct {
	id  uint32
	key *voprf.PrivateKey
	pub PublicKey
}

func newPrivateKey(id uint32, k *voprf.PrivateKey) *PrivateKey {
	return &PrivateKey{id: id, key: k, pub: PublicKey{id, k.PublicKey()}}
}

// GenerateKey makes a random key with the given id.
func GenerateKey(id uint32) (*PrivateKey, error) {
	k, err := voprf.GenerateKey()
	if err != nil {
		return nil, ErrRandom
	}
	return newPrivateKey(id, k), nil
}

// deriveLabel goes before the secret in DeriveKey. BoringSSL's constant includes
// its terminating NUL, so ours does (22 bytes).
const deriveLabel = "TrustTokenVOPRFKeyGen\x00"

// DeriveKey makes the key that BoringSSL's TRUST_TOKEN_derive_key_from_secret
// derives: HashToScalar(label || secret). It is not RFC 9497's DeriveKeyPair.
// The secret should have at least 32 random bytes: the key is only as hard to
// guess as the secret.
func DeriveKey(id uint32, secret []byte) (*PrivateKey, error) {
	input := make([]byte, 0, len(deriveLabel)+len(secret))
	input = append(input, deriveLabel...)
	input = append(input, secret...)
	k, err := voprf.HashToPrivateKey(input)
	clear(input)
	if err != nil {
		return nil, ErrKeyDerivation
	}
	return newPrivateKey(id, k), nil
}

// ParsePrivateKey reads a private key of 52 bytes; otherwise ErrPrivateKey.
func ParsePrivateKey(b []byte) (*PrivateKey, error) {
	if len(b) != PrivateKeySize {
		return nil, ErrPrivateKey
	}
	k, err := voprf.ParsePrivateKey(b[4:])
	if err != nil {
		return nil, ErrPrivateKey
	}
	return newPrivateKey(readUint32(b), k), nil
}

// Bytes returns the 52-byte encoding. It is the secret itself: store it, never
// log it.
func (k *PrivateKey) Bytes() []byte {
	return k.key.Append(appendUint32(make([]byte, 0, PrivateKeySize), k.id))
}

// ID returns the key id.
func (k *PrivateKey) ID() uint32 { return k.id }

// PublicKey returns the public half, with the same id.
func (k *PrivateKey) PublicKey() *PublicKey { return &k.pub }

// A KeySet is an issuer's live keys: one that signs and those whose tokens are
// still redeemed. Chromium keeps at most six of an issuer's keys, the soonest to
// expire, so a set has at most six.
type KeySet struct {
	keys []*PrivateKey // the active one first
}

// NewKeySet makes a set of between 1 and 6 keys with distinct ids; otherwise
// ErrKeySet.
func NewKeySet(active *PrivateKey, others ...*PrivateKey) (*KeySet, error) {
	if active == nil || len(others) > MaxKeys-1 {
		return nil, ErrKeySet
	}
	s := &KeySet{keys: make([]*PrivateKey, 0, 1+len(others))}
	s.keys = append(s.keys, active)
	for _, k := range others {
		if k == nil {
			return nil, ErrKeySet
		}
		if _, dup := s.ByID(k.id); dup {
			return nil, ErrKeySet
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

// Active returns the key that signs new tokens.
func (s *KeySet) Active() *PrivateKey { return s.keys[0] }

// ByID returns the key with this id.
func (s *KeySet) ByID(id uint32) (*PrivateKey, bool) {
	for _, k := range s.keys {
		if k.id == id {
			return k, true
		}
	}
	return nil, false
}

// All returns the keys, the active one first.
func (s *KeySet) All() []*PrivateKey { return append([]*PrivateKey(nil), s.keys...) }

// Verify verifies a token with the key that it names: nil, ErrUnknownKey or
// ErrInvalidToken.
func (s *KeySet) Verify(t *Token) error {
	k, ok := s.ByID(t.KeyID)
	if !ok {
		return ErrUnknownKey
	}
	return k.Verify(t)
}
