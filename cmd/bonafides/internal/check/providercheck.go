package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

func providerCheck() cli.Command {
	return cli.Command{
		Name:     "provider check",
		Synopsis: "[-client-id ID] [-verify-only] [-private PREFIXES] URL",
		About: `Reads the discovery document and the keys of an identity provider, by its issuer or
      by the address of the document, and says what works with rpserver, what does not,
      and which setting of rpserver.Provider changes it. Nobody signs in and nothing but
      public documents is asked for. Lines begin with:
        works     nothing has to be set
        set       a setting is needed, and is named
        note      good to know; it keeps nobody out
        fails     cannot be used so
      With -client-id the settings come out as Go. Exit code 0: usable, with the settings
      if any; 1: not usable, or no answer; 2: the command line is wrong.`,
		Run: runProviderCheck,
	}
}

func runProviderCheck(t cli.Terminal, args []string) int {
	f := cli.Flags(t, providerCheck())
	clientID := f.String("client-id", "", "the client `ID` that the provider gave this site: the settings are written for it")
	verify := f.Bool("verify-only", false, "only verify its tokens with provider.Verifier (GitHub Actions, Kubernetes); nobody signs in")
	private := f.String("private", "", "`prefixes` of addresses that may be reached besides the public ones, such as 10.1.0.0/16,fd00::/8")
	if code, ok := cli.Parse(f, args); !ok {
		return code
	}
	switch {
	case f.NArg() > 1 && strings.HasPrefix(f.Arg(1), "-"):
		return cli.Fail(t, cli.Usage, "%s comes after the address: flags go before it, as in: provider check %s %s", f.Arg(1), f.Arg(1), f.Arg(0))
	case f.NArg() != 1:
		return cli.Fail(t, cli.Usage, "provider check takes one issuer, such as https://login.example")
	case cli.Given(f, "client-id") && *clientID == "":
		return cli.Fail(t, cli.Usage, "-client-id is empty; leave it out if there is none yet")
	}
	if *verify && *clientID != "" {
		return cli.Fail(t, cli.Usage, "-client-id is for sign-ins, and with -verify-only nobody signs in")
	}
	if _, err := web.SecureURL(f.Arg(0)); err != nil {
		return cli.Fail(t, cli.Usage, "%q %v", f.Arg(0), err)
	}
	// An issuer has no query (OpenID Connect Discovery 1.0 section 3), a document may.
	if !strings.Contains(f.Arg(0), "/.well-known/") && strings.Contains(f.Arg(0), "?") {
		return cli.Fail(t, cli.Usage, "%q has a query, which an issuer has not: give the issuer, or the whole address of its document with /.well-known/", f.Arg(0))
	}
	prefixes, err := readPrefixes(*private)
	if err != nil {
		return cli.Fail(t, cli.Usage, "-private: %v", err)
	}
	c := &providerChecker{out: t.Out, now: t.Now(), verifyOnly: *verify, settings: map[string]string{}}
	if strings.Contains(f.Arg(0), "/.well-known/") {
		c.at = f.Arg(0)
	} else {
		c.issuer, c.at = f.Arg(0), oidc.DiscoveryURL(f.Arg(0))
	}
	// What is learned from a document on this machine may lead to this machine.
	if c.client, err = (web.Outbound{From: c.at, Private: prefixes}).Client(); err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	c.run()
	if *clientID != "" && !c.failed && !c.verifyOnly {
		c.writeSettings(*clientID)
	}
	switch {
	case c.failed:
		fmt.Fprintln(t.Out, "not usable")
		return cli.Refused
	case len(c.order) > 0:
		fmt.Fprintf(t.Out, "usable with the settings %s\n", strings.Join(c.order, ", "))
	default:
		fmt.Fprintln(t.Out, "usable")
	}
	return cli.OK
}

func readPrefixes(text string) (out []netip.Prefix, err error) {
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, fmt.Errorf("%q is no prefix such as 10.1.0.0/16", s)
		}
		out = append(out, p)
	}
	return out, nil
}

// fetched is a document that came.
type fetched struct {
	body              []byte
	cacheControl, age string
}

var errNoDocument = errors.New("status 404: there is none")

// get fetches one document. The error is a sentence without the address.
func (c *providerChecker) get(address string, most int64) (*fetched, error) {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("it is no address")
	}
	r.Header.Set("Accept", "application/json, application/jwk-set+json")
	res, err := c.client.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		if errors.Is(err, web.ErrNotPublic) {
			err = fmt.Errorf("%w. If it is of your own network, -private lets the check go there, and Config.PrivateAddresses the site", err)
		}
		return nil, errors.New(cli.Printable(err.Error()))
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotFound:
		return nil, errNoDocument
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("status %d where 200 belongs", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, most+1))
	switch {
	case err != nil:
		return nil, errors.New(cli.Printable(err.Error()))
	case int64(len(body)) > most:
		return nil, fmt.Errorf("it is longer than %d bytes", most)
	case strings.HasPrefix(strings.TrimLeft(string(body), " \t\r\n"), "<"):
		return nil, errors.New("a page (HTML) where JSON belongs")
	}
	return &fetched{body, strings.Join(res.Header.Values("Cache-Control"), ", "), res.Header.Get("Age")}, nil
}
