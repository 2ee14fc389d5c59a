package serve

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/wasm"
	"github.com/bonafides-dev/bonafides/wasm/mirror"
)

// exitFailed: nothing was written, and what is published may be old. The keeper's
// commands alone tell it from cli.Refused.
const exitFailed = 3

// listHelp is said by every command that takes -issuers.
const listHelp = "FILE has an issuer's origin on each line, such as https://issuer.example; # begins a comment.\n" +
	"      Only these are ever asked. Whoever keeps the list decides whose tokens this keeper takes."

// issuersFlags are the flags of a list of issuers.
type issuersFlags struct {
	file    *string
	private []netip.Prefix
}

func newIssuersFlags(f *flag.FlagSet) *issuersFlags {
	l := &issuersFlags{file: f.String("issuers", "", "`file` with the origins of the issuers (required)")}
	f.Func("allow", "`prefix` of addresses that may be asked though they are not public, as 10.1.0.0/16; may be repeated", func(s string) error {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return errors.New("it is not a prefix such as 10.1.0.0/16 or fd12:3456::/32")
		}
		l.private = append(l.private, p)
		return nil
	})
	return l
}

// read returns the origins of the file.
func (l *issuersFlags) read() ([]string, error) {
	if *l.file == "" {
		return nil, errors.New("-issuers FILE is missing: the issuers that this keeper knows")
	}
	file, err := os.Open(*l.file)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var list []string
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		switch _, err := mirror.CheckIssuer(line); {
		case err != nil:
			return nil, fmt.Errorf("%s line %d: %w", *l.file, n, err)
		case slices.Contains(list, line):
			return nil, fmt.Errorf("%s line %d: %s is there twice", *l.file, n, line)
		case len(list) == mirror.MaxIssuers:
			return nil, fmt.Errorf("%s has more than %d issuers", *l.file, mirror.MaxIssuers)
		}
		list = append(list, line)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", *l.file, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s names no issuer", *l.file)
	}
	return list, nil
}

// pageFlags are the flags of the keeper's page.
func pageFlags(f *flag.FlagSet) *wasm.KeeperConfig {
	c := &wasm.KeeperConfig{}
	f.StringVar(&c.Name, "name", "", "whose keeper this is, said on its page; its host if empty")
	f.BoolVar(&c.AllowFrames, "frames", false, "let any page frame the keeper, hidden, where the browser shares its storage; nothing can be pressed there")
	f.IntVar(&c.RedemptionsPerHour, "per-hour", 0, "tokens an hour that are spent without asking the person; 6 if 0")
	f.IntVar(&c.RedemptionsPerDay, "per-day", 0, "tokens a day that are spent without asking the person; 20 if 0")
	return c
}

// tagFlag is where the keeper will be, for the tag that sites paste.
func tagFlag(f *flag.FlagSet) func(t cli.Terminal, issuers []string) (int, bool) {
	site := f.String("origin", "", "the keeper's `origin` in browsers; prints the tag for sites that work with it")
	return func(t cli.Terminal, issuers []string) (int, bool) {
		switch {
		case *site == "":
			return cli.OK, true
		case slices.Contains(issuers, *site):
			return cli.Fail(t, cli.Usage, "-origin %s is an issuer of the list: a keeper has an origin of its own, or the issuer could read the tokens back", *site), false
		}
		if err := checkKeeper(*site); err != nil {
			return cli.Fail(t, cli.Usage, "-origin %v", err), false
		}
		tag, err := wasm.ScriptTag(*site+"/bonafides/", *site)
		if err != nil {
			return cli.Fail(t, exitFailed, "%s", cli.Plain(err)), false
		}
		fmt.Fprintf(t.Out, "For a page, before its own scripts:\n%s\n", tag)
		return cli.OK, true
	}
}

// checkKeeper refuses what no browser takes for a keeper's origin.
func checkKeeper(keeper string) error {
	switch err := origin.CheckSecure(keeper); err {
	case nil:
		return nil
	case origin.ErrPlain:
		return fmt.Errorf("%q is not https, which browsers require of a keeper; http is for this machine only", keeper)
	default:
		return fmt.Errorf("%q is not an origin as browsers write it: https://keeper.example (no path, no slash at the end)", keeper)
	}
}

