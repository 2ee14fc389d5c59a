package check

import (
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
)

// caseSettings are the settings of a case of protocol/oidc/testdata.
type caseSettings struct {
	IssuerAliases, Tenants, TrustedAudiences, AuthorizedParties, Algorithms []string

	VerifyOnly, IgnoreKeyHints, InsecureNoNonce bool

	Skew    int64 // seconds
	MaxSize int
	Match   map[string][]string
}

func (s *caseSettings) args() (args []string) {
	for flag, values := range map[string][]string{"-issuer-aliases": s.IssuerAliases, "-tenants": s.Tenants,
		"-trusted-audiences": s.TrustedAudiences, "-authorized-parties": s.AuthorizedParties, "-algorithms": s.Algorithms} {
		for _, v := range values {
			args = append(args, flag, v)
		}
	}
	for name, values := range s.Match {
		for _, v := range values {
			args = append(args, "-match", name+"="+v)
		}
		if len(values) == 0 {
			args = append(args, "-match", name)
		}
	}
	if s.VerifyOnly {
		args = append(args, "-verify-only")
	}
	if s.IgnoreKeyHints {
		args = append(args, "-ignore-key-hints")
	}
	if s.Skew != 0 {
		args = append(args, "-skew", strconv.FormatInt(s.Skew, 10)+"s")
	}
	if s.MaxSize != 0 {
		args = append(args, "-max-size", strconv.Itoa(s.MaxSize))
	}
	return args
}

// Tokens as providers send them, and the settings that some need: as the library judges.
func TestTokenCheckTokensOfProviders(t *testing.T) {
	b, err := os.ReadFile("../../../../protocol/oidc/testdata/providers-tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		ID, Want, Code, Issuer, ClientID, Nonce, JWKS, Token string

		Now              int64
		Trusted, Aliases []string
		Settings         *caseSettings
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, c := range cases {
		line, err := json.Marshal(c.Token)
		if err != nil {
			t.Fatal(err)
		}
		judge := func(s *caseSettings) (string, string) {
			ran++
			s.TrustedAudiences, s.IssuerAliases = append(append([]string(nil), c.Trusted...), s.TrustedAudiences...), c.Aliases
			args := []string{"token", "check", "-issuer", c.Issuer, "-client-id", c.ClientID, "-jwks", write(t, "jwks.json", c.JWKS), "-now", strconv.FormatInt(c.Now, 10)}
			if !s.InsecureNoNonce && !s.VerifyOnly {
				args = append(args, "-nonce", c.Nonce)
			}
			out, errs, _ := bonafides(t, string(line)+"\n", append(args, s.args()...)...)
			return out, errs
		}
		out, errs := judge(&caseSettings{})
		if c.Code == "keyset_invalid" { // of a file: it is refused before any line
			out = "refused " + strings.TrimPrefix(errs[strings.Index(errs, "keyset_invalid"):], "bonafides: ")
		}
		if want := "refused " + c.Code + ": "; c.Want == "accept" && !strings.HasPrefix(out, "ok ") || c.Want != "accept" && !strings.HasPrefix(out, want) {
			t.Errorf("%s: %s%s, want %s %s", c.ID, out, errs, c.Want, c.Code)
		}
		if c.Want == "setting" {
			if out, errs = judge(c.Settings); !strings.HasPrefix(out, "ok ") {
				t.Errorf("%s, with its setting: %s%s", c.ID, out, errs)
			}
		}
	}
	t.Logf("%d cases, %d judgements", len(cases), ran)
	if len(cases) < 88 || ran < 97 {
		t.Errorf("%d cases, %d judgements", len(cases), ran)
	}
}

// What a person sees of a refusal: the setting, and both sides of the comparison.
func TestTokenCheckSaysBothSides(t *testing.T) {
	b, err := os.ReadFile("../../../../protocol/oidc/testdata/idtoken-attacks.json")
	if err != nil {
		t.Fatal(err)
	}
	var c corpus
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	for _, test := range c.Cases {
		if test.Name != "RS256" && test.Name != "lone surrogate escape" {
			continue
		}
		args := []string{"token", "check", "-client-id", test.Config.ClientID, "-jwks", write(t, "jwks.json", string(c.KeySets[test.Keys])), "-now", strconv.FormatInt(c.Now, 10)}
		out, _, code := bonafides(t, "Authorization: Bearer "+test.Token+"\n", append(args, "-issuer", "https://other.example")...)
		if code != cli.OK || out != "refused iss_mismatch: the token is not of the expected issuer (iss); IssuerAliases would admit another name of the same provider [got https://idp.example, want https://other.example]\n" {
			t.Errorf("%s: %d %s", test.Name, code, out)
		}
		out, errs, code := bonafides(t, test.Token+"\n", append(args, "-issuer", "https://other.example", "-issuer-aliases", test.Config.Issuer)...)
		if code != cli.OK || out != "ok user-1\n" || strings.Contains(errs, "name holds half of a character") != (test.Name != "RS256") {
			t.Errorf("%s: %d %s%s", test.Name, code, out, errs)
		}
	}
}
