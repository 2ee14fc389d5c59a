package main

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

func tokenInspect() command {
	return command{
		name:     "token inspect",
		synopsis: "[MESSAGE]",
		about: `Shows what a message holds and checks nothing: a signed token or redemption
      record, a Sec-Redemption-Record header, or in base64 an issue request, an issue
      response, a redeem request, a token, client data or a public key. From standard
      input if there is no argument.`,
		run: runTokenInspect,
	}
}

const maxMessage = 1 << 20

func runTokenInspect(t terminal, args []string) int {
	f := newFlags(t, tokenInspect())
	if code, ok := parse(f, args); !ok {
		return code
	}
	if f.NArg() > 1 {
		return fail(t, exitUsage, "token inspect takes one message")
	}
	text := f.Arg(0)
	if f.NArg() == 0 {
		b, err := io.ReadAll(io.LimitReader(t.in, maxMessage))
		if err != nil {
			return fail(t, exitRefused, "standard input: %v", err)
		}
		text = string(b)
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return fail(t, exitUsage, "there is nothing to inspect: give a message as argument or on standard input")
	case strings.HasPrefix(text, `"`) && strings.Contains(text, ";redemption-record="):
		return inspectHeader(t, text)
	case strings.Count(text, ".") == 2:
		return inspectJWS(t, text)
	}
	b, err := decodeBase64(text)
	if err != nil {
		return fail(t, exitRefused, "this is neither a signed token (two dots), nor a header with records, nor base64")
	}
	return inspectBytes(t, b)
}

func inspectHeader(t terminal, text string) int {
	list, err := pst.ParseRedemptionRecordHeader(text)
	if err != nil {
		return fail(t, exitRefused, "%v", err)
	}
	exit := exitOK
	for _, r := range list {
		fmt.Fprintf(t.out, "record of %s\n", r.Origin)
		exit = max(exit, inspectJWS(t, r.Record))
	}
	return exit
}

func inspectJWS(t terminal, text string) int {
	payload, header, err := jws.Inspect(text, maxMessage)
	if err != nil {
		return fail(t, exitRefused, "%v", err)
	}
	fmt.Fprintf(t.out, "signed token, %d bytes. Nothing of it was verified.\n\nheader\n", len(text))
	printJSON(t.out, header)
	fmt.Fprintln(t.out, "payload")
	printJSON(t.out, payload)
	if r, err := pst.InspectRecord(text); err == nil {
		fmt.Fprintln(t.out, "as a redemption record")
		printRecord(t.out, r, t.now())
	}
	return exitOK
}

// printJSON writes a member a line. A document that a strict reader refuses is
// shown as it is, with the reason.
func printJSON(w io.Writer, doc string) {
	v, err := strictjson.ParseString(doc, strictjson.Limits{MaxSize: maxMessage})
	switch {
	case err != nil:
		fmt.Fprintf(w, "  %q\n  which a strict reader refuses: %v\n\n", doc, err)
		return
	case v.Kind() != strictjson.Object:
		fmt.Fprintf(w, "  %s\n  which is no object, so no token\n\n", printable(v.Raw()))
		return
	}
	for name, c := range v.Members() {
		note := ""
		if seconds, _, ok := c.NumericDate(); ok && strings.Contains(" exp iat nbf auth_time ", " "+name+" ") {
			note = "   " + time.Unix(seconds, 0).UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(w, "  %-16s %s%s\n", printable(name), printable(c.Raw()), note)
	}
	fmt.Fprintln(w)
}

// printable keeps what a token says from steering the terminal or from turning
// the direction of the text.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsGraphic(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

func decodeBase64(s string) ([]byte, error) {
	s = strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(s)
	return base64.RawStdEncoding.DecodeString(s)
}

func inspectBytes(t terminal, b []byte) int {
	w := t.out
	if len(b) == pst.PrivateKeySize {
		if _, err := pst.ParsePrivateKey(b); err == nil {
			return fail(t, exitRefused, "this is a private key, and is not shown; if it went anywhere it should not, replace it")
		}
	}
	if r, err := pst.ParseRedeemRequest(b); err == nil {
		fmt.Fprintf(w, "redeem request, %d bytes\n", len(b))
		printToken(w, &r.Token)
		printClientData(w, &r.ClientData)
		return exitOK
	}
	if tok, err := pst.ParseToken(b); err == nil {
		fmt.Fprintf(w, "token, %d bytes: whoever has it can redeem it\n", len(b))
		printToken(w, tok)
		return exitOK
	}
	if r, err := pst.ParseIssueRequest(b); err == nil {
		fmt.Fprintf(w, "issue request, %d bytes, %d blinded elements\n", len(b), r.Count())
		printElements(w, r.Elements())
		return exitOK
	}
	if r, err := pst.ParseIssueResponse(b); err == nil {
		fmt.Fprintf(w, "issue response, %d bytes, %d tokens signed with key %d\n", len(b), r.Issued(), r.KeyID())
		printElements(w, r.Elements())
		printBytes(w, "proof", r.Proof())
		return exitOK
	}
	if k, err := pst.ParsePublicKey(b); err == nil {
		fmt.Fprintf(w, "public key, %d bytes\n  %-16s %d\n", len(b), "key id", k.ID())
		printBytes(w, "point", b[4:])
		return exitOK
	}
	if c, err := pst.ParseClientData(b); err == nil {
		fmt.Fprintf(w, "client data, %d bytes\n", len(b))
		printClientData(w, c)
		return exitOK
	}
	reason := ""
	if pst.IsRedeemRequest(b) {
		_, err := pst.ParseRedeemRequest(b)
		reason = "; as a redeem request: " + err.Error()
	} else if _, err := pst.ParseIssueRequest(b); err != nil {
		reason = "; as an issue request: " + err.Error()
	}
	return fail(t, exitRefused, "these %d bytes are no message of Private State Tokens%s", len(b), reason)
}

func printToken(w io.Writer, tok *pst.Token) {
	fmt.Fprintf(w, "  %-16s %d\n", "key id", tok.KeyID)
	printBytes(w, "nonce", tok.Nonce[:])
	printBytes(w, "W", tok.W())
}

func printClientData(w io.Writer, c *pst.ClientData) {
	fmt.Fprintf(w, "  %-16s %s (as the client states it)\n  %-16s %d   %s\n", "redeeming origin", c.RedeemingOrigin,
		"timestamp", c.RedemptionTimestamp, time.Unix(int64(c.RedemptionTimestamp), 0).UTC().Format(time.RFC3339))
}

func printElements(w io.Writer, elements [][]byte) {
	for i, e := range elements {
		printBytes(w, fmt.Sprintf("element %d", i+1), e)
	}
}

func printBytes(w io.Writer, name string, b []byte) {
	fmt.Fprintf(w, "  %-16s %s (%d bytes)\n", name, hex.EncodeToString(b), len(b))
}
