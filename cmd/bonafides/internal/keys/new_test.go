package keys

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli/clitest"
	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/issuer"
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
	return clitest.RunAt(f.now, Commands(), "", args...)
}

// rotate rotates and wants it to work.
func (f *folder) rotate(flags ...string) string {
	f.Helper()
	out, errs, code := f.run(append([]string{"keys", "rotate", "-dir", f.dir}, flags...)...)
	if code != cli.OK {
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
	if code != cli.OK || errs != "" {
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
	if _, public, err := issuer.ParseRecordKeys(f.read(recordKeyFile)); err != nil || len(public) != 1 {
		t.Errorf("%d record keys, %v", len(public), err)
	}
	for kind, name := range map[keyring.Kind]string{keyring.Token: tokenKeysFile, keyring.Record: recordKeyFile} {
		if _, old, err := keyring.Read(kind, f.read(name)); err != nil || old {
			t.Errorf("%s is not a ring: %v", name, err)
		}
	}
	before := f.files()
	if _, errs, code := f.run("keys", "new", "-dir", f.dir); code != cli.Refused || !strings.Contains(errs, "keys rotate -dir "+f.dir) {
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
		`ISSUER_COMMITMENT_ID empty or "1"`, "key 1    current", "key 2    next",
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
	if code != cli.OK || errs != "" {
		t.Fatalf("%d %s", code, errs)
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[1], `ISSUER_RECORD_KEY="`) {
		t.Fatalf("%q", out)
	}
	// As wrangler reads a .dev.vars file.
	value := func(line, name string) string {
		return strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(line, name+`="`), `"`), `\n`, "\n")
	}
	keys, err := exchange.ParseKeys(value(lines[0], "ISSUER_KEYS"))
	if err != nil || len(keys.Set().All()) != 2 {
		t.Errorf("%v, %v", keys, err)
	}
	if _, public, err := issuer.ParseRecordKeys(value(lines[1], "ISSUER_RECORD_KEY")); err != nil || len(public) != 1 {
		t.Errorf("%v, %v", public, err)
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
		if code != cli.Usage || out != "" || !strings.Contains(errs, says) {
			t.Errorf("%v: %d, %q, %q", args, code, out, errs)
		}
	}
	if list, _ := os.ReadDir(dir); len(list) > 0 {
		t.Errorf("something was written: %v", list)
	}
}
