package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/rpserver/jwks"
)

var testNow = time.Unix(1_700_001_234, 0)

func bonafides(t *testing.T, stdin string, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(terminal{strings.NewReader(stdin), &o, &e, func() time.Time { return testNow }}, args)
	return o.String(), e.String(), code
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"-h"}, {"--help"}} {
		if out, _, code := bonafides(t, "", args...); code != exitOK || !strings.Contains(out, "bonafides token check") {
			t.Errorf("%v: %d %s", args, code, out)
		}
	}
	for _, args := range [][]string{{"token"}, {"token", "forge"}, {"x", "y", "z"}} {
		if _, errs, code := bonafides(t, "", args...); code != exitUsage || !strings.Contains(errs, "no command") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	for _, c := range commands() {
		if _, errs, code := bonafides(t, "", append(strings.Fields(c.name), "-h")...); code != exitOK || !strings.Contains(errs, c.synopsis) {
			t.Errorf("%s -h: %d %s", c.name, code, errs)
		}
		if _, _, code := bonafides(t, "", append(strings.Fields(c.name), "-unknown-flag")...); code != exitUsage {
			t.Errorf("%s -unknown-flag: %d", c.name, code)
		}
	}
}

type corpus struct {
	Now     int64
	KeySets map[string]json.RawMessage
	Cases   []struct {
		Name, Keys, Token, Expect, Sub string
		Config                         struct {
			Issuer, ClientID, Nonce, HD                 string
			IssuerAliases, TrustedAudiences, Algorithms []string
			Now                                         int64
		}
	}
}

// TestTokenCheckCorpus puts every case of the ID-token corpus whose settings the
// command has through it.
func TestTokenCheckCorpus(t *testing.T) {
	b, err := os.ReadFile("../../protocol/oidc/testdata/idtoken-attacks.json")
	if err != nil {
		t.Fatal(err)
	}
	var c corpus
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for name, set := range c.KeySets {
		files[name] = write(t, "jwks.json", string(set))
	}
	// One run of the command for each set of settings, many lines each.
	type group struct {
		args  []string
		stdin strings.Builder
		want  []string
		names []string
	}
	groups := map[string]*group{}
	cases := 0
	for _, test := range c.Cases {
		if len(test.Config.IssuerAliases)+len(test.Config.TrustedAudiences)+len(test.Config.Algorithms) > 0 {
			continue
		}
		cases++
		now := c.Now
		if test.Config.Now != 0 {
			now = test.Config.Now
		}
		args := []string{"token", "check", "-issuer", test.Config.Issuer, "-client-id", test.Config.ClientID, "-jwks", files[test.Keys], "-now", strconv.FormatInt(now, 10)}
		if test.Config.Nonce != "" {
			args = append(args, "-nonce", test.Config.Nonce)
		}
		if test.Config.HD != "" {
			args = append(args, "-hd", test.Config.HD)
		}
		key := strings.Join(args, "\x00")
		g := groups[key]
		if g == nil {
			g = &group{args: args}
			groups[key] = g
		}
		line, err := json.Marshal(test.Token)
		if err != nil {
			t.Fatal(err)
		}
		g.stdin.Write(append(line, '\n'))
		want := "refused " + test.Expect + ": "
		if test.Expect == "ok" {
			want = "ok " + test.Sub
		}
		g.want, g.names = append(g.want, want), append(g.names, test.Name)
	}
	for _, g := range groups {
		out, errs, code := bonafides(t, g.stdin.String(), g.args...)
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if code != exitOK || len(lines) != len(g.want) {
			t.Fatalf("%v: code %d, %d lines for %d tokens: %s", g.args, code, len(lines), len(g.want), errs)
		}
		for i, line := range lines {
			if !strings.HasPrefix(line, g.want[i]) || strings.HasPrefix(line, "ok ") && line != g.want[i] {
				t.Errorf("%s: %q, want %q", g.names[i], line, g.want[i])
			}
		}
	}
	if cases < 400 {
		t.Errorf("only %d cases", cases)
	}
}

