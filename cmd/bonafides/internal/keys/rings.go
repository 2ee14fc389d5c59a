package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/keyring"
)

// What keys are for, as -for says it.
const (
	forIssuer   = "issuer"
	forProvider = "provider"
	forGate     = "gate"
)

const day = 24 * time.Hour

// ringFile is a file of a key folder: one ring, and what to do with its keys.
type ringFile struct {
	owner string // as -for says it
	alg   string // of a provider's ring
	name  string // of the file
	kind  keyring.Kind
	rules keyring.Rules
	// read reads the text and says for each key under which id others know it.
	read func(text string) (ring keyring.Ring, ids []string, err error)
	// make makes the keys that a rotation wants made.
	make func(*keyring.Ring) error
	// secret is the Worker's, which the file goes into; empty: a server reads the file.
	secret string
	// retired is what a key waits for that signs no more.
	retired string
}

// files are all that a folder may hold.
func files() []ringFile {
	return append([]ringFile{tokenFile(), recordFile()}, otherFiles()...)
}

// otherFiles are those that have nothing beside them that is published.
func otherFiles() []ringFile { return append(providerFiles(), gateFile()) }

// of are the files of an owner; of a provider, those of an algorithm if one is given.
func of(owner, alg string) (list []ringFile) {
	for _, f := range otherFiles() {
		if f.owner == owner && (alg == "" || f.alg == alg) {
			list = append(list, f)
		}
	}
	return list
}

// begin makes the text of a ring that begins.
func (f ringFile) begin(now time.Time) (keyring.Ring, string, error) {
	ring, err := keyring.Rotate(keyring.Ring{Kind: f.kind}, now, f.rules)
	if err == nil {
		err = f.make(&ring)
	}
	if err != nil {
		return ring, "", err
	}
	text, err := ring.Text()
	return ring, text, err
}

// makeOther makes the rings of a provider or a gate.
func makeOther(t cli.Terminal, dir, owner string, now time.Time) int {
	list := of(owner, "")
	for _, f := range list {
		if code, ok := absent(t, dir, f.name, owner); !ok {
			return code
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	for _, f := range list {
		path := filepath.Join(dir, f.name)
		_, text, err := f.begin(now)
		if err == nil {
			err = makeSecret(path, text)
		}
		if err != nil {
			return cli.Fail(t, cli.Refused, "%v", err)
		}
		fmt.Fprintf(t.Out, "wrote %s: secret, keep a copy where nobody else reads it\n", path)
		if code := f.show(t, text, now); code != cli.OK {
			return code
		}
	}
	fmt.Fprint(t.Out, hand(dir, list))
	return cli.OK
}

// absent refuses to write over a file, whose keys somebody may be using.
func absent(t cli.Terminal, dir, name, owner string) (int, bool) {
	path := filepath.Join(dir, name)
	if _, err := os.Lstat(path); err != nil {
		return cli.OK, true
	}
	more, live := "", "live tokens need it"
	if owner != forIssuer {
		more, live = " -for "+owner, "what it signed needs it"
	}
	return cli.Fail(t, cli.Refused, "%s is there already, and nothing was written: %s. Rotate its keys with: bonafides keys rotate -dir %s%s", path, live, dir, more), false
}

// hand says how the keys get to whoever signs with them.
func hand(dir string, list []ringFile) string {
	var b strings.Builder
	for _, f := range list {
		path := filepath.Join(dir, f.name)
		if f.secret != "" {
			fmt.Fprintf(&b, "\nTo give them to the Worker:\n  npx wrangler secret put %s < %s\n", f.secret, path)
		}
	}
	if b.Len() == 0 {
		b.WriteString("\nThe provider reads the files with idpserver.ParseKeys, at its start or while it runs (Server.SetKeys).\n")
	}
	return b.String()
}

// rotateOther gives the keys of a provider or a gate their next state: those of all
// files or, where one refuses, of none.
func (r *rotation) rotateOther(t cli.Terminal, now time.Time) int {
	var list []ringFile
	var texts []string
	for _, f := range of(r.owner, r.alg) {
		path := filepath.Join(r.dir, f.name)
		text, err := readSecret(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return cli.Fail(t, cli.Refused, "%v", err)
		}
		ring, _, err := f.read(text)
		if err != nil {
			return cli.Fail(t, cli.Refused, "%s: %v", path, err)
		}
		if text, err = r.turn(f, ring, now); err != nil {
			return cli.Fail(t, cli.Refused, "%s: nothing was changed: %v", path, err)
		}
		list, texts = append(list, f), append(texts, text)
	}
	if len(list) == 0 {
		return noKeys(t, r.dir, r.owner)
	}
	for i, f := range list {
		path := filepath.Join(r.dir, f.name)
		if r.dry {
			fmt.Fprintf(t.Out, "This is what %s would be; nothing was written.\n", path)
		} else if err := replaceFile(path, texts[i], 0o600); err != nil {
			return cli.Fail(t, cli.Refused, "%v", err)
		} else {
			fmt.Fprintf(t.Out, "wrote %s: secret, keep a copy where nobody else reads it\n", path)
		}
		if code := f.show(t, texts[i], now); code != cli.OK {
			return code
		}
	}
	if r.withdraw != nil {
		fmt.Fprintf(t.Err, "bonafides: anything that key %d signed is worth nothing once the %s has the new keys\n", *r.withdraw, r.owner)
	}
	if !r.dry {
		fmt.Fprint(t.Out, hand(r.dir, list))
	}
	return cli.OK
}

// noKeys says that a folder has no keys of this owner, and whose it has.
func noKeys(t cli.Terminal, dir, owner string) int {
	for _, f := range files() {
		if _, err := os.Stat(filepath.Join(dir, f.name)); err == nil && f.owner != owner {
			return cli.Fail(t, cli.Refused, "the keys in %s are not of kind %s: for those that are there add -for %s", dir, owner, f.owner)
		}
	}
	return cli.Fail(t, cli.Refused, "there are no keys of kind %s in %s. Make them with: bonafides keys new -dir %s -for %s", owner, dir, dir, owner)
}

// turn makes the text of the ring that comes after this one.
func (r *rotation) turn(f ringFile, ring keyring.Ring, now time.Time) (text string, err error) {
	rules := f.rules
	if r.noticeGiven {
		rules.Notice = time.Duration(r.notice) * day
	}
	if r.withdraw != nil {
		ring, err = keyring.Withdraw(ring, *r.withdraw, now, rules)
	} else {
		ring, err = keyring.Rotate(ring, now, rules)
	}
	if err == nil {
		err = f.make(&ring)
	}
	if err != nil {
		return "", err
	}
	return ring.Text()
}

// show prints a line for each key.
func (f ringFile) show(t cli.Terminal, text string, now time.Time) int {
	ring, ids, err := f.read(text)
	if err != nil {
		return cli.Fail(t, cli.Refused, "%s: %v", f.name, err)
	}
	for i, k := range ring.Keys {
		role, until := k.Role(now), "without end         "
		if !k.Expires.IsZero() {
			until = "until " + stamp(k.Expires)
		}
		said := map[keyring.State]string{
			keyring.Current: "signs",
			keyring.Next:    "is published; signs after the next rotation",
			keyring.Retired: "must stay until then: " + f.retired,
			keyring.Expired: "can go: the next rotation drops it",
		}[role]
		if ids[i] != "" {
			said += "; kid " + ids[i]
		}
		fmt.Fprintf(t.Out, "key %-4d %-8s %s  %s\n", k.ID, role, until, said)
	}
	return cli.OK
}
