package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/issuer/exchange"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// The files of an issuer's keys, in one folder.
const (
	tokenKeysFile   = "token-keys.txt"
	recordKeyFile   = "record-key.txt"
	commitmentsFile = "commitments.json" // what the issuer publishes; made from the token keys
)

// chromeDays is how often Chrome takes changed key commitments of a registered
// issuer (GoogleChrome/private-tokens, PST-Registration.md).
const chromeDays = 60

// Secrets of the Worker that the files go into.
const (
	secretTokenKeys = "ISSUER_KEYS"
	secretRecordKey = "ISSUER_RECORD_KEY"
)

func keysNew() command {
	c := command{
		name:     "keys new",
		synopsis: "-dir FOLDER | -stdout  [-every 90d] [-batch N]",
		about: "Makes an issuer's keys: two token keys (one signs now, one is published ahead of\n" +
			"      its turn) and the key that signs redemption records.\n" +
			"      -dir writes token-keys.txt and record-key.txt, readable by their owner alone, and\n" +
			"      commitments.json, which everybody may see. Files that exist are left alone.\n" +
			"      -stdout writes the secrets to standard output instead, as a .dev.vars file has\n" +
			"      them, and keeps nothing: such keys cannot be rotated.",
	}
	c.run = func(t terminal, args []string) int {
		f := newFlags(t, c)
		dir := f.String("dir", "", "`folder` for the keys; made if it does not exist")
		stdout := f.Bool("stdout", false, "write the secrets to standard output")
		batch := f.Int("batch", 10, "`tokens` that a browser asks for at a time, 1 to 60")
		every := everyFlag(f)
		if code, ok := parse(f, args); !ok {
			return code
		}
		switch {
		case f.NArg() != 0:
			return fail(t, exitUsage, "keys new takes only flags, not %q", f.Arg(0))
		case (*dir == "") == !*stdout:
			return fail(t, exitUsage, "keys new needs either -dir FOLDER or -stdout: secrets go nowhere else")
		case *batch < 1 || *batch > 60:
			return fail(t, exitUsage, "-batch is between 1 and 60: the header of a larger request is longer than 8 KiB")
		}
		now := t.now().UTC().Truncate(time.Second)
		ring := &keyring{version: 1, batch: *batch}
		for id := range uint32(2) {
			if err := ring.add(id+1, now, every.days*(int(id)+2)); err != nil {
				return fail(t, exitRefused, "%v", err)
			}
		}
		text, err := ring.text()
		if err != nil {
			return fail(t, exitRefused, "%v", err)
		}
		seed, err := newRecordKey()
		if err != nil {
			return fail(t, exitRefused, "%v", err)
		}
		if *stdout {
			keys, err := ring.exchange()
			if err != nil {
				return fail(t, exitRefused, "%v", err)
			}
			fmt.Fprintf(t.out, "%s=\"%s\"\n%s=\"%s\"\n", secretTokenKeys, strings.Join(strings.Fields(keys.Secret()), " "), secretRecordKey, seed)
			return exitOK
		}
		if err := os.MkdirAll(*dir, 0o700); err != nil {
			return fail(t, exitRefused, "%v", err)
		}
		for _, name := range []string{tokenKeysFile, recordKeyFile} {
			if _, err := os.Lstat(filepath.Join(*dir, name)); err == nil {
				return fail(t, exitRefused, "%s is there already, and nothing was written: live tokens need it. Rotate its keys with: bonafides keys rotate -dir %s",
					filepath.Join(*dir, name), *dir)
			}
		}
		if err := errors.Join(makeSecret(filepath.Join(*dir, tokenKeysFile), text), makeSecret(filepath.Join(*dir, recordKeyFile), seed+"\n")); err != nil {
			return fail(t, exitRefused, "%v", err)
		}
		return report(t, *dir, ring, now, []string{recordKeyFile})
	}
	return c
}

