package keys

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// commitment is what the issuer publishes about the keys: one JSON object.
func commitment(ring keyring.Ring) (string, error) {
	keys, err := exchange.RingKeys(ring)
	if err != nil {
		return "", err
	}
	c, err := keys.Commitment(ring.Commitment, ring.Batch)
	if err != nil {
		return "", err
	}
	return string(c.JSON()), nil
}

// report writes commitments.json and tells what there is now and what to do
// with it. made are the files that were made beside the token keys.
func report(t cli.Terminal, dir string, ring keyring.Ring, now time.Time, made []string) int {
	doc, err := commitment(ring)
	if err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	public := filepath.Join(dir, commitmentsFile)
	if err := replaceFile(public, doc+"\n", 0o644); err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	for _, name := range append([]string{tokenKeysFile}, made...) {
		fmt.Fprintf(t.Out, "wrote %s: secret, keep a copy where nobody else reads it\n", filepath.Join(dir, name))
	}
	fmt.Fprintf(t.Out, "wrote %s: commitment %d, for everybody\n\n", public, ring.Commitment)
	if code := list(t, ring, now); code != cli.OK {
		return code
	}
	fmt.Fprintln(t.Out, "\nTo give them to the Worker:")
	fmt.Fprintf(t.Out, "  npx wrangler secret put %s < %s\n", secretTokenKeys, filepath.Join(dir, tokenKeysFile))
	for _, name := range made {
		fmt.Fprintf(t.Out, "  npx wrangler secret put %s < %s\n", secretRecordKey, filepath.Join(dir, name))
	}
	fmt.Fprintf(t.Out, "  in wrangler.toml: ISSUER_BATCH_SIZE = \"%d\", and ISSUER_COMMITMENT_ID empty or \"%d\"; then npx wrangler deploy\n", ring.Batch, ring.Commitment)
	fmt.Fprintf(t.Out, "\nThe key commitment, as the issuer will serve it:\n%s\n", doc)
	return cli.OK
}

// list prints a line for each key, and what browsers will say.
func list(t cli.Terminal, ring keyring.Ring, now time.Time) int {
	for _, k := range ring.Keys {
		role := k.Role(now)
		fmt.Fprintf(t.Out, "key %-4d %-8s until %s  %s\n", k.ID, role, stamp(k.Expires), map[keyring.State]string{
			keyring.Current: "signs",
			keyring.Next:    "browsers learn of it; signs after the next rotation",
			keyring.Retired: "must stay until then: its tokens are redeemed",
			keyring.Expired: "can go: the next rotation drops it",
		}[role])
	}
	doc, err := commitment(ring)
	if err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	for _, g := range pst.LintCommitments([]byte(doc), now.UnixMicro()) {
		fmt.Fprintf(t.Err, "%s %s: %s %s\n", g.Severity, g.Code, g.Path, g.Message)
	}
	return cli.OK
}
