package exchange

import (
	"encoding/base64"

	"github.com/bonafides-dev/bonafides/internal/sha256"
)

// RecordKeyID is the key id of an Ed25519 public key of 32 bytes: its RFC 7638
// thumbprint (section 3, for the members of RFC 8037 section 2).
func RecordKeyID(public []byte) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// RecordKeySet returns the JWK set (RFC 7517 section 5, RFC 8037 section 2) to
// publish for these Ed25519 public keys of 32 bytes, in JSON: the key that signs
// records and those whose records have not all expired.
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
