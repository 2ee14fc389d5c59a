package keys

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// rotateRecordKey makes a new key for records. Verifiers fetch the published keys
// anew when a record names one that they do not know, so the new key may sign at
// once.
func (r *rotation) rotateRecordKey(t cli.Terminal, now time.Time) int {
	if r.lifetime < pst.MinRecordLifetime {
		return cli.Fail(t, cli.Usage, "-record-lifetime is at least 2h")
	}
	path := filepath.Join(r.dir, recordKeyFile)
	text, err := readSecret(path)
	if errors.Is(err, fs.ErrNotExist) {
		return noKeys(t, r.dir, r.owner)
	}
	if err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	ring, _, err := keyring.Read(keyring.Record, text)
	if err == nil {
		_, err = exchange.ParseRecordKeys(text)
	}
	if err != nil {
		return cli.Fail(t, cli.Refused, "%s: %v", path, err)
	}
	// Records live from the full hour before; an hour more is for clocks.
	ring, err = keyring.Rotate(ring, now, keyring.Rules{Keep: r.lifetime + time.Hour})
	if err == nil {
		err = makeRecordKeys(&ring)
	}
	if err == nil {
		text, err = ring.Text()
	}
	if err != nil {
		return cli.Fail(t, cli.Refused, "nothing was changed: %v", err)
	}
	for _, k := range ring.Keys {
		if k.State == keyring.Retired {
			public, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(k.Text, keyring.Public))
			if err != nil {
				return cli.Fail(t, cli.Refused, "nothing was changed: record key %d cannot be read", k.ID)
			}
			fmt.Fprintf(t.Out, "record key %s is published until %s\n", exchange.RecordKeyID(public), stamp(k.Expires))
		}
	}
	if r.dry {
		fmt.Fprintln(t.Out, "This is what it would be; nothing was written.")
		return cli.OK
	}
	if err := replaceFile(path, text, 0o600); err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	fmt.Fprintf(t.Out, "wrote %s: secret; a new key signs\n\nTo give it to the Worker:\n  npx wrangler secret put %s < %s\n", path, secretRecordKey, path)
	return cli.OK
}

// makeRecordKeys makes the keys that a rotation wants made, and leaves the public
// half alone of those that sign no more.
func makeRecordKeys(ring *keyring.Ring) error {
	return ring.MakeHalves(func() ([]byte, error) {
		b := make([]byte, ed25519.SeedSize)
		_, err := rand.Read(b)
		return b, err
	}, func(seed []byte) ([]byte, error) {
		if len(seed) != ed25519.SeedSize {
			return nil, errors.New("the record key that signs is not the base64 of 32 bytes")
		}
		return ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey), nil
	})
}
