package keys

import (
	"strings"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// providerFiles are the rings of an identity provider, one for each algorithm. An ID
// token lives ten minutes at most; a day is for relying parties that judge one later
// and for those whose copy of the key set is old.
func providerFiles() (list []ringFile) {
	for _, a := range []jws.Algorithm{jws.RS256, jws.ES256} {
		list = append(list, ringFile{
			owner: forProvider, alg: string(a), name: "provider-keys-" + strings.ToLower(string(a)) + ".txt", kind: keyring.Provider,
			rules: keyring.Rules{Ahead: true, Notice: day, Keep: day},
			read:  readProvider,
			make:  func(r *keyring.Ring) error { return jose.MakeRing(r, a) }, retired: "its ID tokens are checked with it",
		})
	}
	return list
}

func readProvider(text string) (keyring.Ring, []string, error) {
	ring, keys, err := jose.ReadRing(text)
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.KeyID
	}
	return ring, ids, err
}
