package oidc

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// providerCase is one of providers-tokens.json: a token with its key set, as providers
// publish them. "accept" and "refuse" hold with the settings that stand beside it;
// "setting" is refused with the code and a sentence that names the setting, and accepted
// with Settings. The browser module, the Worker's gate and the command run the same table.
type providerCase struct {
	ID, What, Want, Code, Issuer, ClientID, Nonce, JWKS, Token string

	Now              int64
	Trusted, Aliases []string
	Settings         *providerSettings
}

// providerSettings are named as the browser module's options.
type providerSettings struct {
	TrustedAudiences, AuthorizedParties []string

	IgnoreKeyHints, InsecureNoNonce, VerifyOnly bool

	Skew    int64 // seconds
	MaxSize int
	Match   map[string][]string
}

func providerCases(t testing.TB) (cases []providerCase) {
	t.Helper()
	b, err := os.ReadFile("testdata/providers-tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func (c providerCase) config(keys *jws.KeySet, s *providerSettings) Config {
	out := Config{Issuer: c.Issuer, ClientID: c.ClientID, Nonce: c.Nonce, Keys: keys, TrustedAudiences: c.Trusted, IssuerAliases: c.Aliases}
	if s != nil {
		out.TrustedAudiences = append(out.TrustedAudiences, s.TrustedAudiences...)
		out.AuthorizedParties, out.IgnoreKeyHints, out.InsecureNoNonce, out.VerifyOnly = s.AuthorizedParties, s.IgnoreKeyHints, s.InsecureNoNonce, s.VerifyOnly
		out.Skew, out.MaxSize = time.Duration(s.Skew)*time.Second, s.MaxSize
		for name, values := range s.Match {
			out.Match = append(out.Match, ClaimMatch{name, values})
		}
		if s.InsecureNoNonce || s.VerifyOnly {
			out.Nonce = ""
		}
	}
	return out
}

func TestTokensOfProvidersAsTheyAre(t *testing.T) {
	cases := providerCases(t)
	counts := map[string]int{}
	for _, c := range cases {
		counts[c.Want]++
		keys, err := jws.ParseKeySet([]byte(c.JWKS))
		if err == nil {
			_, err = Verify(c.Token, c.config(keys, nil), time.Unix(c.Now, 0))
		} else {
			err = fromJWS(err)
		}
		if (err == nil) != (c.Want == "accept") || err != nil && codeOf(err) != c.Code {
			t.Errorf("%s (%s): wanted %s %s, and got %v", c.ID, c.What, c.Want, c.Code, err)
		}
		if c.Want != "setting" {
			continue
		}
		for _, name := range namesOf(c.Settings) {
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s (%s): the refusal does not name %s: %v", c.ID, c.What, name, err)
			}
		}
		if _, err = Verify(c.Token, c.config(keys, c.Settings), time.Unix(c.Now, 0)); err != nil {
			t.Errorf("%s (%s), with its setting: %v", c.ID, c.What, err)
		}
	}
	t.Logf("%d cases: %v", len(cases), counts)
	if len(cases) < 88 || counts["accept"] < 50 || counts["refuse"] < 20 || counts["setting"] < 9 {
		t.Errorf("%d cases: %v", len(cases), counts)
	}
}

// namesOf are the settings that a case needs, as Go has them. Match is named by the
// refusal of a Config that has VerifyOnly alone.
func namesOf(s *providerSettings) (names []string) {
	for name, set := range map[string]bool{"TrustedAudiences": s.TrustedAudiences != nil, "AuthorizedParties": s.AuthorizedParties != nil,
		"IgnoreKeyHints": s.IgnoreKeyHints, "InsecureNoNonce": s.InsecureNoNonce, "VerifyOnly": s.VerifyOnly, "Skew": s.Skew != 0, "MaxSize": s.MaxSize != 0} {
		if set {
			names = append(names, name)
		}
	}
	return names
}