func keysRotate() command {
	c := command{
		name:     "keys rotate",
		synopsis: "-dir FOLDER [-every 90d] [-notice 7d] [-withdraw ID] [-record] [-dry-run]",
		about: "Gives every token key its next role: the next key signs, the one that signed is\n" +
			"      retired and kept until it expires, a new next key is made, expired keys are\n" +
			"      dropped. Where there is no next key yet, one is made and nothing else changes.\n" +
			"      It refuses to publish a seventh key, and to sign with a key that browsers may not\n" +
			"      know yet. A key that has not expired is never dropped, since its tokens would be\n" +
			"      worth nothing, unless -withdraw names it: for a key that somebody else has.\n" +
			"      -record replaces the key that signs redemption records instead. The old public\n" +
			"      half stays published until its last record has expired.\n" +
			"      -dry-run shows the outcome and writes nothing.",
	}
	c.run = func(t terminal, args []string) int {
		f := newFlags(t, c)
		dir := f.String("dir", "", "`folder` with the keys (required)")
		dry := f.Bool("dry-run", false, "write nothing")
		record := f.Bool("record", false, "replace the key that signs redemption records, not the token keys")
		lifetime := f.Duration("record-lifetime", 24*time.Hour, "how long the issuer's records are good; for -record")
		withdraw := f.Int64("withdraw", -1, "drop the key with this `id` although it has not expired; its tokens are worth nothing then")
		id := f.Int64("id", 0, "`number` of the new commitment, where the file does not tell that of the last one")
		batch := f.Int("batch", 0, "`tokens` that a browser asks for at a time; without it as before")
		notice := &span{days: 7}
		f.Var(notice, "notice", "`time` for which a key is published before it signs, so that browsers learn of it")
		every := everyFlag(f)
		if code, ok := parse(f, args); !ok {
			return code
		}
		switch {
		case f.NArg() != 0:
			return fail(t, exitUsage, "keys rotate takes only flags, not %q", f.Arg(0))
		case *dir == "":
			return fail(t, exitUsage, "keys rotate needs -dir FOLDER, the one that bonafides keys new wrote")
		case *withdraw < -1 || *withdraw > 1<<32-1:
			return fail(t, exitUsage, "-withdraw takes the id of a key, between 0 and 4294967295")
		case *id < 0 || *id > 1<<31-1, wasGiven(f, "id") && *id == 0:
			return fail(t, exitUsage, "-id is between 1 and 2147483647")
		case *batch < 0 || *batch > 60, wasGiven(f, "batch") && *batch == 0:
			return fail(t, exitUsage, "-batch is between 1 and 60: the header of a larger request is longer than 8 KiB")
		}
		now := t.now().UTC().Truncate(time.Second)
		if *record {
			for _, other := range []string{"withdraw", "id", "batch", "notice", "every"} {
				if wasGiven(f, other) {
					return fail(t, exitUsage, "-%s is about the token keys and does not go with -record", other)
				}
			}
			return rotateRecordKey(t, *dir, now, *lifetime, *dry)
		}
		if wasGiven(f, "record-lifetime") {
			return fail(t, exitUsage, "-record-lifetime goes with -record alone")
		}
		path := filepath.Join(*dir, tokenKeysFile)
		text, err := readSecret(path)
		if err != nil {
			return fail(t, exitRefused, "%v", err)
		}
		ring, err := parseKeyring(text)
		if err != nil {
			return fail(t, exitRefused, "%s: %v", path, err)
		}
		switch {
		case *id == 0 && ring.version == 0:
			return fail(t, exitUsage, "%s does not tell the number of the published commitment: give the next number with -id (one above the \"id\" that the issuer serves)", path)
		case *id != 0 && uint32(*id) <= ring.version:
			return fail(t, exitUsage, "-id %d: the commitment had number %d, and the new one needs a higher", *id, ring.version)
		case *id != 0:
			ring.version = uint32(*id)
		default:
			ring.version++
		}
		switch {
		case *batch != 0:
			ring.batch = *batch
		case ring.batch == 0:
			ring.batch = 10
		}
		last := ring.lastPublished()
		if *withdraw >= 0 {
			err = ring.withdraw(uint32(*withdraw), now, every.days)
		} else {
			err = ring.rotate(now, every.days, notice.days)
		}
		if err != nil {
			return fail(t, exitRefused, "nothing was changed: %v", err)
		}
		if text, err = ring.text(); err != nil {
			return fail(t, exitRefused, "nothing was changed: %v", err)
		}
		if *dry {
			fmt.Fprintln(t.out, "This is what would be; nothing was written.")
		} else if err := replaceFile(path, text, 0o600); err != nil {
			return fail(t, exitRefused, "%v", err)
		}
		if until := last.AddDate(0, 0, chromeDays); !last.IsZero() && now.Before(until) {
			fmt.Fprintf(t.err, "bonafides: note: of an issuer that is registered with Chrome, Chrome ignores a change within %d days of the last one, so it knows the old keys until %s\n", chromeDays, stamp(until))
		}
		if *withdraw >= 0 {
			fmt.Fprintf(t.err, "bonafides: every token of key %d is worth nothing once the issuer has the new keys\n", *withdraw)
		}
		if *dry {
			return ring.list(t, now)
		}
		return report(t, *dir, ring, now, nil)
	}
	return c
}

