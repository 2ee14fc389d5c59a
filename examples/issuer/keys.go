package main

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
)

// every is the time between rotations.
const every = 90 * 24 * time.Hour

// loadKeys reads the token keys and the key that signs records from two files in
// the folder, making each where it is missing. To rotate them, every 90 days: stop
// the issuer, bonafides keys rotate -dir FOLDER, and start it.
func loadKeys(data string) (*issuer.Keys, ed25519.PrivateKey, []ed25519.PublicKey, error) {
	text, err := readOrMake(filepath.Join(data, "token-keys.txt"), func() (string, error) {
		keys, err := issuer.GenerateKeys(time.Now(), every)
		if err != nil {
			return "", err
		}
		return keys.Secret(), nil
	})
	if err != nil {
		return nil, nil, nil, err
	}
	keys, err := issuer.ParseKeys(text)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("token-keys.txt in %s: %w", data, err)
	}
	text, err = readOrMake(filepath.Join(data, "record-key.txt"), func() (string, error) {
		return issuer.GenerateRecordKey(time.Now())
	})
	if err != nil {
		return nil, nil, nil, err
	}
	record, public, err := issuer.ParseRecordKeys(text)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("record-key.txt in %s: %w", data, err)
	}
	return keys, record, public, nil
}

// readOrMake reads a file that only its owner can read, or makes it.
func readOrMake(path string, content func() (string, error)) (string, error) {
	b, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return string(b), err
	}
	text, err := content()
	if err != nil {
		return "", err
	}
	// Never over a key that appeared in the meantime.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	return text, errors.Join(err, f.Sync(), f.Close())
}
