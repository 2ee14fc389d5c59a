// Command demo runs the whole of both flows on this machine: an issuer of
// Private State Tokens, a newspaper, an ad network, an identity provider and a
// shop, each a site of its own to your browser, and a home page that shows
// every message between them.
//
//	go run ./demo            then open http://localhost:8080 in any browser
//	go run ./demo -chrome    and start a Chrome that keeps the tokens itself
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/bonafides-dev/bonafides/demo/stack"
	"github.com/bonafides-dev/bonafides/issuer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, stop, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `Usage: go run ./demo [flags]

Runs six sites on this machine and prints where they are. Stop it with Ctrl-C.

  -addr HOST:PORT  where to listen (default localhost:8080; this machine only)
  -chrome          start Chrome or Chromium with its own profile and the issuer's
                   keys: it then keeps the tokens itself. Every other browser, and
                   a Chrome without the keys, does all six steps too: there the
                   demo's keeper keeps the tokens
  -client ID=ORIGIN
                   let a site of your own sign people in at the demo's identity
                   provider; may be given several times. Redirect URIs may follow,
                   with commas before each; without them those of package
                   rpserver are used
  -data DIR        where keys and databases are kept
                   (default: bonafides-demo in your cache folder)
  -record MODE     the redemption records of the issuer: shared (default; all of one
                   site and hour are equal) or single (each has a number of its own)
  -fresh           forget everything and start with new keys
  -h               this text
`

func run(ctx context.Context, stop func(), args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // flag's own words; ours are below
	addr := flags.String("addr", "localhost:8080", "")
	data := flags.String("data", "", "")
	fresh := flags.Bool("fresh", false, "")
	chrome := flags.Bool("chrome", false, "")
	var mode recordMode
	var clients clientFlags
	flags.Var(&clients, "client", "")
	flags.Var(&mode, "record", "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return 0
	case err != nil:
		fmt.Fprintf(errs, "demo: %v\n\n%s", err, usage)
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(errs, "demo: %q is not a flag\n\n%s", flags.Arg(0), usage)
		return 2
	}

	s, err := stack.New(stack.Config{Addr: *addr, DataDir: *data, Fresh: *fresh, Record: issuer.RecordMode(mode), StartsChrome: *chrome, Clients: clients})
	if err != nil {
		fmt.Fprintf(errs, "demo: %v.\n", err)
		return 1
	}
	defer s.Close()
	greet(out, s, clients)

	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	if *chrome {
		browser, err := startChrome(s)
		if err != nil {
			fmt.Fprintf(errs, "demo: %v.\n", err)
		} else {
			fmt.Fprintf(out, "\nStarted the browser:\n  %s\n", browser.command)
			defer browser.stop()
		}
	}
	fmt.Fprintln(out, "\nStop with Ctrl-C.")
	err = <-served
	stop() // a second Ctrl-C ends the program at once
	if err != nil {
		fmt.Fprintf(errs, "demo: %v.\n", err)
		return 1
	}
	fmt.Fprintln(out, "Stopped.")
	return 0
}

// recordMode is the value of -record.
type recordMode issuer.RecordMode

func (m *recordMode) String() string {
	if issuer.RecordMode(*m) == issuer.Single {
		return "single"
	}
	return "shared"
}

func (m *recordMode) Set(s string) error {
	switch s {
	case "shared":
		*m = recordMode(issuer.Shared)
	case "single":
		*m = recordMode(issuer.Single)
	default:
		return errors.New(`it is "shared" or "single"`)
	}
	return nil
}

func greet(out io.Writer, s *stack.Stack, clients []stack.Client) {
	fmt.Fprintf(out, "The demo is running. Open\n\n  %s\n\nand press through its six steps. Its sites:\n\n", s.Origins.Home)
	for _, site := range s.Origins.Sites() {
		fmt.Fprintf(out, "  %-30s %s\n", site.Origin, site.Party.Name())
	}
	fmt.Fprintf(out, "  %-30s %s\n", s.Origins.Keeper, "keeper of tokens")
	fmt.Fprintf(out, "\nState is kept in %s (-fresh starts over).\n", s.DataDir)
	fmt.Fprintln(out, "Any browser does all six steps. One that keeps no tokens of this issuer, such as a\n"+
		"Chrome without its keys, asks the keeper, in a window that opens for a moment after a\n"+
		"press; one without FedCM opens the provider's window. With -chrome the browser does\n"+
		"both itself.")
	for _, c := range clients {
		fmt.Fprintf(out, "\n%s may sign people in at %s as the client %q, which has no secret, from\n", c.Origin, s.Origins.IdP, c.ID)
		for _, uri := range s.RedirectURIs(c) {
			fmt.Fprintf(out, "  %s\n", uri)
		}
	}
}