// span is a flag's value: a number of days, such as 90d.
type span struct{ days int }

func (s *span) String() string { return fmt.Sprintf("%dd", s.days) }

func (s *span) Set(text string) error {
	days, err := parseDays(text)
	if err != nil {
		return err
	}
	s.days = days
	return nil
}

// everySpan is a span that is not zero.
type everySpan span

func (s *everySpan) String() string { return (*span)(s).String() }

func (s *everySpan) Set(text string) error {
	if err := (*span)(s).Set(text); err != nil {
		return err
	}
	if s.days == 0 {
		return errors.New("is not at least a day")
	}
	return nil
}

func everyFlag(f *flag.FlagSet) *span {
	s := &span{days: 90}
	f.Var((*everySpan)(s), "every", "`time` between your rotations; a key signs for one such time and its tokens are good for another")
	return s
}

// newRecordKey returns the base64 of a random Ed25519 seed (RFC 8032 section
// 5.1.5: 32 bytes).
func newRecordKey() (string, error) {
	var seed [32]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(seed[:]), nil
}

// add makes a key at the end of the ring, published from now on.
func (r *keyring) add(id uint32, now time.Time, days int) error {
	key, err := pst.GenerateKey(id)
	if err != nil {
		return err
	}
	r.keys = append(r.keys, ringKey{key, now.AddDate(0, 0, days), now})
	return nil
}

// rotate gives every key its next role, or changes nothing.
func (r *keyring) rotate(now time.Time, every, notice int) error {
	keep := &keyring{keys: r.keys[:0:0]}
	for i, k := range r.keys {
		if r.role(i, now) != exchange.RoleExpired {
			keep.keys = append(keep.keys, k)
		}
	}
	id := r.highestID()
	if id > 1<<32-3 {
		return errors.New("there are no key ids left above 4294967293")
	}
	switch {
	case len(keep.keys) == 0: // every key has expired: begin again
		if err := keep.add(id+1, now, 2*every); err != nil {
			return err
		}
		id++
	case r.role(0, now) == exchange.RoleExpired:
		// Nothing can be signed until another key does; browsers that do not know
		// it yet lose no more than they have lost already.
		if next := r.next(now); next >= 0 {
			keep.promote(r.keys[next].ID())
		} else if err := keep.add(id+1, now, 2*every); err != nil {
			return err
		} else {
			id++
			keep.promote(id)
		}
	default:
		if next := r.next(now); next >= 0 {
			if err := r.keys[next].known(now, notice); err != nil {
				return err
			}
			keep.promote(r.keys[next].ID())
		}
	}
	if len(keep.keys) >= pst.MaxKeys {
		soonest := keep.keys[0].expiry
		for _, k := range keep.keys {
			if k.expiry.Before(soonest) {
				soonest = k.expiry
			}
		}
		return fmt.Errorf("there are %d keys that have not expired, and browsers know no more than %d. The first of them expires at %s: rotate after that",
			len(keep.keys), pst.MaxKeys, stamp(soonest))
	}
	if err := keep.addNext(id+1, now, every); err != nil {
		return err
	}
	r.keys = keep.keys
	return nil
}

// addNext makes the key that signs after the current one, and expires later: it
// is told apart by that.
func (r *keyring) addNext(id uint32, now time.Time, every int) error {
	if err := r.add(id, now, 3*every); err != nil {
		return err
	}
	made := &r.keys[len(r.keys)-1]
	if least := r.keys[0].expiry.AddDate(0, 0, every); made.expiry.Before(least) {
		made.expiry = least
	}
	return nil
}

// promote puts the key with this id first; the others keep their order.
func (r *keyring) promote(id uint32) {
	for i, k := range r.keys {
		if k.ID() == id {
			copy(r.keys[1:i+1], r.keys[:i])
			r.keys[0] = k
			return
		}
	}
}

