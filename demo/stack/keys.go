package stack

import (
	"encoding/base64"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// keys are the secrets of all parties, made at the first start. A real issuer
// and a real provider would each keep their own.
type keys struct {
	token  *pst.PrivateKey  // the issuer signs tokens
	record *jose.PrivateKey // the issuer signs redemption records: Ed25519
	rsa    *jose.PrivateKey // the provider signs ID tokens: RS256
	ec     *jose.PrivateKey // and ES256
}

const tokenKeyID = 1

func loadKeys(dir string) (*keys, error) {
	var k keys
	var err error
	k.token, err = keyFile(dir, fileTokenKey,
		func(b []byte) (*pst.PrivateKey, error) {
			raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(b)))
			if err != nil {
				return nil, err
			}
			return pst.ParsePrivateKey(raw)
		},
		func() (*pst.PrivateKey, error) { return pst.GenerateKey(tokenKeyID) },
		func(k *pst.PrivateKey) ([]byte, error) {
			return []byte(base64.StdEncoding.EncodeToString(k.Bytes()) + "\n"), nil
		})
	for _, f := range []struct {
		to       **jose.PrivateKey
		name     string
		generate func() (*jose.PrivateKey, error)
	}{
		{&k.record, fileRecordKey, jose.GenerateEd25519},
		{&k.rsa, fileIdPRSA, jose.GenerateRS256},
		{&k.ec, fileIdPEC, jose.GenerateES256},
	} {
		if err == nil {
			*f.to, err = keyFile(dir, f.name, jose.ParsePrivateJWK, f.generate, (*jose.PrivateKey).PrivateJWK)
		}
	}
	return &k, err
}
