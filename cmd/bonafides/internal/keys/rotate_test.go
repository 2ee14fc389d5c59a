package keys

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/spentstore"
)

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
	f.refuses(cli.Refused, "6 keys that have not expired, and no more than 6 can be published. The first of them expires at "+stamp(testNow.AddDate(0, 0, 2000)))
	f.now = testNow.AddDate(0, 0, 2000).Add(time.Hour)
	f.rotate()
	f.want("commitment 6: 6 5 4 3 2 7")
}

func TestKeysRotateWaitsUntilBrowsersKnowTheKey(t *testing.T) {
	f := newFolder(t)
	f.after(6)
	f.refuses(cli.Refused, "Rotate after "+stamp(testNow.AddDate(0, 0, 7)))
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
	if code != cli.OK || !strings.Contains(errs, "until "+stamp(testNow.AddDate(0, 0, 60))) {
		t.Errorf("%d %q", code, errs)
	}
	f.after(60)
	if _, errs, code := f.run("keys", "rotate", "-dir", f.dir); code != cli.OK || errs != "" {
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

// Two that read the same ring would each make a key under the same id.
func TestKeysRotateWorksAlone(t *testing.T) {
	f := newFolder(t)
	f.after(90)
	lock := filepath.Join(f.dir, ".rotating")
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := f.files()
	f.refuses(cli.Refused, "then remove "+lock)
	if f.files() != before {
		t.Error("the one that was refused wrote")
	}
	if out := f.rotate("-dry-run"); !strings.Contains(out, "nothing was written") {
		t.Errorf("%s", out)
	}
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	f.rotate()
	if _, err := os.Stat(lock); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", lock, err)
	}
}

func TestKeysWithdraw(t *testing.T) {
	f := newFolder(t)
	f.refuses(cli.Refused, "there is no key 9", "-withdraw", "9")
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
	f.refuses(cli.Refused, "has expired", "-withdraw", "3")
}

func TestKeysRotateRefuses(t *testing.T) {
	f := newFolder(t)
	path := filepath.Join(f.dir, tokenKeysFile)
	good := f.read(tokenKeysFile)
	f.refuses(cli.Usage, "-withdraw", "-withdraw", "-7")
	f.refuses(cli.Usage, "number of days", "-every", "3 months")
	f.refuses(cli.Usage, "only flags", "x")
	f.refuses(cli.Usage, "-batch", "-batch", "61")
	if _, errs, code := f.run("keys", "rotate"); code != cli.Usage || !strings.Contains(errs, "-dir") {
		t.Errorf("%d %s", code, errs)
	}
	for says, text := range map[string]string{
		"line 4: want id":          good + "sesame,2030-01-01T00:00:00Z\n",
		"no token keys":            "",
		"line 1: commitment":       strings.Replace(good, " commitment=1 ", " commitment=one ", 1),
		"line 3: published":        strings.Replace(good, "next published=", "next published=on", 1),
		"current too":              strings.Replace(good, "state=next", "state=current", 1),
		"line 2: the id":           strings.Replace(good, "id=1 ", "id=7 ", 1),
		"does not state the numbe": strings.Replace(good, " commitment=1", "", 1),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		code := cli.Refused
		if strings.HasPrefix(says, "does not state") {
			code = cli.Usage
		}
		f.refuses(code, says)
	}
	if err := os.WriteFile(path, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	f.refuses(cli.Refused, "chmod 600 "+path)
	f.dir = filepath.Join(f.dir, "elsewhere")
	if _, errs, code := f.run("keys", "rotate", "-dir", f.dir); code != cli.Refused || !strings.Contains(errs, "bonafides keys new -dir "+f.dir+" -for issuer") {
		t.Errorf("%d %s", code, errs)
	}
}

// The file is edited by hand: then the store would forget too early what was spent,
// or take two keys for one.
func TestKeysRotateRefusesAKeyThatChangedUnderItsID(t *testing.T) {
	f := newFolder(t)
	path := filepath.Join(f.dir, tokenKeysFile)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := exchange.ParseKeys(string(text))
	if err != nil {
		t.Fatal(err)
	}
	first := keys.Ring().Current()
	put := func(old, new string) {
		changed := strings.Replace(string(text), old, new, 1)
		if changed == string(text) {
			t.Fatal("the file was not changed")
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	end := first.Expires.UTC().Format(time.RFC3339)
	put(end, first.Expires.Add(time.Hour).UTC().Format(time.RFC3339))
	f.refuses(cli.Refused, "expires later", "-notice", "0d")
	other, err := pst.GenerateKey(first.ID)
	if err != nil {
		t.Fatal(err)
	}
	one, _ := keys.Set().ByID(first.ID)
	put(base64.StdEncoding.EncodeToString(one.Bytes()), base64.StdEncoding.EncodeToString(other.Bytes()))
	f.refuses(cli.Refused, "is another key", "-notice", "0d")

	// What the folder does not tell, the store does.
	if err := os.Remove(filepath.Join(f.dir, commitmentsFile)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "spent.db")
	f.refuses(cli.Refused, "no such file", "-notice", "0d", "-spent", file)
	store, err := spentstore.OpenSQLite(file)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Admit(t.Context(), issuer.TokenKeys(keys.Set(), keys.Expiry())...); err != nil {
		t.Fatal(err)
	}
	f.refuses(cli.Refused, "is another key", "-notice", "0d", "-spent", file)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	f.rotate("-notice", "0d", "-spent", file)
}
