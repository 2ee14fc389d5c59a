package check

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestTokenInspect(t *testing.T) {
	secret, err := pst.GenerateKey(7)
	if err != nil {
		t.Fatal(err)
	}
	req, pending, err := pst.Begin(secret.PublicKey(), 2)
	if err != nil {
		t.Fatal(err)
	}
	res, err := secret.Issue(req, 2)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := pending.Finish(res)
	if err != nil {
		t.Fatal(err)
	}
	redeem := (&pst.RedeemRequest{Token: tokens[0], ClientData: pst.ClientData{RedeemingOrigin: "https://news.example", RedemptionTimestamp: 1_700_000_000}}).Bytes()
	rec := record(t, "https://issuer.example")
	b64 := base64.StdEncoding.EncodeToString
	jwt := func(header, payload string) string {
		return jws.EncodeBase64URL([]byte(header)) + "." + jws.EncodeBase64URL([]byte(payload)) + "."
	}
	for _, test := range []struct {
		name, message string
		code          int
		says          []string
	}{
		{"issue request", b64(req.Bytes()), 0, []string{"issue request, 196 bytes\n", "     0  count                2   [Private State Token API: IssueRequest]", "    99  blinded element 2"}},
		{"issue request in base64url", base64.RawURLEncoding.EncodeToString(req.Bytes()), 0, []string{"issue request"}},
		{"issue response", b64(res.Bytes()), 0, []string{"issued               2 ", "     2  key id               7", "   202  proof c", "[RFC 9497 section 2.2.1]"}},
		{"token", b64(tokens[1].Bytes()), 0, []string{"token, 165 bytes: whoever has it", "     0  key id               7", "     4  nonce"}},
		{"redeem request", b64(redeem), 0, []string{"redeem request", "     2  key id               7", "https://news.example (as the client states it)", "2023-11-14T22:13:20Z"}},
		{"public key", b64(secret.PublicKey().Bytes()), 0, []string{"public key, 101 bytes"}},
		{"client data", b64((&pst.ClientData{RedeemingOrigin: "https://news.example", RedemptionTimestamp: 1}).Bytes()), 0, []string{"client data"}},
		{"record", rec, 0, []string{"signed token", "as a redemption record", `"pst-rr+jwt"`, "verified", "[RFC 7519 section 4.1.4]", "(64 bytes)"}},
		{"header", `"https://issuer.example";redemption-record="` + rec + `"`, 0, []string{"record of https://issuer.example", "as a redemption record"}},
		{"unsigned token", jwt(`{"alg":"none"}`, `{"exp":1700000000,"name":"a\u001b[31m"}`), 0, []string{`"none"`, "2023-11-14T22:13:20Z"}},
		{"duplicate names", jwt(`{"alg":"none","alg":"x"}`, `[]`), 0, []string{"json_duplicate_name", "not an object"}},
		{"terminal escapes", jwt("{\"alg\":\"none\"}", "{\"a\u009b31m\u202e\":\"\u009b31m\"}"), 0, []string{"\ufffd31m"}},
		{"broken header", `"https://issuer.example";redemption-record="a`, 1, []string{"record_header_syntax"}},
		{"broken redeem request", b64(redeem[:len(redeem)-1]), 1, []string{"as a redeem request"}},
		{"noise", b64([]byte("hello")), 1, []string{"not a message of Private State Tokens"}},
		{"no base64", "hello!", 1, []string{"neither"}},
		{"two dots of nothing", "a.b!.c", 1, []string{"base64url"}},
		{"nothing", " ", 2, []string{"nothing to inspect"}},
	} {
		for _, stdin := range []bool{true, false} {
			args, in := []string{"token", "inspect", test.message}, ""
			if stdin {
				args, in = args[:2], test.message+"\n"
			}
			if in != "" && len(test.message)%2 == 0 {
				args = append(args, "-") // which is the same
			}
			out, errs, code := bonafides(t, in, args...)
			if code != test.code {
				t.Errorf("%s: code %d: %s", test.name, code, errs)
			}
			for _, s := range test.says {
				if !strings.Contains(out+errs, s) {
					t.Errorf("%s: %q is missing in %s%s", test.name, s, out, errs)
				}
			}
			if strings.ContainsAny(out, "\x1b\u009b\u202e") {
				t.Errorf("%s: control characters reach the terminal", test.name)
			}
		}
	}
	private := b64(secret.Bytes())
	out, errs, code := bonafides(t, private, "token", "inspect")
	if code != 1 || out != "" || strings.Contains(errs, private) || !strings.Contains(errs, "private key") {
		t.Errorf("a private key: code %d, %s%s", code, out, errs)
	}
	if _, _, code := bonafides(t, "", "token", "inspect", "a", "b"); code != cli.Usage {
		t.Error("two messages were taken")
	}
}
