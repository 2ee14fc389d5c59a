package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/issuer/exchange"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// folder is an issuer's key folder, and a clock.
type folder struct {
	*testing.T
	dir string
	now time.Time
}

func (f *folder) after(days int) { f.now = f.now.AddDate(0, 0, days) }

func (f *folder) run(args ...string) (out, errs string, code int) {
	f.Helper()
	var o, e bytes.Buffer
	code = run(terminal{strings.NewReader(""), &o, &e, func() time.Time { return f.now }}, args)
	return o.String(), e.String(), code
}

// rotate rotates and wants it to work.
func (f *folder) rotate(flags ...string) string {
	f.Helper()
	out, errs, code := f.run(append([]string{"keys", "rotate", "-dir", f.dir}, flags...)...)
	if code != exitOK {
		f.Fatalf("keys rotate %v: %d %s", flags, code, errs)
	}
	return out
}

// refuses wants a rotation to change nothing and to say why.
func (f *folder) refuses(code int, says string, flags ...string) {
	f.Helper()
	before := f.files()
	out, errs, got := f.run(append([]string{"keys", "rotate", "-dir", f.dir}, flags...)...)
	if got != code || !strings.Contains(errs, says) || out != "" {
		f.Errorf("keys rotate %v: %d, %q, %q; want %d, %q", flags, got, out, errs, code, says)
	}
	if f.files() != before {
		f.Errorf("keys rotate %v was refused and changed the files", flags)
	}
}

func (f *folder) files() string {
	f.Helper()
	var all strings.Builder
	list, err := os.ReadDir(f.dir)
	if err != nil {
		f.Fatal(err)
	}
	for _, entry := range list {
		all.WriteString(entry.Name() + "\n" + f.read(entry.Name()))
	}
	return all.String()
}

func (f *folder) read(name string) string {
	f.Helper()
	b, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		f.Fatal(err)
	}
	return string(b)
}

// keys are the ids in the order of the file, as the issuer reads it; what is
// published must agree with them.
func (f *folder) keys() string {
	f.Helper()
	keys, err := exchange.ParseKeys(f.read(tokenKeysFile))
	if err != nil {
		f.Fatal(err)
	}
	c, err := pst.ParseCommitments([]byte(f.read(commitmentsFile)))
	if err != nil {
		f.Fatal(err)
	}
	want, err := keys.Commitment(c.ID, c.BatchSize)
	if err != nil {
		f.Fatal(err)
	}
	if got := f.read(commitmentsFile); got != string(want.JSON())+"\n" {
		f.Errorf("published\n%swant\n%s", got, want.JSON())
	}
	if len(c.Keys) > pst.MaxKeys {
		f.Errorf("%d keys are published", len(c.Keys))
	}
	ids := fmt.Sprintf("commitment %d:", c.ID)
	for _, k := range c.Keys {
		ids += " " + k.Label
	}
	return ids
}

func (f *folder) want(ids string) {
	f.Helper()
	if got := f.keys(); got != ids {
		f.Errorf("%s; want %s", got, ids)
	}
}

func newFolder(t *testing.T, flags ...string) *folder {
	t.Helper()
	f := &folder{t, filepath.Join(t.TempDir(), "keys"), testNow}
	out, errs, code := f.run(append([]string{"keys", "new", "-dir", f.dir}, flags...)...)
	if code != exitOK || errs != "" {
		t.Fatalf("%d %s", code, errs)
	}
	if doc := strings.TrimSpace(f.read(commitmentsFile)); !strings.HasSuffix(out, "\n"+doc+"\n") {
		t.Errorf("the output does not end with the commitment:\n%s", out)
	}
	return f
}

func TestKeysNew(t *testing.T) {
	f := newFolder(t, "-batch", "25")
	f.want("commitment 1: 1 2")
	for _, name := range []string{tokenKeysFile, recordKeyFile} {
		if info, err := os.Stat(filepath.Join(f.dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %v %v", name, info, err)
		}
	}
	if c, _ := pst.ParseCommitments([]byte(f.read(commitmentsFile))); c.BatchSize != 25 {
		t.Errorf("batch %d", c.BatchSize)
	}
	if seed, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(f.read(recordKeyFile))); err != nil || len(seed) != 32 {
		t.Errorf("a record key of %d bytes, %v", len(seed), err)
	}
	before := f.files()
	if _, errs, code := f.run("keys", "new", "-dir", f.dir); code != exitRefused || !strings.Contains(errs, "keys rotate -dir "+f.dir) {
		t.Errorf("a second time: %d %s", code, errs)
	}
	if f.files() != before {
		t.Error("a second time changed the files")
	}
}

