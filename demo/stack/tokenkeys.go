package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// keyTurn is the time between rotations: browsers use a key for two of them. The
// expiry is made with the key and kept beside it: the store of spent tokens refuses
// one that moves later.
const keyTurn = 45 * 24 * time.Hour

// loadTokenKeys loads the keys that sign tokens, or makes them. Once the one that
// signs has expired, they are rotated as an operator would have done before.
func loadTokenKeys(dir string, now time.Time) (*issuer.Keys, error) {
	if err := adoptTokenKey(dir, now); err != nil {
		return nil, err
	}
	keys, err := keyFile(dir, fileTokenKeys,
		func(b []byte) (*issuer.Keys, error) { return issuer.ParseKeys(string(b)) },
		func() (*issuer.Keys, error) { return issuer.GenerateKeys(now, keyTurn) },
		func(k *issuer.Keys) ([]byte, error) { return []byte(k.Secret()), nil })
	if err != nil {
		return nil, err
	}
	ring, _, err := keyring.Read(keyring.Token, keys.Secret())
	if err != nil || ring.Current().Role(now) != keyring.Expired {
		return keys, err
	}
	ring, err = keyring.Rotate(ring, now.Truncate(time.Second), keyring.Rules{Ahead: true, Every: keyTurn, Most: pst.MaxKeys})
	if err != nil {
		return nil, err
	}
	return writeTokenKeys(dir, ring)
}

func writeTokenKeys(dir string, ring keyring.Ring) (*issuer.Keys, error) {
	if err := exchange.MakeKeys(&ring); err != nil {
		return nil, err
	}
	text, err := ring.Text()
	if err != nil {
		return nil, err
	}
	keys, err := issuer.ParseKeys(text)
	if err != nil {
		return nil, err
	}
	return keys, writeKey(dir, fileTokenKeys, []byte(text))
}

// adoptTokenKey takes over the file of an earlier demo, which had one key: the store
// of spent tokens knows it. It was published under its own id as the number.
func adoptTokenKey(dir string, now time.Time) error {
	if _, err := os.Lstat(filepath.Join(dir, fileTokenKeys)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	path := filepath.Join(dir, fileOldTokenKey)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	text := strings.TrimSpace(string(b))
	if !strings.Contains(text, ",") { // the earliest kept the key alone
		text += "," + now.UTC().Truncate(24*time.Hour).Add(2*keyTurn).Format(time.RFC3339)
	}
	ring, _, err := keyring.Read(keyring.Token, text)
	if err != nil {
		return fmt.Errorf("the key in %s cannot be read: %w. Start with -fresh to make new keys", path, err)
	}
	ring.Commitment = min(ring.Current().ID, 1<<31-2)
	if _, err := writeTokenKeys(dir, ring); err != nil {
		return err
	}
	return os.Remove(path)
}
