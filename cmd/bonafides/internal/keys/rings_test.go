package keys

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Whoever forgets -for is told what the folder has.
func TestKeysRotateSaysWhoseKeysThereAre(t *testing.T) {
	f := &folder{t, filepath.Join(t.TempDir(), "keys"), testNow}
	if _, errs, code := f.run("keys", "new", "-dir", f.dir, "-for", "provider"); code != cli.OK {
		t.Fatal(errs)
	}
	for _, args := range [][]string{nil, {"-record"}, {"-for", "gate"}} {
		if _, errs, code := f.run(append([]string{"keys", "rotate", "-dir", f.dir}, args...)...); code != cli.Refused || !strings.Contains(errs, "add -for provider") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if _, errs, _ := f.run("keys", "rotate", "-dir", f.dir, "-for", "provider"); !strings.Contains(errs, "-notice 0d") {
		t.Errorf("too soon: %s", errs)
	}
	if _, errs, code := f.run("keys", "rotate", "-dir", f.dir, "-for", "provider", "-notice", "0d"); code != cli.OK {
		t.Errorf("-notice 0d: %d %s", code, errs)
	}
}

// The provider's files are what idpserver reads, before and after rotations.
func TestKeysOfAProvider(t *testing.T) {
	f := &folder{t, filepath.Join(t.TempDir(), "keys"), testNow}
	out, errs, code := f.run("keys", "new", "-dir", f.dir, "-for", "provider")
	if code != cli.OK || errs != "" || !strings.Contains(out, "key 1    current  without end") || !strings.Contains(out, "idpserver.ParseKeys") {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	kids := func(name string, want int) (list []string) {
		t.Helper()
		keys, err := idpserver.ParseKeys(f.read(name))
		if err != nil || len(keys) != want || keys[0].Signer == nil {
			t.Fatalf("%s: %d keys, want %d: %v", name, len(keys), want, err)
		}
		for _, k := range keys {
			public, err := jws.ParseKey(k.PublicJWK)
			if err != nil {
				t.Fatal(err)
			}
			kid, _ := public.KeyID()
			list = append(list, kid)
		}
		if keys[0].Signer.KeyID() != list[0] {
			t.Errorf("%s: the first key is not the one that signs", name)
		}
		return list
	}
	rs, es := kids("provider-keys-rs256.txt", 2), kids("provider-keys-es256.txt", 2)
	if !strings.Contains(out, rs[0]) || !strings.Contains(out, es[1]) {
		t.Errorf("it does not say which keys there are:\n%s", out)
	}
	if info, err := os.Stat(filepath.Join(f.dir, "provider-keys-rs256.txt")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("may be read by others: %v %v", info, err)
	}
	f.refuses(cli.Refused, "Rotate after", "-for", "provider")
	if out, errs, code := f.run("keys", "new", "-dir", f.dir, "-for", "provider"); code != cli.Refused || out != "" || !strings.Contains(errs, "keys rotate -dir "+f.dir+" -for provider") {
		t.Errorf("a second time: %d %s%s", code, out, errs)
	}
	f.after(1)
	before := f.files()
	if out := f.rotate("-for", "provider", "-dry-run"); f.files() != before || !strings.Contains(out, "key 2    current") {
		t.Errorf("-dry-run: %s", out)
	}
	f.rotate("-for", "provider", "-alg", "ES256")
	if again := kids("provider-keys-es256.txt", 3); again[0] != es[1] || again[2] != es[0] {
		t.Errorf("after %v come %v", es, again)
	}
	if again := kids("provider-keys-rs256.txt", 2); again[0] != rs[0] {
		t.Errorf("-alg ES256 rotated the others: %v, %v", rs, again)
	}
	if strings.Count(f.read("provider-keys-es256.txt"), `"d":`) != 2 {
		t.Error("the retired key can still sign")
	}
	f.refuses(cli.Refused, "provider-keys-es256.txt: nothing was changed", "-for", "provider") // of none, though the others could
	f.after(2)
	f.rotate("-for", "provider")
	if again := kids("provider-keys-es256.txt", 3); again[2] != es[1] {
		t.Errorf("the first key should have gone: %v", again)
	}
	kids("provider-keys-rs256.txt", 3)
	// A key that somebody else has signs no more at once.
	now := kids("provider-keys-es256.txt", 3)
	_, errs, code = f.run("keys", "rotate", "-dir", f.dir, "-for", "provider", "-alg", "ES256", "-withdraw", "3", "-notice", "9d")
	if code != cli.OK || !strings.Contains(errs, "worth nothing") {
		t.Fatalf("%d %s", code, errs)
	}
	if again := kids("provider-keys-es256.txt", 3); again[0] != now[1] || strings.Contains(f.read("provider-keys-es256.txt"), now[0]) {
		t.Errorf("after the withdrawal of the first of %v: %v", now, again)
	}
	report, errs, code := f.run("keys", "report", "-dir", f.dir)
	if code != cli.OK || errs != "" || strings.Count(report, " signs; kid ") != 2 || strings.Contains(report, `"d"`) || !strings.Contains(report, "its ID tokens are checked with it") {
		t.Errorf("keys report: %d %s%s", code, report, errs)
	}
}

// A file with one private JWK, as providers had it, becomes a ring at its rotation.
func TestAProviderKeyOfTheFirstFormIsRotated(t *testing.T) {
	f := &folder{t, t.TempDir(), testNow}
	key, err := jose.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	private, err := key.PrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.dir, "provider-keys-es256.txt"), private, 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := idpserver.ParseKeys(string(private))
	if err != nil {
		t.Fatal(err)
	}
	f.rotate("-for", "provider") // there is no next key yet: one is made
	keys, err := idpserver.ParseKeys(f.read("provider-keys-es256.txt"))
	if err != nil || len(keys) != 2 || keys[0].Signer.KeyID() != first[0].Signer.KeyID() {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	if _, old, err := keyring.Read(keyring.Provider, f.read("provider-keys-es256.txt")); old || err != nil {
		t.Errorf("it is not written as a ring: %v", err)
	}
}

func TestKeysOfAGate(t *testing.T) {
	f := &folder{t, filepath.Join(t.TempDir(), "keys"), testNow}
	out, errs, code := f.run("keys", "new", "-dir", f.dir, "-for", "gate")
	if code != cli.OK || errs != "" || !strings.Contains(out, "npx wrangler secret put GATE_KEYS < "+f.dir+"/gate-keys.txt") {
		t.Fatalf("%d %s%s", code, out, errs)
	}
	read := func() (secret, public [][]byte) {
		t.Helper()
		ring, old, err := keyring.Read(keyring.Gate, f.read("gate-keys.txt"))
		if err == nil {
			secret, public, err = ring.Halves(keyring.GateKeySize, keyring.GatePublicSize)
		}
		if err != nil || old {
			t.Fatalf("%v", err)
		}
		return secret, public
	}
	first, _ := read()
	f.after(1)
	f.rotate("-for", "gate")
	secret, public := read()
	if len(secret) != 2 || len(public) != 1 || string(secret[0]) != string(first[1]) {
		t.Fatalf("%d that sign, %d that did", len(secret), len(public))
	}
	// The public half is that of the key that signed.
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), first[0])
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("x"))
	signature, err := ecdsa.SignASN1(nil, key, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append([]byte{4}, public[0]...))
	if err != nil || !ecdsa.VerifyASN1(other, digest[:], signature) {
		t.Errorf("the retired key's public half is not its own: %v", err)
	}
	if strings.Contains(f.read("gate-keys.txt"), base64.StdEncoding.EncodeToString(first[0])) {
		t.Error("the retired key can still sign")
	}
	out, _, code = f.run("keys", "new", "-stdout", "-for", "gate")
	text, ok := strings.CutPrefix(strings.TrimSuffix(out, "\"\n"), `GATE_KEYS="`)
	if _, old, err := keyring.Read(keyring.Gate, strings.ReplaceAll(text, `\n`, "\n")); code != cli.OK || !ok || old || err != nil {
		t.Errorf("-stdout: %d %q %v", code, out, err)
	}
	// What was kept before there were rings: the second word was about to sign.
	word := func(c string) string {
		return base64.StdEncoding.EncodeToString([]byte(strings.Repeat(c, keyring.GateKeySize)))
	}
	if err := os.WriteFile(filepath.Join(f.dir, "gate-keys.txt"), []byte(word("a")+" "+word("b")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.refuses(cli.Refused, "since when key 2 is published", "-for", "gate")
	f.rotate("-for", "gate", "-notice", "0")
	if secret, public := read(); string(secret[0]) != strings.Repeat("b", 32) || len(public) != 1 {
		t.Errorf("%q, %d public", secret, len(public))
	}
	for name, text := range map[string]string{
		"zero":     strings.Repeat("A", 43) + "=",
		"the rest": "sesame",
	} {
		if err := os.WriteFile(filepath.Join(f.dir, "gate-keys.txt"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f.refuses(cli.Refused, "gate key", "-for", "gate")
		if _, errs, code := f.run("keys", "report", "-dir", f.dir); code != cli.Refused || strings.Contains(errs, "sesame") {
			t.Errorf("%s: %d %s", name, code, errs)
		}
	}
}

func TestKeysReport(t *testing.T) {
	f := newFolder(t)
	f.after(90)
	f.rotate()
	f.rotate("-record")
	if _, errs, code := f.run("keys", "new", "-dir", f.dir, "-for", "gate"); code != cli.OK {
		t.Fatal(errs)
	}
	before := f.files()
	out, errs, code := f.run("keys", "report", "-dir", f.dir)
	if code != cli.OK || errs != "" || f.files() != before {
		t.Fatalf("%d %s", code, errs)
	}
	for _, says := range []string{
		"/token-keys.txt\nkey 2    current  until ", "key 1    retired  until ", "its tokens are redeemed",
		"/record-key.txt\nkey 2    current  without end           signs; kid ", "its records are checked with it", "/gate-keys.txt\nkey 1    current",
	} {
		if !strings.Contains(out, says) {
			t.Errorf("it does not say %q:\n%s", says, out)
		}
	}
	for _, line := range strings.Split(f.files(), "\n") {
		if _, secret, ok := strings.Cut(line, " key="); ok && len(secret) > 30 && strings.Contains(out, secret[8:24]) {
			t.Errorf("it shows a secret:\n%s", out)
		}
	}
	for says, args := range map[string][]string{"needs -dir": nil, "only flags": {"-dir", f.dir, "x"}} {
		if _, errs, code := f.run(append([]string{"keys", "report"}, args...)...); code != cli.Usage || !strings.Contains(errs, says) {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if _, errs, code := f.run("keys", "report", "-dir", t.TempDir()); code != cli.Refused || !strings.Contains(errs, "no keys in") {
		t.Errorf("an empty folder: %d %s", code, errs)
	}
}

func TestFlagsThatDoNotGoWithAnOwner(t *testing.T) {
	dir := t.TempDir()
	for says, args := range map[string][]string{
		"-for is issuer":               {"rotate", "-dir", dir, "-for", "me"},
		"-for is issuer, provider":     {"new", "-dir", dir, "-for", ""},
		"does not go with -for gate":   {"rotate", "-dir", dir, "-for", "gate", "-record"},
		"do not go with -for provider": {"new", "-dir", dir, "-for", "provider", "-batch", "3"},
		"reads its keys from files":    {"new", "-stdout", "-for", "provider"},
		"-alg is RS256 or ES256":       {"rotate", "-dir", dir, "-for", "provider", "-alg", "EdDSA"},
		"goes with -for provider":      {"rotate", "-dir", dir, "-for", "gate", "-alg", "ES256"},
		"needs -alg here":              {"rotate", "-dir", dir, "-for", "provider", "-withdraw", "1"},
	} {
		if _, errs, code := bonafides(t, "", append([]string{"keys"}, args...)...); code != cli.Usage || !strings.Contains(errs, says) {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if _, errs, code := bonafides(t, "", "keys", "rotate", "-dir", dir, "-for", "provider"); code != cli.Refused || !strings.Contains(errs, "keys new -dir "+dir+" -for provider") {
		t.Errorf("an empty folder: %d %s", code, errs)
	}
}
