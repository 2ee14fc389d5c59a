package keys

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// The old public half is published as long as a record of it may live.
func TestKeysRotateTheRecordKey(t *testing.T) {
	f := newFolder(t)
	first, _, err := issuer.ParseRecordKeys(f.read(recordKeyFile))
	if err != nil {
		t.Fatal(err)
	}
	published := func(want int) ed25519.PrivateKey {
		t.Helper()
		key, public, err := issuer.ParseRecordKeys(f.read(recordKeyFile))
		if err != nil || len(public) != want {
			t.Fatalf("%d keys are published, want %d: %v", len(public), want, err)
		}
		return key
	}
	tokens := f.read(tokenKeysFile)
	out := f.rotate("-record", "-record-lifetime", "48h")
	until := testNow.Add(49 * time.Hour)
	if !strings.Contains(out, "until "+stamp(until)) || !strings.Contains(out, "secret put ISSUER_RECORD_KEY <") {
		t.Errorf("%s", out)
	}
	second := published(2)
	if second.Equal(first) || strings.Contains(f.read(recordKeyFile), base64.StdEncoding.EncodeToString(first.Seed())) {
		t.Error("the old key can still sign")
	}
	f.now = until.Add(-time.Second)
	before := f.files()
	f.rotate("-record", "-dry-run")
	if f.files() != before {
		t.Error("a dry run wrote")
	}
	f.rotate("-record")
	published(3)
	f.now = until.Add(time.Second)
	f.rotate("-record")
	published(3) // the first is gone, two are retired
	if f.read(tokenKeysFile) != tokens {
		t.Error("the token keys were changed")
	}
	f.refuses(cli.Usage, "does not go with -record", "-record", "-withdraw", "1")
	f.refuses(cli.Usage, "goes with -record alone", "-record-lifetime", "3h")
	f.refuses(cli.Usage, "at least 2h", "-record", "-record-lifetime", "1h")
	if err := os.WriteFile(filepath.Join(f.dir, recordKeyFile), []byte("sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.refuses(cli.Refused, "base64 of 32 bytes", "-record")
}

// Keys that were made by other means, as examples/issuer makes them.
func TestKeysRotateTakesPlainKeyFiles(t *testing.T) {
	key, err := pst.GenerateKey(7)
	if err != nil {
		t.Fatal(err)
	}
	line := base64.StdEncoding.EncodeToString(key.Bytes()) + "," + stamp(testNow.AddDate(0, 6, 0)) + "\n"
	f := &folder{t, t.TempDir(), testNow}
	if err := os.WriteFile(filepath.Join(f.dir, tokenKeysFile), []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	f.refuses(cli.Usage, "give the next number with -id")
	f.rotate("-id", "4") // there is no next key yet, so nothing else changes
	f.want("commitment 4: 7 8")
	f.refuses(cli.Usage, "needs a higher", "-id", "4")
	f.after(7)
	f.rotate()
	f.want("commitment 5: 8 7 9")

	// A next key that nobody knows the age of.
	text := f.read(tokenKeysFile)
	from, _, _ := strings.Cut(text, "id=9 ")
	text = from + strings.Replace(text[len(from):], " published="+stamp(f.now), "", 1)
	if err := os.WriteFile(filepath.Join(f.dir, tokenKeysFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f.refuses(cli.Refused, "since when key 9 is published")
	f.rotate("-notice", "0") // as good as 0d
	f.want("commitment 6: 9 8 7 10")
}

// Files that earlier versions wrote go on, and the next rotation leaves the new
// form.
func TestKeysRotateTakesFilesOfTheFirstForm(t *testing.T) {
	var words [3]string
	for id := range words {
		key, err := pst.GenerateKey(uint32(id) + 1)
		if err != nil {
			t.Fatal(err)
		}
		words[id] = base64.StdEncoding.EncodeToString(key.Bytes()) + "," + stamp(testNow.AddDate(0, 0, 90*(id+1))) + "\n"
	}
	seed, old := bytes.Repeat([]byte{7}, 32), ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32)).Public().(ed25519.PublicKey)
	f := &folder{t, t.TempDir(), testNow}
	for name, text := range map[string]string{
		tokenKeysFile: "# The token keys of an issuer, written by bonafides keys.\n# commitment 9, batch 25\n" + words[1] + words[0] +
			"# key 3 published " + stamp(testNow.AddDate(0, 0, -6)) + "\n" + words[2],
		recordKeyFile: "# written by bonafides keys\n" + base64.StdEncoding.EncodeToString(seed) +
			"\n# published until " + stamp(testNow.Add(time.Hour)) + "\n" + base64.StdEncoding.EncodeToString(old) + "\n",
	} {
		if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f.refuses(cli.Refused, "Rotate after "+stamp(testNow.AddDate(0, 0, 1)))
	f.after(1)
	f.rotate()
	f.want("commitment 10: 3 2 1 4")
	if c, err := pst.ParseCommitments([]byte(f.read(commitmentsFile))); err != nil || c.BatchSize != 25 {
		t.Errorf("%+v, %v", c, err)
	}
	f.now = testNow
	f.rotate("-record")
	ring, isOld, err := keyring.Read(keyring.Record, f.read(recordKeyFile))
	if err != nil || isOld || len(ring.Keys) != 3 || !ring.Keys[2].Expires.Equal(testNow.Add(time.Hour)) {
		t.Fatalf("%v, %v, %v", ring, isOld, err)
	}
	_, public, err := issuer.ParseRecordKeys(f.read(recordKeyFile))
	if err != nil || !public[1].Equal(ed25519.NewKeyFromSeed(seed).Public()) || !public[2].Equal(old) {
		t.Errorf("%v, %v", public, err)
	}
}