func TestTokenCheckLines(t *testing.T) {
	file := write(t, "jwks.json", `{"keys":[]}`)
	args := []string{"token", "check", "-issuer", "http://idp.example", "-client-id", "c", "-jwks", file}
	big := `"` + strings.Repeat("a", maxLine-2) + `"`
	for _, test := range []struct {
		name, stdin string
		want        []string
		code        int
	}{
		{"nothing", "", nil, 0},
		{"an empty string is a token", `""` + "\n", []string{"refused token_malformed"}, 0},
		{"no line feed at the end", `"a"` + "\n" + `"b"`, []string{"refused token_malformed", "refused token_malformed"}, 0},
		{"carriage returns", "\"a\"\r\n", []string{"refused token_malformed"}, 0},
		{"a blank line", "\"a\"\n\n\"b\"\n", []string{"refused token_malformed", "refused line_invalid", "refused token_malformed"}, 1},
		{"no JSON", "a.b.c\n", []string{"refused line_invalid"}, 1},
		{"a number", "1\n", []string{"refused line_invalid"}, 1},
		{"two strings", `"a" "b"` + "\n", []string{"refused line_invalid"}, 1},
		{"an object", `{"token":"a"}` + "\n", []string{"refused line_invalid"}, 1},
		{"half a surrogate pair", `"a\udcffb"` + "\n", []string{"refused base64url"}, 0},
		{"a byte that is not UTF-8", "\"a\xff\"\n", []string{"refused base64url"}, 0},
		{"five parts", `"a.b.c.d.e"` + "\n", []string{"refused token_encrypted"}, 0},
		{"4 MiB", big + "\n", []string{"refused token_too_large"}, 0},
		{"4 MiB without a line feed", big, []string{"refused token_too_large"}, 0},
		{"above 4 MiB", big[:maxLine-1] + `a"` + "\n" + `"a"` + "\n", []string{"refused line_too_long", "refused token_malformed"}, 1},
		{"far above 4 MiB, last line", strings.Repeat("a", 3*maxLine), []string{"refused line_too_long"}, 1},
	} {
		out, _, code := bonafides(t, test.stdin, args...)
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if out == "" {
			lines = nil
		}
		if code != test.code || len(lines) != len(test.want) {
			t.Errorf("%s: code %d, lines %q", test.name, code, lines)
			continue
		}
		for i := range lines {
			if !strings.HasPrefix(lines[i], test.want[i]+": ") {
				t.Errorf("%s: %q, want %q", test.name, lines[i], test.want[i])
			}
		}
	}
}

func TestTokenCheckUsage(t *testing.T) {
	good := write(t, "jwks.json", `{"keys":[]}`)
	bad := write(t, "jwks.json", `{"keys":[],"keys":[]}`)
	weak := write(t, "jwks.json", `{"keys":[{"kty":"RSA","kid":"old","n":"AQAB","e":"AQAB"}]}`)
	base := func(file string, more ...string) []string {
		return append([]string{"token", "check", "-issuer", "i", "-client-id", "c", "-jwks", file}, more...)
	}
	for _, test := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"nothing", []string{"token", "check"}, exitUsage, "needs -issuer"},
		{"no client", []string{"token", "check", "-issuer", "i", "-jwks", good}, exitUsage, "needs -issuer"},
		{"no such file", base("nowhere.json"), exitUsage, "nowhere.json"},
		{"no key set", base(bad), exitUsage, "json_duplicate_name"},
		{"a token as argument", base(good, "a.b.c"), exitUsage, "standard input"},
		{"an empty nonce", base(good, "-nonce", ""), exitUsage, "-nonce or -hd is empty"},
		{"an empty domain", base(good, "-hd="), exitUsage, "-nonce or -hd is empty"},
		{"a time that is none", base(good, "-now", "soon"), exitUsage, "invalid value"},
		{"a key that is too weak", base(weak), exitOK, `"old" is left out`},
		{"no key", base(good), exitOK, "no key that can check"},
	} {
		_, errs, code := bonafides(t, "", test.args...)
		if code != test.code || !strings.Contains(errs, test.says) {
			t.Errorf("%s: code %d: %s", test.name, code, errs)
		}
	}
}

var recordKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, 32))

func recordKeys() string {
	return `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"r","x":"` + jws.EncodeBase64URL(recordKey.Public().(ed25519.PublicKey)) + `"}]}`
}

func record(t *testing.T, issuer string) string {
	t.Helper()
	r := pst.NewRecord(issuer, "https://news.example", pst.ViaNative, 3, testNow, 24*time.Hour)
	r.ID = "once"
	s, err := pst.SignRecord(jws.NewEd25519Signer("r", recordKey), r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRecordVerify(t *testing.T) {
	const issuer = "https://issuer.example"
	file := write(t, "jwks.json", recordKeys())
	good := record(t, issuer)
	header, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: "https://other.example", Record: "x"}, {Origin: issuer, Record: good}})
	if err != nil {
		t.Fatal(err)
	}
	base := func(more ...string) []string {
		return append([]string{"record", "verify", "-issuer", issuer, "-jwks", file}, more...)
	}
	for _, test := range []struct {
		name, stdin string
		args        []string
		code        int
		says        string
	}{
		{"as argument", "", base(good), 0, "ok\n  issuer    https://issuer.example\n"},
		{"from standard input", good + "\n", base(), 0, "single-use"},
		{"a whole header", header, base(), 0, "ok\n"},
		{"its site", "", base("-origin", "https://news.example", good), 0, "ok\n"},
		{"another site", "", base("-origin", "https://evil.example", good), 1, "refused origin_mismatch: "},
		{"over", "", base("-now", "1800000000", good), 1, "refused record_expired: "},
		{"another issuer's", "", []string{"record", "verify", "-issuer", "https://other.example", "-jwks", file, good}, 1, "refused record_issuer: "},
		{"tampered", "", base(good[:len(good)-9] + "AAAAAAAA" + good[len(good)-1:]), 1, "refused "},
		{"a header without it", "", base(`"https://other.example";redemption-record="x"`), 1, "no record of"},
		{"a broken header", "", base(`"x`), 1, "record_header_syntax"},
		{"no issuer", "", []string{"record", "verify", good}, 2, "-issuer is not an origin"},
		{"an issuer with a path", "", []string{"record", "verify", "-issuer", issuer + "/", good}, 2, "-issuer is not an origin"},
		{"a site with a path", "", base("-origin", "https://news.example/", good), 2, "-origin is not an origin"},
		{"two records", "", base(good, good), 2, "one record"},
		{"no such file", "", []string{"record", "verify", "-issuer", issuer, "-jwks", "nowhere.json", good}, 2, "nowhere.json"},
	} {
		out, errs, code := bonafides(t, test.stdin, test.args...)
		if code != test.code || !strings.Contains(out+errs, test.says) {
			t.Errorf("%s: code %d: %s%s", test.name, code, out, errs)
		}
	}
}

