package keys

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// maxDocument bounds what is read from a file or an issuer; what is longer is
// refused by the linter itself.
const maxDocument = 64<<10 + 1

func commitmentsLint() cli.Command {
	c := cli.Command{
		Name:     "commitments lint",
		Synopsis: "[-now UNIX] FILE|URL|-",
		About: "Tells what a browser will make of an issuer's key commitment, with a reason for every rule that browsers apply silently.\n" +
			"      FILE holds what the issuer serves, or an object with issuers' origins as names; - reads standard input.\n" +
			"      URL is an issuer's origin (its well-known path is added) or the whole address.\n" +
			"      Ends with 0 when browsers will use the issuer, 1 when not or when nothing could be read.",
	}
	c.Run = func(t cli.Terminal, args []string) int {
		f := cli.Flags(t, c)
		now := f.Int64("now", 0, "judge at this time, in seconds since 1970 (default: now)")
		if code, ok := cli.Parse(f, args); !ok {
			return code
		}
		if f.NArg() != 1 {
			return cli.Fail(t, cli.Usage, "commitments lint takes one FILE or URL")
		}
		at := t.Now()
		if cli.Given(f, "now") {
			at = time.Unix(*now, 0)
		}
		doc, findings, err := readDocument(t, f.Arg(0))
		if err != nil {
			return cli.Fail(t, cli.Refused, "%v", err)
		}
		findings = append(findings, pst.LintCommitments(doc, at.UnixMicro())...)
		code := cli.OK
		for _, g := range findings {
			if g.Severity == pst.Fatal {
				code = cli.Refused
			}
			where := ""
			if g.Path != "" {
				where = " " + cli.Printable(g.Path) + ":"
			}
			fmt.Fprintf(t.Out, "%s %s:%s %s\n", g.Severity, g.Code, where, cli.Printable(g.Message))
		}
		if code == cli.OK {
			fmt.Fprintln(t.Out, "ok: browsers can use this issuer")
		}
		return code
	}
	return c
}

// readDocument reads a file, standard input or an issuer's answer. What the
// answer's headers give reason to say comes back as findings.
func readDocument(t cli.Terminal, name string) ([]byte, []pst.Finding, error) {
	if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") {
		return fetchDocument(name)
	}
	in := t.In
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
	res, err := cli.LocalClient().Get(u.String())
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		hint := ""
		if res.StatusCode/100 == 3 {
			hint = "; it points to " + cli.Printable(res.Header.Get("Location")) + ", serve the commitment at the path itself"
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
