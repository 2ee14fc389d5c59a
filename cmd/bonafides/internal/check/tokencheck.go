package check

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

func tokenCheck() cli.Command {
	return cli.Command{
		Name:     "token check",
		Synopsis: "-issuer URL -client-id ID -jwks FILE [-nonce N] [-hd DOMAIN] [-now UNIX] [settings]",
		About: `Judges ID tokens as a relying party must. Standard input has one token a line, as it
      is, as a header ("Authorization: Bearer ..."), or as a JSON string; for each line one
      comes out: "ok SUB" or "refused CODE: reason", with both values of a comparison that
      failed. A refusal that a setting would change names the setting: AuthorizedParties
      is -authorized-parties. Exit code 0 when all lines were judged, whatever the answers;
      1 when a line was no token or longer than 4 MiB; 2 when the command line is wrong.`,
		Run: runTokenCheck,
	}
}

const maxLine = 4 << 20

func runTokenCheck(t cli.Terminal, args []string) int {
	f := cli.Flags(t, tokenCheck())
	issuer := f.String("issuer", "", "the provider's issuer identifier, compared byte for byte")
	client := f.String("client-id", "", "the client that tokens must be for")
	file := f.String("jwks", "", "file with the provider's JWK set")
	nonce := f.String("nonce", "", "the nonce that every token must carry; without it nonces are not checked")
	hd := f.String("hd", "", `the hosted domain that every token must have; "*" for any`)
	settings := settingFlags(f)
	unix := f.Int64("now", 0, "the time to judge at, in Unix seconds; without it the clock")
	if code, ok := cli.Parse(f, args); !ok {
		return code
	}
	switch {
	case f.NArg() > 0:
		return cli.Fail(t, cli.Usage, "token check takes tokens from standard input, not as arguments (they would show in the list of processes)")
	case *issuer == "" || *client == "" || *file == "":
		return cli.Fail(t, cli.Usage, "token check needs -issuer, -client-id and -jwks; see bonafides token check -h")
	case cli.Given(f, "nonce") && *nonce == "", cli.Given(f, "hd") && *hd == "":
		return cli.Fail(t, cli.Usage, "-nonce or -hd is empty; leave it out if it should not be checked")
	}
	keys, err := readKeySet(t, *file)
	if err != nil {
		return cli.Fail(t, cli.Usage, "%v", err)
	}
	now := t.Now
	if cli.Given(f, "now") {
		now = func() time.Time { return time.Unix(*unix, 0) }
	}
	config, err := settings.complete(*issuer, *client, *nonce, *hd, keys, now())
	if err != nil {
		return cli.Fail(t, cli.Usage, "%v", err)
	}
	return judgeLines(t, func(token string) string {
		id, err := oidc.Verify(token, config, now())
		if err != nil {
			return refused(err)
		}
		for _, r := range id.Remarks {
			fmt.Fprintf(t.Err, "bonafides: a token is taken, although %s\n", r)
		}
		return "ok " + id.Subject
	})
}

// judgeLines answers every line of the input with one of the output.
func judgeLines(t cli.Terminal, judge func(token string) string) int {
	in, out := bufio.NewReaderSize(t.In, 64<<10), bufio.NewWriter(t.Out)
	defer out.Flush()
	exit := cli.OK
	for {
		line, tooLong, err := readLine(in)
		if err == io.EOF {
			return exit
		}
		if err != nil {
			return cli.Fail(t, cli.Refused, "standard input: %v", err)
		}
		answer := ""
		token, jsonErr := tokenOf(line)
		var why *strictjson.Error
		switch {
		case tooLong:
			answer, exit = "refused line_too_long: the line is longer than 4 MiB", cli.Refused
		case errors.As(jsonErr, &why) && why.Code == strictjson.CodeUTF8:
			// A JSON string, but one that stands for no text: no token either.
			answer = "refused " + jws.CodeBase64 + ": the token is not UTF-8"
		case jsonErr != nil:
			answer, exit = "refused line_invalid: the line is no token, no \"Authorization: Bearer ...\" and no JSON string with a token in it", cli.Refused
		default:
			answer = judge(token)
		}
		if _, err := fmt.Fprintln(out, answer); err != nil {
			return cli.Fail(t, cli.Refused, "standard output: %v", err)
		}
		if in.Buffered() == 0 { // somebody may be waiting for the answer
			if err := out.Flush(); err != nil {
				return cli.Fail(t, cli.Refused, "standard output: %v", err)
			}
		}
	}
}

// readLine returns the next line without its line feed; the last needs none. Of
// a line that is too long nothing is returned, and its rest is skipped.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if !tooLong {
			line = append(line, part...)
		}
		if len(line) > maxLine+1 {
			line, tooLong = nil, true
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && (len(line) > 0 || tooLong):
			return line, tooLong || len(line) > maxLine, nil
		case err != nil:
			return nil, false, err
		}
		if n := len(line); n > 0 && line[n-1] == '\n' {
			line = line[:n-1]
		}
		return line, tooLong, nil
	}
}

// tokenOf returns the token of a line: a JSON string's text to the byte, or what stands
// there as people copy it, alone or as the value of a header.
func tokenOf(line []byte) (string, error) {
	s := strings.Trim(string(line), " \t\r")
	if strings.HasPrefix(s, `"`) {
		return jsonString(line)
	}
	for _, before := range []string{"Authorization:", "Bearer "} {
		if len(s) >= len(before) && strings.EqualFold(s[:len(before)], before) {
			s = strings.TrimLeft(s[len(before):], " \t")
		}
	}
	for i := range len(s) { // RFC 6750 section 2.1
		if c := s[i]; !(c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || strings.IndexByte("-._~+/=", c) >= 0) {
			return "", errors.New("not a token")
		}
	}
	if s == "" || strings.EqualFold(s, "Bearer") {
		return "", errors.New("not a token")
	}
	return s, nil
}

func jsonString(line []byte) (string, error) {
	v, err := strictjson.Parse(line, strictjson.Limits{MaxSize: maxLine})
	if err != nil {
		return "", err
	}
	s, ok := v.Text()
	if !ok {
		return "", errors.New("not a string")
	}
	return s, nil
}

// refused writes an error with a code.
func refused(err error) string {
	var o *oidc.Error
	var j *jws.Error
	switch {
	case errors.As(err, &o):
		return "refused " + o.Code + ": " + o.Message + compared(o.Got, o.Want)
	case errors.As(err, &j):
		return "refused " + j.Code + ": " + j.Message + compared(j.Got, j.Want)
	}
	return "refused error: " + err.Error()
}

// compared says both sides of a comparison that failed.
func compared(got, want string) string {
	if got == "" && want == "" {
		return ""
	}
	return " [got " + got + ", want " + want + "]"
}

// readKeySet reads a file with a JWK set and warns of the keys in it that cannot
// be used, and of those that others may not read.
func readKeySet(t cli.Terminal, file string) (*jws.KeySet, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	keys, err := jws.ParseKeySet(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, r := range keys.Rejected() {
		fmt.Fprintf(t.Err, "bonafides: %s: the key %q is left out: %s\n", file, r.KeyID, r.Reason)
	}
	for _, r := range keys.Remarks() {
		fmt.Fprintf(t.Err, "bonafides: %s: the key %q is used, although %s\n", file, r.KeyID, r.Text)
	}
	if len(keys.Keys()) == 0 {
		fmt.Fprintf(t.Err, "bonafides: %s: the set has no key that can check signatures\n", file)
	}
	return keys, nil
}
