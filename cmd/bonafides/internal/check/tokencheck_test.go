package check

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
)

type corpus struct {
	Now     int64
	KeySets map[string]json.RawMessage
	Cases   []struct {
		Name, Keys, Token, Expect, Sub string
		Config                         struct {
			Issuer, ClientID, Nonce, HD string
			Now                         int64
			caseSettings
		}
	}
}

// TestTokenCheckCorpus puts every case of the ID-token corpus through the command.
func TestTokenCheckCorpus(t *testing.T) {
	b, err := os.ReadFile("../../../../protocol/oidc/testdata/idtoken-attacks.json")
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
		args = append(args, test.Config.args()...)
		if test.Expect == "config_invalid" { // judged before any line is read
			if _, errs, code := bonafides(t, "", args...); code != cli.Usage || !strings.Contains(errs, "config_invalid") && !strings.Contains(errs, "invalid value") {
				t.Errorf("%s: code %d: %s", test.Name, code, errs)
			}
			continue
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
	t.Logf("%d cases", cases)
	for _, g := range groups {
		out, errs, code := bonafides(t, g.stdin.String(), g.args...)
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if code != cli.OK || len(lines) != len(g.want) {
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
		{"as it is", "a.b.c\na.b \r\n", []string{"refused base64url", "refused token_malformed"}, 0},
		{"as a header", "Bearer a.b\nauthorization:bearer a.b.c\n Authorization: Bearer  a.b.c.d.e\n", []string{"refused token_malformed", "refused base64url", "refused token_encrypted"}, 0},
		{"a header without a token", "Authorization: Bearer \nBearer\n", []string{"refused line_invalid", "refused line_invalid"}, 1},
		{"another scheme", "Authorization: Basic YQ==\n", []string{"refused line_invalid"}, 1},
		{"two tokens", "a.b.c a.b.c\n", []string{"refused line_invalid"}, 1},
		{"spaces inside the string are the token's", `" a.b.c"` + "\n", []string{"refused base64url"}, 0},
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
	odd := write(t, "jwks.json", `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"padded","x":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}]}`)
	base := func(file string, more ...string) []string {
		return append([]string{"token", "check", "-issuer", "i", "-client-id", "c", "-jwks", file}, more...)
	}
	for _, test := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"nothing", []string{"token", "check"}, cli.Usage, "needs -issuer"},
		{"no client", []string{"token", "check", "-issuer", "i", "-jwks", good}, cli.Usage, "needs -issuer"},
		{"no such file", base("nowhere.json"), cli.Usage, "nowhere.json"},
		{"no key set", base(bad), cli.Usage, `"keys" twice`},
		{"a token as argument", base(good, "a.b.c"), cli.Usage, "standard input"},
		{"an empty nonce", base(good, "-nonce", ""), cli.Usage, "-nonce or -hd is empty"},
		{"an empty domain", base(good, "-hd="), cli.Usage, "-nonce or -hd is empty"},
		{"a time that is none", base(good, "-now", "soon"), cli.Usage, "invalid value"},
		{"a skew that is too long", base(good, "-skew", "5m1ns"), cli.Usage, "config_invalid: Skew"},
		{"a match without a value", base(good, "-match", "sub"), cli.Usage, "NAME=VALUE"},
		{"an empty audience", base(good, "-trusted-audiences", ""), cli.Usage, "invalid value"},
		{"verify only without a match", base(good, "-verify-only"), cli.Usage, "VerifyOnly needs Match"},
		{"verify only with a nonce", base(good, "-verify-only", "-match", "sub=a", "-nonce", "n"), cli.Usage, "does not go with a nonce"},
		{"tenants without a template", base(good, "-tenants", "a"), cli.Usage, "{tenantid}"},
		{"a size below zero", base(good, "-max-size", "-1"), cli.Usage, "-max-size"},
		{"a key that is too weak", base(weak), cli.OK, `"old" is left out`},
		{"a key that others may not read", base(odd), cli.OK, `"padded" is used, although its base64 is padded`},
		{"no key", base(good), cli.OK, "no key that can check"},
	} {
		_, errs, code := bonafides(t, "", test.args...)
		if code != test.code || !strings.Contains(errs, test.says) {
			t.Errorf("%s: code %d: %s", test.name, code, errs)
		}
	}
}
