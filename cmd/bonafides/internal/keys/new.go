package keys

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func keysNew() cli.Command {
	c := cli.Command{
		Name:     "keys new",
		Synopsis: "-dir FOLDER | -stdout  [-for issuer|provider|gate] [-every 90d] [-batch N]",
		About: "Makes an issuer's keys: two token keys (one signs now, one is published ahead of\n" +
			"      its turn) and the key that signs redemption records.\n" +
			"      -dir writes token-keys.txt and record-key.txt, readable by their owner alone, and\n" +
			"      commitments.json, which everybody may see. Files that exist are left alone.\n" +
			"      -stdout writes the secrets to standard output instead, as a .dev.vars file has\n" +
			"      them, and keeps nothing: such keys cannot be rotated.\n" +
			"      -for provider makes the keys that sign ID tokens instead, provider-keys-rs256.txt\n" +
			"      and provider-keys-es256.txt, and -for gate those of a Worker's gate, gate-keys.txt:\n" +
			"      in each ring one key signs now and one is published ahead of its turn.",
	}
	c.Run = func(t cli.Terminal, args []string) int {
		f := cli.Flags(t, c)
		dir := f.String("dir", "", "`folder` for the keys; made if it does not exist")
		stdout := f.Bool("stdout", false, "write the secrets to standard output")
		owner := f.String("for", forIssuer, "whose keys: issuer, provider or gate")
		batch := f.Int("batch", 10, "`tokens` that a browser asks for at a time, 1 to 60")
		every := everyFlag(f)
		if code, ok := cli.Parse(f, args); !ok {
			return code
		}
		switch {
		case f.NArg() != 0:
			return cli.Fail(t, cli.Usage, "keys new takes only flags, not %q", f.Arg(0))
		case (*dir == "") == !*stdout:
			return cli.Fail(t, cli.Usage, "keys new needs either -dir FOLDER or -stdout: secrets go nowhere else")
		case *owner != forIssuer && *owner != forProvider && *owner != forGate:
			return cli.Fail(t, cli.Usage, "-for is issuer, provider or gate, not %q", *owner)
		case *owner != forIssuer && (cli.Given(f, "batch") || cli.Given(f, "every")):
			return cli.Fail(t, cli.Usage, "-batch and -every are about an issuer's token keys and do not go with -for %s", *owner)
		case *owner == forProvider && *stdout:
			return cli.Fail(t, cli.Usage, "a provider reads its keys from files: give -dir FOLDER")
		case *batch < 1 || *batch > issuer.MaxBatch:
			return cli.Fail(t, cli.Usage, "-batch is between 1 and 60: the header of a larger request is longer than 8 KiB")
		}
		now := t.Now().UTC().Truncate(time.Second)
		switch {
		case *owner == forGate && *stdout:
			_, text, err := gateFile().begin(now)
			if err != nil {
				return cli.Fail(t, cli.Refused, "%v", err)
			}
			fmt.Fprintf(t.Out, "%s=\"%s\"\n", secretGateKeys, oneLine(text))
			return cli.OK
		case *owner != forIssuer:
			return makeOther(t, *dir, *owner, now)
		}
		// A ring without keys begins with what it needs.
		ring, err := keyring.Rotate(keyring.Ring{Kind: keyring.Token, Batch: *batch}, now, tokenRules(every.days, 0))
		if err == nil {
			err = exchange.MakeKeys(&ring)
		}
		if err != nil {
			return cli.Fail(t, cli.Refused, "%v", err)
		}
		tokens, err := ring.Text()
		if err != nil {
			return cli.Fail(t, cli.Refused, "%v", err)
		}
		record, err := issuer.GenerateRecordKey(now)
		if err != nil {
			return cli.Fail(t, cli.Refused, "%v", err)
		}
		if *stdout {
			fmt.Fprintf(t.Out, "%s=\"%s\"\n%s=\"%s\"\n", secretTokenKeys, oneLine(tokens), secretRecordKey, oneLine(record))
			return cli.OK
		}
		if err := os.MkdirAll(*dir, 0o700); err != nil {
			return cli.Fail(t, cli.Refused, "%v", err)
		}
		for _, name := range []string{tokenKeysFile, recordKeyFile} {
			if code, ok := absent(t, *dir, name, forIssuer); !ok {
				return code
			}
		}
		if err := errors.Join(makeSecret(filepath.Join(*dir, tokenKeysFile), tokens), makeSecret(filepath.Join(*dir, recordKeyFile), record)); err != nil {
			return cli.Fail(t, cli.Refused, "%v", err)
		}
		return report(t, *dir, ring, now, []string{recordKeyFile})
	}
	return c
}

// oneLine writes a text for a .dev.vars file, where a line feed in double quotes is
// \n. The last one may be missing.
func oneLine(text string) string {
	return strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", `\n`)
}

// tokenRules are how token keys follow each other; times are in days.
func tokenRules(every, notice int) keyring.Rules {
	return keyring.Rules{Ahead: true, Every: time.Duration(every) * day, Notice: time.Duration(notice) * day, Most: pst.MaxKeys}
}
