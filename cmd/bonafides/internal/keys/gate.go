package keys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/bonafides-dev/bonafides/internal/keyring"
)

const secretGateKeys = "GATE_KEYS"

// gateFile is the ring of a gate. An assertion lives for a minute; an hour is for
// clocks. The Worker publishes six keys at most.
func gateFile() ringFile {
	return ringFile{
		owner: forGate, name: "gate-keys.txt", kind: keyring.Gate,
		rules: keyring.Rules{Ahead: true, Notice: day, Keep: time.Hour, Most: 6},
		read:  readGate, make: makeGate, secret: secretGateKeys, retired: "its assertions are checked with it",
	}
}

func readGate(text string) (keyring.Ring, []string, error) {
	ring, _, err := keyring.Read(keyring.Gate, text)
	if err == nil {
		_, _, err = ring.Halves(keyring.GateKeySize, keyring.GatePublicSize)
	}
	if err != nil {
		return ring, nil, err
	}
	ids := make([]string, len(ring.Keys))
	for i, k := range ring.Keys {
		one := keyring.Ring{Kind: keyring.Gate, Keys: []keyring.Key{k}}
		secret, public, err := one.Halves(keyring.GateKeySize, keyring.GatePublicSize)
		if err != nil {
			return ring, nil, err
		}
		if len(secret) > 0 {
			half, err := gatePublic(secret[0])
			clear(secret[0])
			if err != nil {
				return ring, nil, err
			}
			public = [][]byte{half}
		}
		ids[i] = gateKeyID(public[0])
	}
	return ring, ids, nil
}

// makeGate makes the keys that a rotation wants made, and leaves the public half
// alone of those that sign no more.
func makeGate(r *keyring.Ring) error {
	return r.MakeHalves(func() ([]byte, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return key.Bytes()
	}, gatePublic)
}

// gatePublic is the point of a key, its two coordinates.
func gatePublic(secret []byte) ([]byte, error) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), secret)
	if err != nil {
		return nil, errors.New("a gate key is not a private key of P-256")
	}
	b, err := key.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	return b[1:], nil // behind the byte that says "uncompressed"
}

// gateKeyID is the RFC 7638 thumbprint under which the Worker publishes a key.
func gateKeyID(public []byte) string {
	encode := base64.RawURLEncoding.EncodeToString
	sum := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + encode(public[:32]) + `","y":"` + encode(public[32:]) + `"}`))
	return encode(sum[:])
}
