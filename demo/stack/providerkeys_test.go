package stack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

func TestProviderKeysOfAnEarlierDemoAreTakenOver(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	old := map[string]*jose.PrivateKey{}
	for name, generate := range map[string]func() (*jose.PrivateKey, error){fileOldIdPRSA: jose.GenerateRS256, fileOldIdPEC: jose.GenerateES256} {
		key, err := generate()
		if err != nil {
			t.Fatal(err)
		}
		private, err := key.PrivateJWK()
		if err != nil {
			t.Fatal(err)
		}
		if err := writeKey(dir, name, private); err != nil {
			t.Fatal(err)
		}
		old[name] = key
	}
	for range 2 {
		k, err := loadKeys(dir, now)
		if err != nil || len(k.provider) != 2 || k.provider[0].Signer.KeyID() != old[fileOldIdPRSA].KeyID() || k.provider[1].Signer.KeyID() != old[fileOldIdPEC].KeyID() {
			t.Fatalf("%v", err)
		}
	}
	for name := range old {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a second copy of %s stays: %v", name, err)
		}
	}
	if err := os.Remove(filepath.Join(dir, fileProviderES256)); err != nil {
		t.Fatal(err)
	}
	if err := writeKey(dir, fileOldIdPEC, []byte("sesame")); err != nil {
		t.Fatal(err)
	}
	if _, err := loadKeys(dir, now); err == nil || !strings.Contains(err.Error(), "-fresh") || strings.Contains(err.Error(), "sesame") {
		t.Errorf("%v", err)
	}
}

// The operator's command rotates the provider's keys too, and the demo publishes all
// of the ring.
func TestRotatedProviderKeysAreTaken(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	if k, err := loadKeys(dir, now); err != nil || len(k.provider) != 4 {
		t.Fatalf("%v", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, fileProviderES256))
	if err != nil {
		t.Fatal(err)
	}
	ring, before, err := jose.ReadRing(string(text))
	if err == nil {
		ring, err = keyring.Rotate(ring, now.AddDate(0, 0, 1), keyring.Rules{Ahead: true, Keep: time.Hour})
	}
	if err == nil {
		err = jose.MakeRing(&ring, jws.ES256)
	}
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := ring.Text()
	if err == nil {
		err = writeKey(dir, fileProviderES256, []byte(rotated))
	}
	if err != nil {
		t.Fatal(err)
	}
	k, err := loadKeys(dir, now)
	if err != nil || len(k.provider) != 5 || k.provider[2].Signer.KeyID() != before[1].KeyID {
		t.Errorf("%d keys, %v", len(k.provider), err)
	}
}
