package stack

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestTokenKeyKeepsItsExpiryFromStartToStart(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	begin := func() (id uint32, expires time.Time) {
		s, err := New(Config{Addr: "localhost:0", DataDir: dir, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		c, err := pst.ParseCommitments(s.commitment)
		if err != nil || len(c.Keys) != 2 || c.ID != c.Keys[0].PublicKey.ID() || c.Keys[1].PublicKey.ID() != c.ID+1 {
			t.Fatalf("%+v, %v", c, err)
		}
		return c.Keys[0].PublicKey.ID(), time.UnixMicro(c.Keys[0].Expiry).UTC()
	}
	id, first := begin()
	for range 3 {
		now = now.AddDate(0, 0, 20)
		if again, expires := begin(); again != id || !expires.Equal(first) {
			t.Errorf("on %v key %d expires %v, want key %d and %v", now, again, expires, id, first)
		}
	}
	now = first
	if next, expires := begin(); next != id+1 || !expires.After(first) {
		t.Errorf("after the expiry: key %d until %v", next, expires)
	}
}

func TestFolderOfAnEarlierDemoIsBroughtUpToDate(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for name, expiry := range map[string]string{"the key alone": "", "the key and its expiry": ",2027-02-27T00:00:00Z"} {
		dir := t.TempDir()
		key, err := pst.GenerateKey(3)
		if err != nil {
			t.Fatal(err)
		}
		if err := writeKey(dir, fileOldTokenKey, []byte(base64.StdEncoding.EncodeToString(key.Bytes())+expiry+"\n")); err != nil {
			t.Fatal(err)
		}
		for days := range 2 {
			k, err := loadTokenKeys(dir, now.AddDate(0, 0, days))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if k.Set().Active().ID() != 3 || k.CommitmentID() != 3 || !k.Expiry()[3].Equal(time.Date(2027, 2, 27, 0, 0, 0, 0, time.UTC)) ||
				string(k.Set().Active().Bytes()) != string(key.Bytes()) {
				t.Errorf("%s: %v, commitment %d, %v", name, k, k.CommitmentID(), k.Expiry())
			}
		}
		if _, err := os.Stat(filepath.Join(dir, fileOldTokenKey)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a second copy of the key stays: %v", name, err)
		}
		s, err := openSpent(filepath.Join(dir, fileSpent))
		if err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	dir := t.TempDir()
	if err := writeKey(dir, fileOldTokenKey, []byte("sesame")); err != nil {
		t.Fatal(err)
	}
	if _, err := loadTokenKeys(dir, now); err == nil || !strings.Contains(err.Error(), "-fresh") || strings.Contains(err.Error(), "sesame") {
		t.Errorf("%v", err)
	}
}

// The operator's command rotates the demo's keys, and the demo goes on with them.
func TestRotatedKeyFilesAreTaken(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	if _, err := loadTokenKeys(dir, now); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, fileTokenKeys))
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Parse(string(text))
	if err == nil {
		ring, err = keyring.Rotate(ring, now.AddDate(0, 0, 45), keyring.Rules{Ahead: true, Every: keyTurn})
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writeTokenKeys(dir, ring); err != nil {
		t.Fatal(err)
	}
	k, err := loadTokenKeys(dir, now.AddDate(0, 0, 46))
	if err != nil || k.Set().Active().ID() != 2 || k.CommitmentID() != 2 || len(k.Set().All()) != 3 {
		t.Errorf("%v, commitment %d, %v", k, k.CommitmentID(), err)
	}
}
