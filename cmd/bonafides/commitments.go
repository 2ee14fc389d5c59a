package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// maxDocument bounds what is read from a file or an issuer; what is longer is
// refused by the linter itself.
const maxDocument = 64<<10 + 1

func commitmentsLint() command {
	c := command{
		name:     "commitments lint",
		synopsis: "[-now UNIX] FILE|URL|-",
		about: "Tells what a browser will make of an issuer's key commitment, with a reason for every rule that browsers apply silently.\n" +
			"      FILE holds what the issuer serves, or an object with issuers' origins as names; - reads standard input.\n" +
			"      URL is an issuer's origin (its well-known path is added) or the whole address.\n" +
			"      Ends with 0 when browsers will use the issuer, 1 when not or when nothing could be read.",
	}
	c.run = func(t terminal, args []string) int {
		f := newFlags(t, c)
		now := f.Int64("now", 0, "judge at this time, in seconds since 1970 (default: now)")
		if code, ok := parse(f, args); !ok {
			return code
		}
		if f.NArg() != 1 {
			return fail(t, exitUsage, "commitments lint takes one FILE or URL")
		}
		at := t.now()
		if wasGiven(f, "now") {
			at = time.Unix(*now, 0)
		}
		doc, findings, err := readDocument(t, f.Arg(0))
		if err != nil {
			return fail(t, exitRefused, "%v", err)
		}
		findings = append(findings, pst.LintCommitments(doc, at.UnixMicro())...)
		code := exitOK
		for _, g := range findings {
			if g.Severity == pst.Fatal {
				code = exitRefused
			}
			where := ""
			if g.Path != "" {
				where = " " + printable(g.Path) + ":"
			}
			fmt.Fprintf(t.out, "%s %s:%s %s\n", g.Severity, g.Code, where, printable(g.Message))
		}
		if code == exitOK {
			fmt.Fprintln(t.out, "ok: browsers can use this issuer")
		}
		return code
	}
	return c
}

// readDocument reads a file, standard input or an issuer's answer. What the
// answer's headers give reason to say comes back as findings.
func readDocument(t terminal, name string) ([]byte, []pst.Finding, error) {
	if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") {
		return fetchDocument(name)
	}
	in := t.in
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, nil, err
		}
		defer file.Close()
		in = file
	}
	b, err := io.ReadAll(io.LimitReader(in, maxDocument))
	return b, nil, err
}

func fetchDocument(address string) ([]byte, []pst.Finding, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, nil, err
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = pst.CommitmentPath
	}
	client := &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(u.String())
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		hint := ""
		if res.StatusCode/100 == 3 {
			hint = "; it points to " + printable(res.Header.Get("Location")) + ", serve the commitment at the path itself"
		}
		return nil, nil, fmt.Errorf("%s answered %s%s", u, res.Status, hint)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxDocument))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", u, err)
	}
	var findings []pst.Finding
	got := res.Header.Get("Content-Type")
	if kind, params, err := mime.ParseMediaType(got); err != nil || kind != pst.CommitmentContentType || len(params) > 0 {
		findings = append(findings, pst.Finding{Severity: pst.Warning, Code: "lint_content_type",
			Message: "The answer's Content-Type is " + strconv.Quote(got) + ". Google's registry takes " + pst.CommitmentContentType + " without any parameter, charset included."})
	}
	return b, findings, nil
}

func commitmentsMake() command {
	c := command{
		name:     "commitments make",
		synopsis: "-key FILE [-key FILE ...] -expiry DATE [-id N] [-batch N] [-origin ORIGIN] [-new ID]",
		about: "Writes the key commitment of an issuer to standard output.\n" +
			"      Each key is a file with a public key (101 bytes) or a private key (52 bytes), raw or in base64; only public keys are written.\n" +
			"      With -new ID a key file that does not exist is made, with a new private key of this id, readable by its owner alone.\n" +
			"      With -origin the object is written under this name, as browsers' registries and\n" +
			"      --additional-private-state-token-key-commitments have it.",
	}
	c.run = func(t terminal, args []string) int {
		f := newFlags(t, c)
		var files []string
		f.Func("key", "`file` with a key; may be repeated, at most 6 times (required)", func(s string) error { files = append(files, s); return nil })
		expiry := f.String("expiry", "", "when the keys expire: a date 2006-01-02, a time 2006-01-02T15:04:05Z, or days from now as 90d (required)")
		id := f.Int64("id", 1, "version of the commitment; raise it with every change")
		batch := f.Int("batch", 30, "tokens that a browser asks for at a time, 1 to 100; above 60 the request header is longer than 8 KiB")
		origin := f.String("origin", "", "the issuer's origin")
		fresh := f.Int64("new", -1, "make the key file with this key `id` if it does not exist")
		if code, ok := parse(f, args); !ok {
			return code
		}
		switch {
		case f.NArg() != 0:
			return fail(t, exitUsage, "commitments make takes only flags, not %q", f.Arg(0))
		case len(files) == 0:
			return fail(t, exitUsage, "commitments make needs at least one -key FILE")
		case len(files) > pst.MaxKeys:
			return fail(t, exitUsage, "an issuer has at most %d keys at a time; browsers ignore more", pst.MaxKeys)
		case *expiry == "":
			return fail(t, exitUsage, "commitments make needs -expiry: browsers ignore a key without one")
		case *id < 1 || *id > 1<<31-1:
			return fail(t, exitUsage, "-id is between 1 and 2147483647")
		case *origin != "" && !pst.IsOrigin(*origin):
			return fail(t, exitUsage, "-origin %q is not an origin as browsers write it: scheme and host in lower case, no path, no slash at the end", *origin)
		case *fresh != -1 && (*fresh < 0 || *fresh > 1<<32-1 || len(files) != 1):
			return fail(t, exitUsage, "-new takes a key id between 0 and 4294967295, and exactly one -key")
		}
		until, err := parseExpiry(*expiry, t.now())
		if err != nil {
			return fail(t, exitUsage, "%v", err)
		}
		if *fresh >= 0 {
			if err := makeKeyFile(files[0], uint32(*fresh)); err != nil {
				return fail(t, exitRefused, "%v", err)
			}
		}
		made := &pst.Commitment{ID: uint32(*id), BatchSize: *batch}
		for _, name := range files {
			key, err := readKeyFile(name)
			if err != nil {
				return fail(t, exitRefused, "%v", err)
			}
			made.Keys = append(made.Keys, pst.CommittedKey{Label: strconv.FormatUint(uint64(key.ID()), 10), PublicKey: key, Expiry: until.UnixMicro()})
		}
		if err := made.Check(); err != nil {
			return fail(t, exitRefused, "%v", err)
		}
		out := string(made.JSON())
		if *origin != "" {
			out = `{"` + *origin + `":` + out + `}`
		}
		// What a browser would say about it, before anyone publishes it.
		for _, g := range pst.LintCommitments([]byte(out), t.now().UnixMicro()) {
			fmt.Fprintf(t.err, "%s %s: %s %s\n", g.Severity, g.Code, g.Path, g.Message)
		}
		fmt.Fprintln(t.out, out)
		return exitOK
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
