package keys

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/issuer"
)

// chromeDays is how often Chrome takes changed key commitments of a registered
// issuer (GoogleChrome/private-tokens, PST-Registration.md).
const chromeDays = 60

// rotation is what keys rotate was asked for. A pointer is nil where its flag was
// not given.
type rotation struct {
	dir           string
	owner, alg    string // whose keys, and of a provider which
	dry           bool
	every, notice int // days
	noticeGiven   bool
	spent         string
	withdraw      *uint32
	id            *uint32
	batch         *int

	record   bool
	lifetime time.Duration
}

func keysRotate() cli.Command {
	c := cli.Command{
		Name:     "keys rotate",
		Synopsis: "-dir FOLDER [-for issuer|provider|gate] [-alg RS256|ES256] [-every 90d] [-notice 7d] [-spent FILE] [-withdraw ID] [-record] [-dry-run]",
		About: "Gives every token key its next role: the next key signs, the one that signed is\n" +
			"      retired and kept until it expires, a new next key is made, expired keys are\n" +
			"      dropped. Where there is no next key yet, one is made and nothing else changes.\n" +
			"      It refuses to publish a seventh key, and to sign with a key that browsers may not\n" +
			"      know yet. A key that has not expired is never dropped, since its tokens would be\n" +
			"      worth nothing, unless -withdraw names it: for a key that somebody else got hold of.\n" +
			"      A key whose expiry was moved later, or another key under an id that was published,\n" +
			"      is refused; -spent also asks the issuer's file of spent tokens.\n" +
			"      -record replaces the key that signs redemption records instead. The old public\n" +
			"      half stays published until its last record has expired.\n" +
			"      -for provider or gate rotates the keys that sign ID tokens, or a gate's assertions:\n" +
			"      the same states, and a key is published for a day before it signs.\n" +
			"      -dry-run shows the outcome and writes nothing.",
	}
	c.Run = func(t cli.Terminal, args []string) int {
		r, code, ok := parseRotation(t, c, args)
		if !ok {
			return code
		}
		now := t.Now().UTC().Truncate(time.Second)
		if !r.dry {
			end, err := alone(r.dir)
			if err != nil {
				return cli.Fail(t, cli.Refused, "%s", cli.Plain(err))
			}
			defer end()
		}
		switch {
		case r.owner != forIssuer:
			return r.rotateOther(t, now)
		case r.record:
			return r.rotateRecordKey(t, now)
		}
		return r.rotateTokenKeys(t, now)
	}
	return c
}

// parseRotation reads the flags.
func parseRotation(t cli.Terminal, c cli.Command, args []string) (r rotation, code int, ok bool) {
	f := cli.Flags(t, c)
	f.StringVar(&r.dir, "dir", "", "`folder` with the keys (required)")
	f.StringVar(&r.owner, "for", forIssuer, "whose keys: issuer, provider or gate")
	f.StringVar(&r.alg, "alg", "", "only a provider's keys for this `algorithm`, RS256 or ES256")
	f.BoolVar(&r.dry, "dry-run", false, "write nothing")
	f.BoolVar(&r.record, "record", false, "replace the key that signs redemption records, not the token keys")
	f.DurationVar(&r.lifetime, "record-lifetime", 24*time.Hour, "how long the issuer's records are good; for -record")
	withdraw := f.Int64("withdraw", -1, "drop the key with this `id` although it has not expired; its tokens are worth nothing then")
	id := f.Int64("id", 0, "`number` of the new commitment, where the file does not state the last one's")
	batch := f.Int("batch", 0, "`tokens` that a browser asks for at a time; without it as before")
	notice := &span{days: 7}
	f.Var(notice, "notice", "`time` for which a key is published before it signs, so that browsers learn of it; for a provider or a gate 1d if it is not given")
	every := everyFlag(f)
	f.StringVar(&r.spent, "spent", "", "the issuer's SQLite `file` of spent tokens, which knows every key that it had")
	if code, ok := cli.Parse(f, args); !ok {
		return r, code, false
	}
	usage := func(format string, args ...any) (rotation, int, bool) {
		return r, cli.Fail(t, cli.Usage, format, args...), false
	}
	r.every, r.notice, r.noticeGiven = every.days, notice.days, cli.Given(f, "notice")
	switch {
	case f.NArg() != 0:
		return usage("keys rotate takes only flags, not %q", f.Arg(0))
	case r.dir == "":
		return usage("keys rotate needs -dir FOLDER, the one that bonafides keys new wrote")
	case r.owner != forIssuer && r.owner != forProvider && r.owner != forGate:
		return usage("-for is issuer, provider or gate, not %q", r.owner)
	case r.alg != "" && (r.owner != forProvider || len(of(r.owner, r.alg)) == 0):
		return usage("-alg is RS256 or ES256, and goes with -for provider alone")
	case cli.Given(f, "withdraw") && r.owner == forProvider && r.alg == "":
		return usage("-withdraw needs -alg here: keys of both algorithms have such ids")
	case cli.Given(f, "withdraw") && (*withdraw < 0 || *withdraw > 1<<32-1):
		return usage("-withdraw takes the id of a key, between 0 and 4294967295")
	case cli.Given(f, "id") && (*id < 1 || *id > 1<<31-1):
		return usage("-id is between 1 and 2147483647")
	case cli.Given(f, "batch") && (*batch < 1 || *batch > issuer.MaxBatch):
		return usage("-batch is between 1 and 60: the header of a larger request is longer than 8 KiB")
	case r.owner != forIssuer:
		for _, other := range []string{"id", "batch", "every", "spent", "record", "record-lifetime"} {
			if cli.Given(f, other) {
				return usage("-%s is about an issuer's keys and does not go with -for %s", other, r.owner)
			}
		}
	case r.record:
		for _, other := range []string{"withdraw", "id", "batch", "notice", "every", "spent"} {
			if cli.Given(f, other) {
				return usage("-%s is about the token keys and does not go with -record", other)
			}
		}
	case cli.Given(f, "record-lifetime"):
		return usage("-record-lifetime goes with -record alone")
	}
	if cli.Given(f, "withdraw") {
		n := uint32(*withdraw)
		r.withdraw = &n
	}
	if cli.Given(f, "id") {
		n := uint32(*id)
		r.id = &n
	}
	if cli.Given(f, "batch") {
		r.batch = batch
	}
	return r, cli.OK, true
}

