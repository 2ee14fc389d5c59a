package check

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/inspect"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func tokenInspect() cli.Command {
	return cli.Command{
		Name:     "token inspect",
		Synopsis: "[MESSAGE|-]",
		About: "Shows what a message holds and checks nothing: a signed token or redemption\n" +
			"      record, a Sec-Redemption-Record header, or in base64 an issue request, an issue\n" +
			"      response, a redeem request, a token, client data or a public key.\n" +
			"      " + cli.BearerHelp,
		Run: runTokenInspect,
	}
}

const maxMessage = 1 << 20

func runTokenInspect(t cli.Terminal, args []string) int {
	f := cli.Flags(t, tokenInspect())
	if code, ok := cli.Parse(f, args); !ok {
		return code
	}
	if f.NArg() > 1 {
		return cli.Fail(t, cli.Usage, "token inspect takes one message")
	}
	text, err := cli.Bearer(t, f, maxMessage)
	if errors.Is(err, cli.ErrNothing) {
		return cli.Fail(t, cli.Usage, "there is nothing to inspect: give a message on standard input")
	}
	if err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	switch {
	case strings.HasPrefix(text, `"`) && strings.Contains(text, ";redemption-record="):
		return inspectHeader(t, text)
	case strings.Count(text, ".") == 2:
		return inspectJWS(t, text)
	}
	b, err := decodeBase64(text)
	if err != nil {
		return cli.Fail(t, cli.Refused, "this is neither a signed token (two dots), nor a header with records, nor base64")
	}
	return inspectBytes(t, b)
}

func inspectHeader(t cli.Terminal, text string) int {
	list, err := pst.ParseRedemptionRecordHeader(text)
	if err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	exit := cli.OK
	for _, r := range list {
		fmt.Fprintf(t.Out, "record of %s\n", r.Origin)
		exit = max(exit, inspectJWS(t, r.Record))
	}
	return exit
}

func inspectJWS(t cli.Terminal, text string) int {
	s, err := inspect.JWS(text, maxMessage)
	if err != nil {
		return cli.Fail(t, cli.Refused, "%v", err)
	}
	fmt.Fprintf(t.Out, "signed token, %d bytes. Nothing of it was verified.\n\nheader\n", len(text))
	printPart(t.Out, s.Header, s.HeaderError, s.HeaderJSON)
	fmt.Fprintln(t.Out, "payload")
	printPart(t.Out, s.Claims, s.ClaimsError, s.ClaimsJSON)
	printPart(t.Out, []inspect.Field{s.Signature}, nil, "")
	if r, err := pst.InspectRecord(text); err == nil {
		fmt.Fprintln(t.Out, "as a redemption record")
		printRecord(t.Out, r, t.Now())
	}
	return cli.OK
}

// printPart writes a member a line. A document that a strict reader refuses is
// shown as it is, with the reason.
func printPart(w io.Writer, fields []inspect.Field, err error, doc string) {
	switch {
	case errors.Is(err, inspect.ErrNoObject):
		fmt.Fprintf(w, "  %s\n  which is not an object, so not a token\n\n", cli.Printable(doc))
		return
	case err != nil:
		fmt.Fprintf(w, "  %q\n  which a strict reader refuses: %v\n\n", doc, err)
		return
	}
	for _, f := range fields {
		printField(w, f)
	}
	fmt.Fprintln(w)
}

// printField writes a field: where it stands, its name, its value, and the section
// that defines it.
func printField(w io.Writer, f inspect.Field) {
	value := cli.Printable(f.Value)
	if f.Encoding == "text" && f.Offset < 0 && f.Group != inspect.Signature {
		value = `"` + value + `"` // as the JSON has it
	}
	if !f.Time.IsZero() {
		value += "   " + f.Time.Format(time.RFC3339)
	}
	if f.Encoding == "hex" {
		value += fmt.Sprintf(" (%d bytes)", f.Size)
	}
	if f.Name == "redeeming-origin" {
		value += " (as the client states it)"
	}
	if f.Spec != "" {
		value += "   [" + f.Spec + "]"
	}
	at := ""
	if f.Offset >= 0 {
		at = fmt.Sprintf("%4d  ", f.Offset)
	}
	fmt.Fprintf(w, "  %s%-20s %s\n", at, cli.Printable(f.Name), value)
}

func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(s)
	return base64.RawStdEncoding.DecodeString(s)
}

func inspectBytes(t cli.Terminal, b []byte) int {
	m, err := inspect.Bytes(b)
	switch {
	case errors.Is(err, inspect.ErrPrivateKey):
		return cli.Fail(t, cli.Refused, "%v; if it went anywhere it should not, replace it", err)
	case err != nil:
		return cli.Fail(t, cli.Refused, "these %d bytes are not a message of Private State Tokens; %v", len(b), err)
	}
	note := map[string]string{"token": ": whoever has it can redeem it"}[m.Kind]
	fmt.Fprintf(t.Out, "%s, %d bytes%s\n", m.Kind, m.Size, note)
	for _, f := range m.Fields {
		printField(t.Out, f)
	}
	return cli.OK
}
