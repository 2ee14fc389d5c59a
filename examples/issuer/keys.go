package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/issuer/exchange"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// loadKeys reads the token keys and the key that signs records from two files in
// the folder, making each where it is missing. To rotate them: bonafides keys
// rotate -dir FOLDER -id 2, and the number that it prints into
// Config.CommitmentID.
func loadKeys(data string) (*exchange.Keys, ed25519.PrivateKey, []ed25519.PublicKey, error) {
	text, err := readOrMake(filepath.Join(data, "token-keys.txt"), func() (string, error) {
		key, err := pst.GenerateKey(1)
		if err != nil {
			return "", err
		}
		set, err := pst.NewKeySet(key)
		if err != nil {
			return "", err
		}
		// Half a year, to the second.
		expires := time.Now().AddDate(0, 6, 0).Truncate(time.Second)
		keys, err := exchange.NewKeys(set, map[uint32]time.Time{key.ID(): expires})
		if err != nil {
			return "", err
		}
		return keys.Secret(), nil
	})
	if err != nil {
		return nil, nil, nil, err
	}
	keys, err := exchange.ParseKeys(text)
	if err != nil {
		return nil, nil, nil, err
	}
	text, err = readOrMake(filepath.Join(data, "record-key.txt"), func() (string, error) {
		seed := make([]byte, ed25519.SeedSize)
		if _, err := rand.Read(seed); err != nil {
			return "", err
		}
		return base64.StdEncoding.EncodeToString(seed) + "\n", nil
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
