package keys

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func commitmentsMake() cli.Command {
	c := cli.Command{
		Name:     "commitments make",
		Synopsis: "-key FILE [-key FILE ...] -expiry DATE [-id N] [-batch N] [-origin ORIGIN] [-new ID]",
		About: "Writes the key commitment of an issuer to standard output.\n" +
			"      Each key is a file with a public key (101 bytes) or a private key (52 bytes), raw or in base64; only public keys are written.\n" +
			"      With -new ID a key file that does not exist is made, with a new private key of this id, readable by its owner alone.\n" +
			"      With -origin the object is written under this name, as browsers' registries and\n" +
			"      --additional-private-state-token-key-commitments have it.",
	}
	c.Run = func(t cli.Terminal, args []string) int {
		f := cli.Flags(t, c)
		var files []string
		f.Func("key", "`file` with a key; may be repeated, at most 6 times (required)", func(s string) error { files = append(files, s); return nil })
		expiry := f.String("expiry", "", "when the keys expire: a date 2006-01-02, a time 2006-01-02T15:04:05Z, or days from now as 90d (required)")
		id := f.Int64("id", 1, "version of the commitment; raise it with every change")
		batch := f.Int("batch", 30, "tokens that a browser asks for at a time, 1 to 100; above 60 the request header is longer than 8 KiB")
		site := f.String("origin", "", "the issuer's origin")
		fresh := f.Int64("new", -1, "make the key file with this key `id` if it does not exist")
		if code, ok := cli.Parse(f, args); !ok {
			return code
		}
		switch {
		case f.NArg() != 0:
			return cli.Fail(t, cli.Usage, "commitments make takes only flags, not %q", f.Arg(0))
		case len(files) == 0:
			return cli.Fail(t, cli.Usage, "commitments make needs at least one -key FILE")
		case len(files) > pst.MaxKeys:
			return cli.Fail(t, cli.Usage, "an issuer has at most %d keys at a time; browsers ignore more", pst.MaxKeys)
		case *expiry == "":
			return cli.Fail(t, cli.Usage, "commitments make needs -expiry: browsers ignore a key without one")
		case *id < 1 || *id > 1<<31-1:
			return cli.Fail(t, cli.Usage, "-id is between 1 and 2147483647")
		case *site != "" && !origin.Is(*site):
			return cli.Fail(t, cli.Usage, "-origin %q is not an origin as browsers write it: scheme and host in lower case, no path, no slash at the end", *site)
		case *fresh != -1 && (*fresh < 0 || *fresh > 1<<32-1 || len(files) != 1):
			return cli.Fail(t, cli.Usage, "-new takes a key id between 0 and 4294967295, and exactly one -key")
		}
		until, err := parseExpiry(*expiry, t.Now())
		if err != nil {
			return cli.Fail(t, cli.Usage, "%v", err)
		}
		if *fresh >= 0 {
			if err := makeKeyFile(files[0], uint32(*fresh)); err != nil {
				return cli.Fail(t, cli.Refused, "%v", err)
			}
		}
		made := &pst.Commitment{ID: uint32(*id), BatchSize: *batch}
		for _, name := range files {
			key, err := readKeyFile(name)
			if err != nil {
				return cli.Fail(t, cli.Refused, "%v", err)
			}
			made.Keys = append(made.Keys, pst.CommittedKey{Label: strconv.FormatUint(uint64(key.ID()), 10), PublicKey: key, Expiry: until.UnixMicro()})
		}
		if err := made.Check(); err != nil {
			return cli.Fail(t, cli.Refused, "%v", err)
		}
		out := string(made.JSON())
		if *site != "" {
			out = `{"` + *site + `":` + out + `}`
		}
		// What a browser would say about it, before anyone publishes it.
		for _, g := range pst.LintCommitments([]byte(out), t.Now().UnixMicro()) {
			fmt.Fprintf(t.Err, "%s %s: %s %s\n", g.Severity, g.Code, g.Path, g.Message)
		}
		fmt.Fprintln(t.Out, out)
		return cli.OK
	}
	return c
}

func parseExpiry(s string, now time.Time) (time.Time, error) {
	var at time.Time
	if strings.HasSuffix(s, "d") {
		n, err := parseDays(s)
		if err != nil {
			return at, fmt.Errorf("-expiry %q %w", s, err)
		}
		at = now.AddDate(0, 0, n)
	} else {
		var err error
		if at, err = time.Parse(time.DateOnly, s); err != nil {
			if at, err = time.Parse(time.RFC3339, s); err != nil {
				return at, fmt.Errorf("-expiry %q is neither a date (2027-01-31), a time (2027-01-31T00:00:00Z) nor days from now (90d)", s)
			}
		}
	}
	if !at.After(now) {
		return at, fmt.Errorf("-expiry %s is past; browsers would ignore the keys", at.UTC().Format(time.RFC3339))
	}
	if at.Year() > now.Year()+100 {
		return at, fmt.Errorf("-expiry %s is more than a century away", at.UTC().Format(time.RFC3339))
	}
	return at, nil
}

// parseDays reads a number of days with its unit, "90d".
func parseDays(s string) (int, error) {
	digits, ok := strings.CutSuffix(s, "d")
	ok = ok || s == "0" // none is none in every unit
	n, err := strconv.ParseUint(digits, 10, 16)
	if !ok || err != nil {
		return 0, errors.New("is not a number of days, such as 90d")
	}
	return int(n), nil
}

// readKeyFile reads a public or a private key, raw or in base64, and returns its
// public half. Errors name the file and never what is in it.
func readKeyFile(name string) (*pst.PublicKey, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, 1024))
	if err != nil {
		return nil, err
	}
	if len(b) != pst.PublicKeySize && len(b) != pst.PrivateKeySize {
		if raw, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(string(b))); err == nil {
			b = raw
		}
	}
	switch len(b) {
	case pst.PublicKeySize:
		key, err := pst.ParsePublicKey(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return key, nil
	case pst.PrivateKeySize:
		key, err := pst.ParsePrivateKey(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return key.PublicKey(), nil
	}
	return nil, fmt.Errorf("%s is neither a public key (%d bytes) nor a private key (%d bytes), raw or in base64", name, pst.PublicKeySize, pst.PrivateKeySize)
}

// makeKeyFile writes a new private key in base64 unless the file exists. It is
// never overwritten.
func makeKeyFile(name string, id uint32) error {
	if _, err := os.Lstat(name); err == nil {
		return nil
	}
	key, err := pst.GenerateKey(id)
	if err != nil {
		return err
	}
	return makeSecret(name, base64.StdEncoding.EncodeToString(key.Bytes())+"\n")
}
