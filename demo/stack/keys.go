package stack

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// keys are the secrets of all parties, made at the first start. A real issuer
// and a real provider would each keep their own. They are files as bonafides keys
// writes them, which can rotate them here.
type keys struct {
	token    *issuer.Keys    // the issuer signs tokens
	record   *recordKeys     // the issuer signs redemption records
	provider []idpserver.Key // the provider signs ID tokens: RS256, and ES256 for who asks for it
}

// recordKeys are the key that signs records and what is published of it.
type recordKeys struct {
	key    ed25519.PrivateKey
	public []ed25519.PublicKey
	text   string
}

func parseRecordKeys(b []byte) (*recordKeys, error) {
	key, public, err := issuer.ParseRecordKeys(string(b))
	return &recordKeys{key, public, string(b)}, err
}

func loadKeys(dir string, now time.Time) (*keys, error) {
	var k keys
	var err error
	if k.token, err = loadTokenKeys(dir, now); err != nil {
		return nil, err
	}
	k.record, err = keyFile(dir, fileRecordKey, parseRecordKeys, func() (*recordKeys, error) {
		text, err := issuer.GenerateRecordKey(now)
		if err != nil {
			return nil, err
		}
		return parseRecordKeys([]byte(text))
	}, func(k *recordKeys) ([]byte, error) { return []byte(k.text), nil })
	if err != nil {
		return nil, err
	}
	for _, f := range []struct {
		name, old string
		algorithm jws.Algorithm
	}{
		{fileProviderRS256, fileOldIdPRSA, jws.RS256},
		{fileProviderES256, fileOldIdPEC, jws.ES256},
	} {
		ring, err := loadProviderKeys(dir, f.name, f.old, f.algorithm, now)
		if err != nil {
			return nil, err
		}
		k.provider = append(k.provider, ring...)
	}
	return &k, nil
}

// loadProviderKeys loads a ring of the provider, or makes it. A key that an earlier
// demo kept by itself becomes one: sites know it.
func loadProviderKeys(dir, name, old string, a jws.Algorithm, now time.Time) ([]idpserver.Key, error) {
	if err := adoptProviderKey(dir, name, old); err != nil {
		return nil, err
	}
	var text string
	return keyFile(dir, name,
		func(b []byte) ([]idpserver.Key, error) { return idpserver.ParseKeys(string(b)) },
		func() (keys []idpserver.Key, err error) {
			if text, err = idpserver.GenerateKeys(a, now); err != nil {
				return nil, err
			}
			return idpserver.ParseKeys(text)
		},
		func([]idpserver.Key) ([]byte, error) { return []byte(text), nil })
}

// adoptProviderKey takes over the file of an earlier demo, a private JWK.
func adoptProviderKey(dir, name, old string) error {
	if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	path := filepath.Join(dir, old)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	ring, _, err := jose.ReadRing(string(b))
	if err != nil {
		return fmt.Errorf("the key in %s cannot be read: %w. Start with -fresh to make new keys", path, err)
	}
	text, err := ring.Text()
	if err != nil {
		return err
	}
	if err := writeKey(dir, name, []byte(text)); err != nil {
		return err
	}
	return os.Remove(path)
}