func keeperMirror() cli.Command {
	c := cli.Command{
		Name:     "keeper mirror",
		Synopsis: "-issuers FILE -out FOLDER [-allow PREFIX]",
		About: "Asks every issuer of a list for its key commitment and writes the one document that a\n" +
			"      keeper's page reads, bonafides-commitments.json, with the log and every earlier version\n" +
			"      beside it. Run it once an hour where a static host has the keeper; keep the folder.\n" +
			"      " + listHelp + "\n" +
			"      Says nothing where nothing changed. Ends with 0 when all is well; 1 when it wrote the\n" +
			"      document but an issuer did not answer or something was refused (that issuer keeps the\n" +
			"      keys that it had); 2 for a wrong command line or list; 3 when nothing could be written.",
	}
	c.Run = func(t cli.Terminal, args []string) int {
		f := cli.Flags(t, c)
		list := newIssuersFlags(f)
		out := f.String("out", "", "`folder` for the document; made if it is missing (required)")
		if code, ok := cli.Parse(f, args); !ok {
			return code
		}
		switch {
		case f.NArg() != 0:
			return cli.Fail(t, cli.Usage, "keeper mirror takes only flags, not %q", f.Arg(0))
		case *out == "" || *list.file == "":
			return cli.Fail(t, cli.Usage, "keeper mirror needs -issuers FILE, the issuers that this keeper knows, and -out FOLDER")
		}
		issuers, err := list.read()
		if err != nil {
			return cli.Fail(t, cli.Usage, "%s", cli.Plain(err))
		}
		return mirrorOnce(t, mirror.Config{Issuers: issuers, PrivateAddresses: list.private, Folder: &mirror.Folder{Dir: *out}})
	}
	return c
}

// mirrorOnce updates a folder and tells what there is to tell.
func mirrorOnce(t cli.Terminal, c mirror.Config) int {
	c.Now, c.Log = t.Now, slog.New(slog.DiscardHandler)
	m, err := mirror.New(c)
	if err != nil {
		return cli.Fail(t, exitFailed, "%s", cli.Plain(err))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	events, err := m.Refresh(ctx)
	code := cli.OK
	for _, e := range events {
		switch {
		case e.Trouble:
			code = cli.Refused
			fmt.Fprintf(t.Err, "bonafides: %s %s\n", e.Issuer, cli.Printable(e.Message))
		case !e.Again:
			fmt.Fprintf(t.Out, "%s %s\n", e.Issuer, e.Message)
		}
	}
	if err != nil {
		return cli.Fail(t, exitFailed, "%s", cli.Plain(err))
	}
	return code
}

func keeperFiles() cli.Command {
	c := cli.Command{
		Name:     "keeper files",
		Synopsis: "-issuers FILE -out FOLDER [-origin ORIGIN] [-name NAME] [-frames] [-per-hour N] [-per-day N] [-allow PREFIX]",
		About: "Writes a whole keeper for a host that runs no code: its page, the files that it loads,\n" +
			"      the document of key commitments, and headers for Cloudflare Pages and Netlify (_headers),\n" +
			"      nginx and Caddy. Publish FOLDER at the root of an origin that is no issuer's, sets no\n" +
			"      cookies and serves nothing else, and run keeper mirror once an hour with the same FOLDER.\n" +
			"      Run it again with each release; files of earlier releases stay, for pages that name them.\n" +
			"      " + listHelp + "\n" +
			"      Ends as keeper mirror does.",
	}
	c.Run = func(t cli.Terminal, args []string) int {
		f := cli.Flags(t, c)
		list, page, tag := newIssuersFlags(f), pageFlags(f), tagFlag(f)
		out := f.String("out", "", "`folder` for the files; made if it is missing (required)")
		if code, ok := cli.Parse(f, args); !ok {
			return code
		}
		switch {
		case f.NArg() != 0:
			return cli.Fail(t, cli.Usage, "keeper files takes only flags, not %q", f.Arg(0))
		case *out == "" || *list.file == "":
			return cli.Fail(t, cli.Usage, "keeper files needs -issuers FILE, the issuers that this keeper knows, and -out FOLDER")
		}
		issuers, err := list.read()
		if err != nil {
			return cli.Fail(t, cli.Usage, "%s", cli.Plain(err))
		}
		files, err := wasm.KeeperFiles(*page)
		if err != nil {
			return cli.Fail(t, cli.Usage, "%s", cli.Plain(err))
		}
		if code, ok := tag(t, issuers); !ok {
			return code
		}
		for name, b := range files {
			to := filepath.Join(*out, filepath.FromSlash(name))
			err := os.MkdirAll(filepath.Dir(to), 0o755)
			if err == nil {
				err = os.WriteFile(to, b, 0o644)
			}
			if err != nil {
				return cli.Fail(t, exitFailed, "%s", cli.Plain(err))
			}
		}
		fmt.Fprintf(t.Out, "wrote %d files to %s; publish it at the root of the keeper's origin; bonafides keeper tag ORIGIN prints the tag for pages\n", len(files), *out)
		return mirrorOnce(t, mirror.Config{Issuers: issuers, PrivateAddresses: list.private, Folder: &mirror.Folder{Dir: *out}})
	}
	return c
}
