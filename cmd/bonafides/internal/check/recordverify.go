package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func recordVerify() cli.Command {
	return cli.Command{
		Name:     "record verify",
		Synopsis: "-issuer ORIGIN [-jwks FILE] [-origin ORIGIN] [-now UNIX] [RECORD|-]",
		About: "Verifies a redemption record: the text itself, or the whole value of a\n" +
			"      Sec-Redemption-Record header.\n      " + cli.BearerHelp + "\n" +
			"      Without -jwks the issuer's published keys are fetched. Exit code 0: good,\n" +
			"      1: refused, with the reason.",
		Run: runRecordVerify,
	}
}

func runRecordVerify(t cli.Terminal, args []string) int {
	f := cli.Flags(t, recordVerify())
	issuer := f.String("issuer", "", "the issuer's origin, such as https://issuer.example")
	file := f.String("jwks", "", "file with the issuer's record keys; without it they are fetched from the issuer")
	site := f.String("origin", "", "the site that must have redeemed; without it any")
	unix := f.Int64("now", 0, "the time to judge at, in Unix seconds; without it the clock")
	if code, ok := cli.Parse(f, args); !ok {
		return code
	}
	switch {
	case f.NArg() > 1:
		return cli.Fail(t, cli.Usage, "record verify takes one record")
	case *issuer == "":
		return cli.Fail(t, cli.Usage, "record verify needs -issuer ORIGIN, such as https://issuer.example")
	case !origin.Is(*issuer):
		return cli.Fail(t, cli.Usage, "-issuer is not an origin such as https://issuer.example")
	case *site != "" && !origin.Is(*site):
		return cli.Fail(t, cli.Usage, "-origin is not an origin such as https://news.example")
	}
	text, err := cli.Bearer(t, f, 64<<10)
	if errors.Is(err, cli.ErrNothing) {
		return cli.Fail(t, cli.Usage, "there is no record: give it on standard input, as in: bonafides record verify -issuer %s < record", *issuer)
	}
	if err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	now := t.Now()
	if cli.Given(f, "now") {
		now = time.Unix(*unix, 0)
	}
	record, err := pickRecord(text, *issuer)
	if err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	var keys *jws.KeySet
	if *file != "" {
		if keys, err = readKeySet(t, *file); err != nil {
			return cli.Fail(t, cli.Usage, "%v", err)
		}
	} else if keys, err = fetchKeys(*issuer); err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	r, err := pst.JudgeRecord(record, keys, *issuer, now)
	if err == nil && *site != "" && r.Origin != *site {
		err = &jws.Error{Code: "origin_mismatch", Message: "the record was redeemed on another site"}
	}
	if err != nil {
		fmt.Fprintln(t.Out, refused(err))
		return cli.Refused
	}
	fmt.Fprintln(t.Out, "ok")
	printRecord(t.Out, r, now)
	return cli.OK
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

// fetchKeys gets an issuer's record keys.
func fetchKeys(issuer string) (*jws.KeySet, error) {
	var why error
	source, err := jwks.New(jwks.Config{
		Client:  cli.LocalClient(),
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
