package issuer

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// NewRecordSigner returns the signer of redemption records with this key. Its
// key id is the RFC 7638 thumbprint, as in RecordKeySet.
func NewRecordSigner(key ed25519.PrivateKey) jws.Signer {
	pub, _ := key.Public().(ed25519.PublicKey)
	return jws.NewEd25519Signer(exchange.RecordKeyID(pub), key)
}

// RecordKeySet returns the JWK set (RFC 7517 section 5, RFC 8037 section 2) to
// publish for these keys, in JSON: the key that signs and those whose records
// have not all expired.
func RecordKeySet(keys ...ed25519.PublicKey) []byte {
	public := make([][]byte, len(keys))
	for i, k := range keys {
		public[i] = k
	}
	return exchange.RecordKeySet(public...)
}

// GenerateRecordKey makes the key that signs redemption records, as the text that
// ParseRecordKeys reads and bonafides keys rotates. Whoever has it can make records.
func GenerateRecordKey(now time.Time) (text string, err error) {
	var seed [ed25519.SeedSize]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return "", err
	}
	ring, err := keyring.Rotate(keyring.Ring{Kind: keyring.Record}, now.Truncate(time.Second), keyring.Rules{})
	if err != nil {
		return "", err
	}
	ring.Keys[0].Text = exchange.RecordKeyText(seed[:])
	clear(seed[:])
	return ring.Text()
}

// ParseRecordKeys reads the record keys as bonafides keys and GenerateRecordKey
// write them, and as they were written before: words that are each the base64 of 32
// bytes, the seed of the Ed25519 key that signs (RFC 8032 section 5.1.5), then public
// keys that signed before. key is the one that signs; public holds what to publish:
// its public half first, then those of keys that will sign, and of keys that signed
// before and whose records have not all expired. Errors name the place of the fault
// and nothing of what stands there.
func ParseRecordKeys(text string) (key ed25519.PrivateKey, public []ed25519.PublicKey, err error) {
	keys, err := exchange.ParseRecordKeys(text)
	if err != nil {
		return nil, nil, fmt.Errorf("issuer: record keys: %w", err)
	}
	for i, seed := range keys.Seeds {
		k := ed25519.NewKeyFromSeed(seed)
		clear(seed)
		public = append(public, k.Public().(ed25519.PublicKey))
		if i == 0 {
			key = k
		}
	}
	for _, k := range keys.Retired {
		public = append(public, k)
	}
	return key, public, nil
}
