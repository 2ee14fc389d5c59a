package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/rpserver/jwks"
)

func recordVerify() command {
	return command{
		name:     "record verify",
		synopsis: "-issuer ORIGIN [-jwks FILE] [-origin ORIGIN] [-now UNIX] [RECORD]",
		about: `Verifies a redemption record: the text itself, or the whole value of a
      Sec-Redemption-Record header; from standard input if there is no argument.
      Without -jwks the issuer's published keys are fetched. Exit code 0: good,
      1: refused, with the reason.`,
		run: runRecordVerify,
	}
}

func runRecordVerify(t terminal, args []string) int {
	f := newFlags(t, recordVerify())
	issuer := f.String("issuer", "", "the issuer's origin, such as https://issuer.example")
	file := f.String("jwks", "", "file with the issuer's record keys; without it they are fetched from the issuer")
	origin := f.String("origin", "", "the site that must have redeemed; without it any")
	unix := f.Int64("now", 0, "the time to judge at, in Unix seconds; without it the clock")
	if code, ok := parse(f, args); !ok {
		return code
	}
	switch {
	case f.NArg() > 1:
		return fail(t, exitUsage, "record verify takes one record")
	case !pst.IsOrigin(*issuer):
		return fail(t, exitUsage, "-issuer is not an origin such as https://issuer.example")
	case *origin != "" && !pst.IsOrigin(*origin):
		return fail(t, exitUsage, "-origin is not an origin such as https://news.example")
	}
	text := f.Arg(0)
	if f.NArg() == 0 {
		b, err := io.ReadAll(io.LimitReader(t.in, 64<<10))
		if err != nil {
			return fail(t, exitRefused, "standard input: %v", err)
		}
		text = strings.TrimSpace(string(b))
	}
	now := t.now()
	if wasGiven(f, "now") {
		now = time.Unix(*unix, 0)
	}
	record, err := pickRecord(text, *issuer)
	if err != nil {
		return fail(t, exitRefused, "%v", err)
	}
	var keys *jws.KeySet
	if *file != "" {
		if keys, err = readKeySet(t, *file); err != nil {
			return fail(t, exitUsage, "%v", err)
		}
	} else if keys, err = fetchKeys(*issuer); err != nil {
		return fail(t, exitRefused, "%v", err)
	}
	r, err := pst.JudgeRecord(record, keys, *issuer, now)
	if err == nil && *origin != "" && r.Origin != *origin {
		err = &jws.Error{Code: "origin_mismatch", Message: "the record was redeemed on another site"}
	}
	if err != nil {
		fmt.Fprintln(t.out, refused(err))
		return exitRefused
	}
	fmt.Fprintln(t.out, "ok")
	printRecord(t.out, r, now)
	return exitOK
}

// pickRecord takes the issuer's record out of a header value; any other text is
// the record itself.
func pickRecord(text, issuer string) (string, error) {
	if !strings.HasPrefix(text, `"`) {
		return text, nil
	}
	list, err := pst.ParseRedemptionRecordHeader(text)
	if err != nil {
		return "", err
	}
	for _, r := range list {
		if r.Origin == issuer {
			return r.Record, nil
		}
	}
	return "", fmt.Errorf("the header holds no record of %s", issuer)
}

// fetchKeys gets an issuer's record keys. Names below localhost are this
// machine, also where the system's resolver does not know them.
func fetchKeys(issuer string) (*jws.KeySet, error) {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	transport := &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(addr); err == nil && strings.HasSuffix(host, ".localhost") {
			addr = net.JoinHostPort("localhost", port)
		}
		return dialer.DialContext(ctx, network, addr)
	}}
	var why error
	source, err := jwks.New(jwks.Config{
		Client:  &http.Client{Transport: transport, Timeout: 10 * time.Second},
		Locate:  jwks.At(jwks.RecordKeysPath),
		OnError: func(_ string, err error) { why = err },
	})
	if err != nil {
		return nil, err
	}
	keys, err := source.KeySet(context.Background(), issuer)
	if err != nil {
		return nil, fmt.Errorf("the keys of %s could not be fetched: %w", issuer, why)
	}
	return keys, nil
}

func printRecord(w io.Writer, r *pst.Record, now time.Time) {
	at := func(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }
	fmt.Fprintf(w, "  issuer    %s\n  origin    %s (as the client stated it)\n  via       %s\n  token key %d\n  issued    %s (the hour, rounded down)\n  expires   %s",
		r.Issuer, r.Origin, r.Via, r.KeyID, at(r.IssuedAt), at(r.Expiry))
	if left := r.Remaining(now); left > 0 {
		fmt.Fprintf(w, " (in %s)\n", time.Duration(left)*time.Second)
	} else {
		fmt.Fprintln(w, " (over)")
	}
	if r.ID != "" {
		fmt.Fprintf(w, "  id        %s (single-use record)\n", r.ID)
	}
}
