package exchange

import (
	"encoding/base64"

	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/internal/sha256"
)

// RecordKeySize is the size in bytes of the seed of an Ed25519 key (RFC 8032 section
// 5.1.5) and of its public half.
const RecordKeySize = 32

// RecordKeys are the keys of redemption records, of which this package has no
// Ed25519 to compute the public halves.
type RecordKeys struct {
	// Seeds are those of the key that signs and of those that will, in this order.
	Seeds [][]byte
	// Retired are the public halves of keys that signed before.
	Retired [][]byte
}

// ParseRecordKeys reads the keys as an operator keeps them, in a file or in a
// Worker's secret: a key ring of kind record, or what was written before there were
// rings. A key's text is keyring.Seed and the base64 of the seed, or of one that is
// retired keyring.Public and the base64 of the public half. Errors name the place of
// the fault and nothing of what stands there.
func ParseRecordKeys(text string) (*RecordKeys, error) {
	ring, _, err := keyring.Read(keyring.Record, text)
	if err != nil {
		return nil, err
	}
	seeds, retired, err := ring.Halves(RecordKeySize, RecordKeySize)
	if err != nil {
		return nil, err
	}
	return &RecordKeys{seeds, retired}, nil
}

// RecordKeyText is the text of a key that signs records, by its seed.
func RecordKeyText(seed []byte) string {
	return keyring.Seed + base64.StdEncoding.EncodeToString(seed)
}

// RetiredKeyText is the text of a key that signed records, by its public half.
func RetiredKeyText(public []byte) string {
	return keyring.Public + base64.StdEncoding.EncodeToString(public)
}

// RecordKeyID is the key id of an Ed25519 public key of 32 bytes: its RFC 7638
// thumbprint (section 3, for the members of RFC 8037 section 2).
func RecordKeyID(public []byte) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// RecordKeySet returns the JWK set (RFC 7517 section 5, RFC 8037 section 2) to
// publish for these Ed25519 public keys of 32 bytes, in JSON: the key that signs
// records, those that will, and those whose records have not all expired.
func RecordKeySet(public ...[]byte) []byte {
	b := []byte(`{"keys":[`)
	for i, k := range public {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"kty":"OKP","crv":"Ed25519","x":"`+base64.RawURLEncoding.EncodeToString(k)+
			`","kid":"`+RecordKeyID(k)+`","use":"sig","alg":"EdDSA"}`...)
	}
	return append(b, `]}`...)
}