func TestKeysNewSaysWhatToTypeAndShowsNoSecret(t *testing.T) {
	f := &folder{t, filepath.Join(t.TempDir(), "keys"), testNow}
	out, errs, _ := f.run("keys", "new", "-dir", f.dir)
	for _, line := range []string{
		"npx wrangler secret put ISSUER_KEYS < " + f.dir + "/token-keys.txt",
		"npx wrangler secret put ISSUER_RECORD_KEY < " + f.dir + "/record-key.txt",
		`ISSUER_COMMITMENT_ID = "1"`, "key 1    current", "key 2    next",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("it does not say %q:\n%s", line, out)
		}
	}
	for _, word := range strings.Fields(f.read(tokenKeysFile) + f.read(recordKeyFile)) {
		if secret, _, _ := strings.Cut(word, ","); len(secret) > 30 && strings.Contains(out+errs, secret[8:24]) {
			t.Errorf("it shows a secret:\n%s%s", out, errs)
		}
	}
}

func TestKeysNewToStandardOutput(t *testing.T) {
	out, errs, code := bonafides(t, "", "keys", "new", "-stdout")
	if code != exitOK || errs != "" {
		t.Fatalf("%d %s", code, errs)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[1], `ISSUER_RECORD_KEY="`) {
		t.Fatalf("%q", out)
	}
	keys, err := exchange.ParseKeys(strings.TrimSuffix(strings.TrimPrefix(lines[0], `ISSUER_KEYS="`), `"`))
	if err != nil || len(keys.Set().All()) != 2 {
		t.Errorf("%v, %v", keys, err)
	}
}

// A rotation every 90 days, for years: every key gets all its roles, and every
// token lives for at least 90 days.
func TestKeysRotateForYears(t *testing.T) {
	f := newFolder(t)
	for n := 2; n <= 20; n++ {
		f.after(90)
		signed, err := exchange.ParseKeys(f.read(tokenKeysFile))
		if err != nil {
			t.Fatal(err)
		}
		last := signed.Set().Active().ID()
		if left := signed.Expiry()[last].Sub(f.now); left < 90*24*time.Hour {
			t.Errorf("rotation %d: the last token of key %d lived for %v only", n, last, left)
		}
		out := f.rotate()
		f.want(fmt.Sprintf("commitment %d: %d %d %d", n, n, n-1, n+1))
		if !strings.Contains(out, fmt.Sprintf("key %-4d retired  until %s  must stay", n-1, stamp(signed.Expiry()[last]))) {
			t.Errorf("it does not say until when the old key stays:\n%s", out)
		}
	}
}

func TestKeysRotateNeverPublishesASeventhKey(t *testing.T) {
	f := newFolder(t, "-every", "1000d")
	for range 3 {
		f.after(10)
		f.rotate("-every", "1000d")
	}
	f.after(10)
	f.rotate("-every", "1000d")
	f.want("commitment 5: 5 4 3 2 1 6")
	f.after(10)
	f.refuses(exitRefused, "6 keys that have not expired, and browsers know no more than 6. The first of them expires at "+stamp(testNow.AddDate(0, 0, 2000)))
	f.now = testNow.AddDate(0, 0, 2000).Add(time.Hour)
	f.rotate()
	f.want("commitment 6: 6 5 4 3 2 7")
}

func TestKeysRotateWaitsUntilBrowsersKnowTheKey(t *testing.T) {
	f := newFolder(t)
	f.after(6)
	f.refuses(exitRefused, "Rotate after "+stamp(testNow.AddDate(0, 0, 7)))
	f.rotate("-notice", "5d")
	f.want("commitment 2: 2 1 3")
	f.after(7)
	f.rotate()
	f.want("commitment 3: 3 2 1 4")
}

func TestKeysRotateDropsOnlyWhatExpired(t *testing.T) {
	f := newFolder(t)
	f.after(90)
	f.rotate()
	f.after(89)
	f.rotate()
	f.want("commitment 3: 3 2 1 4") // key 1 has a day left
	f.after(90)
	f.rotate()
	f.want("commitment 4: 4 3 2 5")
	f.after(10_000) // nobody looked for years
	f.rotate()
	f.want("commitment 5: 6 7")
}

func TestKeysRotateTellsWhatChromeIgnores(t *testing.T) {
	f := newFolder(t)
	f.after(59)
	_, errs, code := f.run("keys", "rotate", "-dir", f.dir)
	if code != exitOK || !strings.Contains(errs, "until "+stamp(testNow.AddDate(0, 0, 60))) {
		t.Errorf("%d %q", code, errs)
	}
	f.after(60)
	if _, errs, code := f.run("keys", "rotate", "-dir", f.dir); code != exitOK || errs != "" {
		t.Errorf("%d %q", code, errs)
	}
}

