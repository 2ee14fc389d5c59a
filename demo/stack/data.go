package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DefaultDataDir is where the demo keeps its state unless it is told
// otherwise: bonafides-demo in the user's cache folder.
func DefaultDataDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("this user has no cache folder (%w): name a folder with -data DIR", err)
	}
	return filepath.Join(cache, "bonafides-demo"), nil
}

// The files that the demo makes in its folder, and the only ones that a fresh
// start removes.
const (
	fileSpent         = "spent.db"
	fileIdP           = "idp.db"
	fileRP            = "rp.db"
	fileTokenKeys     = "token-keys.txt"
	fileRecordKey     = "record-key.txt"
	fileProviderRS256 = "provider-keys-rs256.txt"
	fileProviderES256 = "provider-keys-es256.txt"

	// Of earlier demos. The first three are taken over; nothing of the fourth lives
	// longer than a day.
	fileOldTokenKey  = "issuer-token-1.key"
	fileOldIdPRSA    = "idp-rs256.jwk"
	fileOldIdPEC     = "idp-es256.jwk"
	fileOldRecordKey = "issuer-record.jwk"
	// What bonafides keys rotate publishes of the token keys: new ones are none of it.
	fileCommitments = "commitments.json"
)

// ChromeProfile is the folder, in the data folder, of the profile of a browser
// that the demo starts.
const ChromeProfile = "bonafides-chrome-profile"

func prepareData(dir string, fresh bool) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the data folder: %w", err)
	}
	if !fresh {
		return nil
	}
	for _, name := range []string{fileSpent, fileIdP, fileRP, fileTokenKeys, fileRecordKey, fileProviderRS256, fileProviderES256,
		fileOldTokenKey, fileOldIdPRSA, fileOldIdPEC, fileOldRecordKey, fileCommitments} {
		for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
			if err := os.Remove(filepath.Join(dir, name+suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("cannot start fresh: %w", err)
			}
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, ChromeProfile)); err != nil {
		return fmt.Errorf("cannot start fresh: %w", err)
	}
	return nil
}

// keyFile loads a secret from the data folder, or makes it there, readable by
// its owner alone. A file that does not parse is left as it is and reported.
func keyFile[K any](dir, name string, parse func([]byte) (K, error), generate func() (K, error), marshal func(K) ([]byte, error)) (K, error) {
	var none K
	path := filepath.Join(dir, name)
	b, err := os.ReadFile(path)
	switch {
	case err == nil:
		k, err := parse(b)
		if err != nil {
			return none, fmt.Errorf("the key in %s cannot be read: %w. Start with -fresh to make new keys", path, err)
		}
		return k, nil
	case !errors.Is(err, fs.ErrNotExist):
		return none, err
	}
	k, err := generate()
	if err != nil {
		return none, err
	}
	if b, err = marshal(k); err != nil {
		return none, err
	}
	if err := writeKey(dir, name, b); err != nil {
		return none, err
	}
	return k, nil
}

// writeKey is written beside and renamed, so that an interrupted start leaves no
// half key.
func writeKey(dir, name string, b []byte) error {
	tmp, err := os.CreateTemp(dir, name+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		_ = os.Remove(tmp.Name())
		return fmt.Errorf("cannot keep the key: %w", err)
	}
	return nil
}
