package issuer

import (
	"crypto/ed25519"

	"github.com/bonafides-dev/bonafides/issuer/exchange"
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