// known refuses a key that browsers may not have heard of: they drop every
// token of it.
func (k ringKey) known(now time.Time, notice int) error {
	if k.since.IsZero() && notice > 0 {
		return fmt.Errorf("the file does not say since when key %d is published. Write it above the key as a line \"# key %d published %s\", or rotate with -notice 0d",
			k.ID(), k.ID(), stamp(now))
	}
	if from := k.since.AddDate(0, 0, notice); now.Before(from) {
		return fmt.Errorf("key %d is published since %s only; browsers that have not heard of it refuse its tokens. Rotate after %s, or now with a shorter -notice",
			k.ID(), stamp(k.since), stamp(from))
	}
	return nil
}

// withdraw drops a key at once. Its successor signs if it was the one that
// signed, however new it is.
func (r *keyring) withdraw(id uint32, now time.Time, every int) error {
	gone := -1
	for i, k := range r.keys {
		if k.ID() == id {
			gone = i
		}
	}
	if gone < 0 {
		return fmt.Errorf("there is no key %d", id)
	}
	was, next, highest := r.role(gone, now), r.next(now), r.highestID()
	if was == exchange.RoleExpired {
		return fmt.Errorf("key %d has expired: its tokens are worth nothing already, and a rotation without -withdraw drops it", id)
	}
	if highest > 1<<32-3 {
		return errors.New("there are no key ids left above 4294967293")
	}
	successor := highest + 1
	if next >= 0 {
		successor = r.keys[next].ID()
	}
	if was == exchange.RoleCurrent && next < 0 {
		if err := r.add(successor, now, 2*every); err != nil {
			return err
		}
		highest = successor
	}
	if was == exchange.RoleCurrent {
		r.promote(successor)
		gone++ // the keys before the promoted one moved by one
	}
	r.keys = append(r.keys[:gone:gone], r.keys[gone+1:]...)
	// A withdrawal never waits for room; the next rotation makes what is missing.
	if was == exchange.RoleRetired || len(r.keys) >= pst.MaxKeys {
		return nil
	}
	return r.addNext(highest+1, now, every)
}

// report writes commitments.json and tells what there is now and what to do
// with it.
func report(t terminal, dir string, r *keyring, now time.Time, made []string) int {
	doc, err := r.commitment()
	if err != nil {
		return fail(t, exitRefused, "%v", err)
	}
	public := filepath.Join(dir, commitmentsFile)
	if err := replaceFile(public, doc+"\n", 0o644); err != nil {
		return fail(t, exitRefused, "%v", err)
	}
	for _, name := range append([]string{tokenKeysFile}, made...) {
		fmt.Fprintf(t.out, "wrote %s: secret, keep a copy where nobody else reads it\n", filepath.Join(dir, name))
	}
	fmt.Fprintf(t.out, "wrote %s: commitment %d, for everybody\n\n", public, r.version)
	if code := r.list(t, now); code != exitOK {
		return code
	}
	fmt.Fprintln(t.out, "\nTo give them to the Worker:")
	fmt.Fprintf(t.out, "  npx wrangler secret put %s < %s\n", secretTokenKeys, filepath.Join(dir, tokenKeysFile))
	for _, name := range made {
		fmt.Fprintf(t.out, "  npx wrangler secret put %s < %s\n", secretRecordKey, filepath.Join(dir, name))
	}
	fmt.Fprintf(t.out, "  in wrangler.toml: ISSUER_COMMITMENT_ID = \"%d\" and ISSUER_BATCH_SIZE = \"%d\", then npx wrangler deploy\n", r.version, r.batch)
	fmt.Fprintf(t.out, "\nThe key commitment, as the issuer will serve it:\n%s\n", doc)
	return exitOK
}

// list prints a line for each key, and what browsers will say.
func (r *keyring) list(t terminal, now time.Time) int {
	for i, k := range r.keys {
		fmt.Fprintf(t.out, "key %-4d %-8s until %s  %s\n", k.ID(), r.role(i, now), stamp(k.expiry), map[exchange.Role]string{
			exchange.RoleCurrent: "signs",
			exchange.RoleNext:    "browsers learn of it; signs after the next rotation",
			exchange.RoleRetired: "must stay until then: its tokens are redeemed",
			exchange.RoleExpired: "can go: the next rotation drops it",
		}[r.role(i, now)])
	}
	doc, err := r.commitment()
	if err != nil {
		return fail(t, exitRefused, "%v", err)
	}
	for _, g := range pst.LintCommitments([]byte(doc), now.UnixMicro()) {
		fmt.Fprintf(t.err, "%s %s: %s %s\n", g.Severity, g.Code, g.Path, g.Message)
	}
	return exitOK
}