func (r *rotation) rotateTokenKeys(t cli.Terminal, now time.Time) int {
	path := filepath.Join(r.dir, tokenKeysFile)
	text, err := readSecret(path)
	if errors.Is(err, fs.ErrNotExist) {
		return noKeys(t, r.dir, r.owner)
	}
	if err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	keys, err := exchange.ParseKeys(text)
	if err != nil {
		return cli.Fail(t, cli.Refused, "%s: %v", path, err)
	}
	if err := checkKnown(keys, r.dir, r.spent); err != nil {
		return cli.Fail(t, cli.Refused, "nothing was changed: %v", err)
	}
	ring := keys.Ring()
	last := ring.LastPublished()
	switch {
	case r.id == nil && ring.Commitment == 0:
		return cli.Fail(t, cli.Usage, "%s does not state the number of the published commitment: give the next number with -id (one above the \"id\" that the issuer serves)", path)
	case r.id != nil && *r.id <= ring.Commitment:
		return cli.Fail(t, cli.Usage, "-id %d: the commitment had number %d, and the new one needs a higher", *r.id, ring.Commitment)
	case r.id != nil:
		ring.Commitment = *r.id - 1 // the rotation raises it
	}
	switch {
	case r.batch != nil:
		ring.Batch = *r.batch
	case ring.Batch == 0:
		ring.Batch = 10
	}
	rules := tokenRules(r.every, r.notice)
	if r.withdraw != nil {
		ring, err = keyring.Withdraw(ring, *r.withdraw, now, rules)
	} else {
		ring, err = keyring.Rotate(ring, now, rules)
	}
	if err == nil {
		err = exchange.MakeKeys(&ring)
	}
	if err == nil {
		text, err = ring.Text()
	}
	if err != nil {
		return cli.Fail(t, cli.Refused, "nothing was changed: %v", err)
	}
	if r.dry {
		fmt.Fprintln(t.Out, "This is what it would be; nothing was written.")
	} else if err := replaceFile(path, text, 0o600); err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	if until := last.AddDate(0, 0, chromeDays); !last.IsZero() && now.Before(until) {
		fmt.Fprintf(t.Err, "bonafides: note: for an issuer that is registered with Chrome, Chrome ignores a change within %d days of the last one, so it knows the old keys until %s\n", chromeDays, stamp(until))
	}
	if r.withdraw != nil {
		fmt.Fprintf(t.Err, "bonafides: every token of key %d is worth nothing once the issuer has the new keys\n", *r.withdraw)
	}
	if r.dry {
		return list(t, ring, now)
	}
	return report(t, r.dir, ring, now, nil)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

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
	f.Var((*everySpan)(s), "every", "`time` between your rotations; a key signs for one such period and its tokens are good for another")
	return s
}
