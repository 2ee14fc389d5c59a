package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/issuer/exchange"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// keyring is an issuer's token keys and what their rotation has to know. Its
// file is one that exchange.ParseKeys reads; the rest stands in its comments, so
// that one file, replaced as a whole, has all of it:
//
//	# commitment 3, batch 10
//	# key 2 published 2027-02-25T10:00:00Z
//	KEY,EXPIRY
type keyring struct {
	version uint32    // of the key commitment; 0 where the file does not say
	batch   int       // tokens that a browser asks for at a time; 0 where the file does not say
	keys    []ringKey // the first one signs
}

type ringKey struct {
	*pst.PrivateKey
	expiry time.Time
	since  time.Time // when it was first published; zero where the file does not say
}

// role tells what the i-th key is for.
func (r *keyring) role(i int, now time.Time) exchange.Role {
	return exchange.RoleOf(r.keys[i].times(), r.keys[0].times(), now)
}

func (k ringKey) times() exchange.KeyTime { return exchange.KeyTime{ID: k.ID(), Expiry: k.expiry} }

// next returns the place of the next key, or -1: of several the one that
// expires first.
func (r *keyring) next(now time.Time) int {
	found := -1
	for i := range r.keys {
		if r.role(i, now) == exchange.RoleNext && (found < 0 || r.keys[i].expiry.Before(r.keys[found].expiry)) {
			found = i
		}
	}
	return found
}

// lastPublished is when a key was last added, zero where the file does not say.
func (r *keyring) lastPublished() (last time.Time) {
	for _, k := range r.keys {
		if k.since.After(last) {
			last = k.since
		}
	}
	return last
}

func (r *keyring) highestID() uint32 {
	return slices.MaxFunc(r.keys, func(a, b ringKey) int { return cmp.Compare(a.ID(), b.ID()) }).ID()
}

// exchange returns the keys as an issuer uses them.
func (r *keyring) exchange() (*exchange.Keys, error) {
	expiry := map[uint32]time.Time{}
	var others []*pst.PrivateKey
	for i, k := range r.keys {
		expiry[k.ID()] = k.expiry
		if i > 0 {
			others = append(others, k.PrivateKey)
		}
	}
	set, err := pst.NewKeySet(r.keys[0].PrivateKey, others...)
	if err != nil {
		return nil, err
	}
	return exchange.NewKeys(set, expiry)
}

// commitment is what the issuer publishes about the keys: one JSON object.
func (r *keyring) commitment() (string, error) {
	keys, err := r.exchange()
	if err != nil {
		return "", err
	}
	c, err := keys.Commitment(r.version, r.batch)
	if err != nil {
		return "", err
	}
	return string(c.JSON()), nil
}

// text is the file. It is the secret itself.
func (r *keyring) text() (string, error) {
	keys, err := r.exchange()
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# The token keys of an issuer, written by bonafides keys. Secret: whoever has\n# them can make tokens. The first key signs.\n")
	fmt.Fprintf(&b, "# commitment %d, batch %d\n", r.version, r.batch)
	for i, line := range strings.Split(strings.TrimSuffix(keys.Secret(), "\n"), "\n") {
		if k := r.keys[i]; !k.since.IsZero() {
			fmt.Fprintf(&b, "# key %d published %s\n", k.ID(), stamp(k.since))
		}
		b.WriteString(line + "\n")
	}
	return b.String(), nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// parseKeyring reads the file. Errors tell nothing of the keys.
func parseKeyring(text string) (*keyring, error) {
	keys, err := exchange.ParseKeys(text)
	if err != nil {
		return nil, err
	}
	r := &keyring{}
	since := map[uint32]time.Time{}
	for line := range strings.Lines(text) {
		words := strings.Fields(strings.ReplaceAll(line, ",", " "))
		switch {
		case len(words) < 2 || words[0] != "#":
		case words[1] == "commitment":
			if len(words) == 5 && words[3] == "batch" {
				version, err := strconv.ParseUint(words[2], 10, 31)
				batch, err2 := strconv.ParseUint(words[4], 10, 16)
				if err == nil && err2 == nil {
					r.version, r.batch = uint32(version), int(batch)
					continue
				}
			}
			return nil, errors.New(`the comment with the commitment is not like "# commitment 3, batch 10"`)
		case words[1] == "key":
			if len(words) == 5 && words[3] == "published" {
				id, err := strconv.ParseUint(words[2], 10, 32)
				at, err2 := time.Parse(time.RFC3339, words[4])
				if err == nil && err2 == nil {
					since[uint32(id)] = at
					continue
				}
			}
			return nil, errors.New(`a comment about a key is not like "# key 2 published 2027-02-25T10:00:00Z"`)
		}
	}
	expiry := keys.Expiry()
	for _, k := range keys.Set().All() {
		r.keys = append(r.keys, ringKey{k, expiry[k.ID()], since[k.ID()]})
	}
	return r, nil
}

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
	b, err := io.ReadAll(io.LimitReader(file, 64<<10))
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
