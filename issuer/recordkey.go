package issuer

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// NewRecordSigner returns the signer of redemption records with this key. Its
// key id is the RFC 7638 thumbprint, as in RecordKeySet.
func NewRecordSigner(key ed25519.PrivateKey) jws.Signer {
	pub, _ := key.Public().(ed25519.PublicKey)
	return jws.NewEd25519Signer(thumbprint(pub), key)
}

// RecordKeySet returns the JWK set (RFC 7517 section 5, RFC 8037 section 2) to
// publish for these keys, in JSON: the key that signs and those whose records
// have not all expired.
func RecordKeySet(keys ...ed25519.PublicKey) []byte {
	b := []byte(`{"keys":[`)
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"kty":"OKP","crv":"Ed25519","x":"`+base64.RawURLEncoding.EncodeToString(k)+
			`","kid":"`+thumbprint(k)+`","use":"sig","alg":"EdDSA"}`...)
	}
	return append(b, `]}`...)
}

// thumbprint is RFC 7638 section 3 for the members of RFC 8037 section 2.
func thumbprint(k ed25519.PublicKey) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(k) + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
