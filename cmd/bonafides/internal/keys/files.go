package keys

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/bonafides-dev/bonafides/internal/keyring"
)

// The files of an issuer's keys, in one folder. Each is a key ring; what is
// published is made from it.
const (
	tokenKeysFile   = "token-keys.txt"
	recordKeyFile   = "record-key.txt"
	commitmentsFile = "commitments.json" // what the issuer publishes; made from the token keys
)

// Secrets of the Worker that the files go into.
const (
	secretTokenKeys = "ISSUER_KEYS"
	secretRecordKey = "ISSUER_RECORD_KEY"
)

// readSecret reads a file that nobody but its owner may read.
func readSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", fmt.Errorf("%s holds secrets and others may read it (mode %04o). If nobody else did: chmod 600 %s. Otherwise replace the keys", path, mode, path)
	}
	b, err := io.ReadAll(io.LimitReader(file, keyring.MaxText+1))
	return string(b), err
}

// replaceFile writes a file as a whole: after a crash there is the old one or
// the new one.
func replaceFile(path, text string, mode os.FileMode) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// makeSecret writes a file that does not exist yet.
func makeSecret(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// alone keeps others from rotating keys of the folder until end is called: of two that
// read the same ring each would make a key under the same id, and one be lost after it
// was handed on. A folder that is not there is left to who reads it.
func alone(dir string) (end func(), err error) {
	name := filepath.Join(dir, ".rotating")
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return nil, fmt.Errorf("another keys rotate is at work in %s. If none is, it was interrupted: look at keys report -dir %s, then remove %s", dir, dir, name)
	case errors.Is(err, os.ErrNotExist):
		return func() {}, nil
	case err != nil:
		return nil, err
	}
	return func() { os.Remove(name) }, file.Close()
}
