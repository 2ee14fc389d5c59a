package issuer

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"

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

// ParseRecordKeys reads the record key as an operator keeps it, in a file or in a
// worker's secret: words separated by white space, each the base64 of 32 bytes.
// The first is the seed of the Ed25519 key that signs (RFC 8032 section 5.1.5);
// the others are public keys that signed before and whose records have not all
// expired. A line that begins with # is a comment. public holds what to publish,
// the key that signs first. Errors tell nothing of the key.
func ParseRecordKeys(text string) (key ed25519.PrivateKey, public []ed25519.PublicKey, err error) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			b, err := base64.StdEncoding.Strict().DecodeString(word)
			if err != nil || len(b) != ed25519.SeedSize {
				return nil, nil, errors.New("issuer: a record key is not the base64 of 32 bytes")
			}
			if key == nil {
				key = ed25519.NewKeyFromSeed(b)
				clear(b)
				b = key.Public().(ed25519.PublicKey)
			}
			public = append(public, b)
		}
	}
	if key == nil {
		return nil, nil, errors.New("issuer: no record key is given")
	}
	return key, public, nil
}