// An issuer whose key has expired cannot sign at all, so its next key signs at
// once.
func TestKeysRotateAfterTheCurrentKeyExpired(t *testing.T) {
	f := newFolder(t)
	f.after(200)
	f.rotate("-notice", "300d")
	f.want("commitment 2: 2 3")
}

func TestKeysRotateDryRunWritesNothing(t *testing.T) {
	f := newFolder(t)
	f.after(90)
	before := f.files()
	out := f.rotate("-dry-run")
	if f.files() != before || !strings.Contains(out, "nothing was written") || !strings.Contains(out, "key 2    current") {
		t.Errorf("%s", out)
	}
}

func TestKeysWithdraw(t *testing.T) {
	f := newFolder(t)
	f.refuses(exitRefused, "there is no key 9", "-withdraw", "9")
	f.rotate("-withdraw", "1") // the successor signs at once
	f.want("commitment 2: 2 3")
	f.after(90)
	f.rotate()
	f.want("commitment 3: 3 2 4")
	_, errs, _ := f.run("keys", "rotate", "-dir", f.dir, "-withdraw", "2")
	f.want("commitment 4: 3 4")
	if !strings.Contains(errs, "every token of key 2 is worth nothing") {
		t.Errorf("%q", errs)
	}
	f.rotate("-withdraw", "4") // its id is never used again
	f.want("commitment 5: 3 5")
	f.after(400)
	f.refuses(exitRefused, "has expired", "-withdraw", "3")
}

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
	f.refuses(exitUsage, "does not go with -record", "-record", "-withdraw", "1")
	f.refuses(exitUsage, "goes with -record alone", "-record-lifetime", "3h")
	f.refuses(exitUsage, "at least 2h", "-record", "-record-lifetime", "1h")
	if err := os.WriteFile(filepath.Join(f.dir, recordKeyFile), []byte("sesame"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.refuses(exitRefused, "base64 of 32 bytes", "-record")
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
	f.refuses(exitUsage, "give the next number with -id")
	f.rotate("-id", "4") // there is no next key yet, so nothing else changes
	f.want("commitment 4: 7 8")
	f.refuses(exitUsage, "needs a higher", "-id", "4")
	f.after(7)
	f.rotate()
	f.want("commitment 5: 8 7 9")

	// A next key that nobody knows the age of.
	text := f.read(tokenKeysFile)
	text = strings.Replace(text, "# key 9 published", "# key 10 published", 1)
	if err := os.WriteFile(filepath.Join(f.dir, tokenKeysFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f.refuses(exitRefused, `"# key 9 published `)
	f.rotate("-notice", "0d")
	f.want("commitment 6: 9 8 7 10")
}

func TestKeysRotateRefuses(t *testing.T) {
	f := newFolder(t)
	path := filepath.Join(f.dir, tokenKeysFile)
	good := f.read(tokenKeysFile)
	f.refuses(exitUsage, "-withdraw", "-withdraw", "-7")
	f.refuses(exitUsage, "number of days", "-every", "3 months")
	f.refuses(exitUsage, "only flags", "x")
	f.refuses(exitUsage, "-batch", "-batch", "61")
	if _, errs, code := f.run("keys", "rotate"); code != exitUsage || !strings.Contains(errs, "-dir") {
		t.Errorf("%d %s", code, errs)
	}
	for says, text := range map[string]string{
		"token key 3":                      good + "sesame,2030-01-01T00:00:00Z\n",
		"no token keys":                    "",
		`not like "# commitment 3`:         strings.Replace(good, "# commitment 1,", "# commitment one,", 1),
		`not like "# key 2 published 2027`: strings.Replace(good, "# key 2 published", "# key 2 published on", 1),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f.refuses(exitRefused, says)
	}
	if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	f.refuses(exitRefused, "chmod 600 "+path)
	f.dir = filepath.Join(f.dir, "elsewhere")
	if _, errs, code := f.run("keys", "rotate", "-dir", f.dir); code != exitRefused || !strings.Contains(errs, "no such file") {
		t.Errorf("%d %s", code, errs)
	}
}

func TestKeysNewRefuses(t *testing.T) {
	dir := t.TempDir()
	for says, args := range map[string][]string{
		"either -dir":    nil,
		"nowhere else":   {"-dir", dir, "-stdout"},
		"only flags":     {"-dir", dir, "x"},
		"-batch":         {"-dir", dir, "-batch", "0"},
		"number of days": {"-dir", dir, "-every", "90"},
		"at least a day": {"-dir", dir, "-every", "0d"},
	} {
		out, errs, code := bonafides(t, "", append([]string{"keys", "new"}, args...)...)
		if code != exitUsage || out != "" || !strings.Contains(errs, says) {
			t.Errorf("%v: %d, %q, %q", args, code, out, errs)
		}
	}
	if list, _ := os.ReadDir(dir); len(list) > 0 {
		t.Errorf("something was written: %v", list)
	}
}