func TestRecordVerifyFetchesTheKeys(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != jwks.RecordKeysPath {
			status = http.StatusNotFound
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(recordKeys()))
	}))
	defer server.Close()
	for _, issuer := range []string{server.URL, strings.Replace(server.URL, "127.0.0.1", "issuer.localhost", 1)} {
		if out, errs, code := bonafides(t, record(t, issuer), "record", "verify", "-issuer", issuer); code != 0 {
			t.Errorf("%s: %s%s", issuer, out, errs)
		}
	}
	status = http.StatusInternalServerError
	if _, errs, code := bonafides(t, "x", "record", "verify", "-issuer", server.URL); code != 1 || !strings.Contains(errs, "status 500") {
		t.Errorf("%d %s", code, errs)
	}
	if _, errs, code := bonafides(t, "x", "record", "verify", "-issuer", "http://issuer.example"); code != 1 || !strings.Contains(errs, "not https") {
		t.Errorf("%d %s", code, errs)
	}
}

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
		{"issue request", b64(req.Bytes()), 0, []string{"issue request, 196 bytes, 2 blinded elements", "element 2"}},
		{"issue request in base64url", base64.RawURLEncoding.EncodeToString(req.Bytes()), 0, []string{"issue request"}},
		{"issue response", b64(res.Bytes()), 0, []string{"2 tokens signed with key 7", "proof"}},
		{"token", b64(tokens[1].Bytes()), 0, []string{"token, 165 bytes", "key id           7", "nonce"}},
		{"redeem request", b64(redeem), 0, []string{"redeem request", "https://news.example (as the client states it)", "2023-11-14T22:13:20Z"}},
		{"public key", b64(secret.PublicKey().Bytes()), 0, []string{"public key, 101 bytes"}},
		{"client data", b64((&pst.ClientData{RedeemingOrigin: "https://news.example", RedemptionTimestamp: 1}).Bytes()), 0, []string{"client data"}},
		{"record", rec, 0, []string{"signed token", "as a redemption record", `"pst-rr+jwt"`, "verified"}},
		{"header", `"https://issuer.example";redemption-record="` + rec + `"`, 0, []string{"record of https://issuer.example", "as a redemption record"}},
		{"unsigned token", jwt(`{"alg":"none"}`, `{"exp":1700000000,"name":"a\u001b[31m"}`), 0, []string{`"none"`, "2023-11-14T22:13:20Z"}},
		{"duplicate names", jwt(`{"alg":"none","alg":"x"}`, `[]`), 0, []string{"json_duplicate_name", "no object"}},
		{"terminal escapes", jwt("{\"alg\":\"none\"}", "{\"a\u009b31m\u202e\":\"\u009b31m\"}"), 0, []string{"\ufffd31m"}},
		{"broken header", `"https://issuer.example";redemption-record="a`, 1, []string{"record_header_syntax"}},
		{"broken redeem request", b64(redeem[:len(redeem)-1]), 1, []string{"as a redeem request"}},
		{"noise", b64([]byte("hello")), 1, []string{"no message of Private State Tokens"}},
		{"no base64", "hello!", 1, []string{"neither"}},
		{"two dots of nothing", "a.b!.c", 1, []string{"base64url"}},
		{"nothing", "", 2, []string{"nothing to inspect"}},
	} {
		for _, stdin := range []bool{true, false} {
			args, in := []string{"token", "inspect", test.message}, ""
			if stdin {
				args, in = args[:2], test.message+"\n"
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
	if _, _, code := bonafides(t, "", "token", "inspect", "a", "b"); code != exitUsage {
		t.Error("two messages were taken")
	}
}

func TestAGroupExplainsItself(t *testing.T) {
	for _, help := range []string{"-h", "--help", "help"} {
		out, errs, code := bonafides(t, "", "token", help)
		if code != exitOK || errs != "" || !strings.Contains(out, "token check") || !strings.Contains(out, "token inspect") || strings.Contains(out, "record verify") {
			t.Errorf("token %s: exit %d, %q, %q", help, code, out, errs)
		}
	}
	if _, errs, code := bonafides(t, "", "nothing", "-h"); code != exitUsage || !strings.Contains(errs, "no command") {
		t.Errorf("a group that does not exist: exit %d, %q", code, errs)
	}
}
