package oidc

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Each setting admits its token and no other, in the corpus; here is what the corpus
// cannot say.
func TestSkewIsAtMostFiveMinutesToTheNanosecond(t *testing.T) {
	c := good(t)
	for skew, code := range map[time.Duration]string{5 * time.Minute: "", 5*time.Minute + 1: CodeConfig, -1: CodeConfig, 1: ""} {
		c.Skew = skew
		if _, err := Verify(testToken(t, claims()), c, testNow); codeOf(err) != code {
			t.Errorf("%v: %v", skew, err)
		}
	}
}

func TestRefusalsNameTheSettingThatWouldChangeThem(t *testing.T) {
	for _, test := range []struct {
		claims, names string
		configure     func(*Config)
	}{
		{claims("aud", `["client-1","client-2"]`), "TrustedAudiences", nil},
		{claims("azp", `"client-2"`), "AuthorizedParties", nil},
		{claims("azp", `""`), "", nil},
		{claims("iss", `"https://other.example"`), "IssuerAliases", nil},
		{claims("nonce", "-"), "InsecureNoNonce", nil},
		{claims("sub", `""`), "VerifyOnly", nil},
		{claims("exp", "1700000000"), "Skew", nil},
		{claims("exp", "1699999701"), "Skew", nil},
		{claims("exp", "1699999700"), "", nil},
		{claims("exp", "1699999701"), "Skew", func(c *Config) { c.Skew = time.Minute }},
		{claims("iat", "1700000061"), "Skew", nil},
		{claims("iat", "1700000301"), "", nil},
		{claims("nbf", "1700000061"), "Skew", nil},
		{claims("sub", "1"), "", nil},
		{claims("repository", `"x"`), "Match", func(c *Config) { c.Match = []ClaimMatch{{"repository", []string{"y"}}} }},
		{claims("iss", `"https://b.example/"`), "Tenants", func(c *Config) { c.Issuer, c.Tenants = "https://{tenantid}/", []string{"a.example"} }},
	} {
		c := good(t)
		if test.configure != nil {
			test.configure(&c)
		}
		_, err := Verify(testToken(t, test.claims), c, testNow)
		if err == nil {
			t.Errorf("%s: accepted", test.claims)
			continue
		}
		for _, name := range []string{"TrustedAudiences", "AuthorizedParties", "IssuerAliases", "InsecureNoNonce", "VerifyOnly", "Skew", "Match", "Tenants", "MaxSize", "IgnoreKeyHints", "Algorithms"} {
			if strings.Contains(err.Error(), name) != (name == test.names) {
				t.Errorf("%s: %v; want the setting %q", test.claims, err, test.names)
			}
		}
	}
}

// An operator needs both values of a comparison, printable and bounded; the sentence,
// which a person may see, has neither, and a nonce is in none of them.
func TestBothSidesOfAComparison(t *testing.T) {
	for _, test := range []struct {
		claims, got, want string
		configure         func(*Config)
	}{
		{claims("iss", `"https://idp.example/"`), "https://idp.example/", theIssuer, nil},
		{claims("iss", `"https://x\n"`), `https://x\x0a`, theIssuer + " a b", func(c *Config) { c.IssuerAliases = []string{"a", "b"} }},
		{claims("iss", `"`+strings.Repeat("a", 300)+`"`), strings.Repeat("a", 253) + "...", theIssuer, nil},
		{claims("aud", `["x","y"]`), "x y", theClient, nil},
		{claims("aud", `[]`), "", theClient, nil},
		{claims("aud", `["client-1","y","api"]`), "y", theClient + " api", func(c *Config) { c.TrustedAudiences = []string{"api"} }},
		{claims("azp", `"x"`), "x", theClient + " ios", func(c *Config) { c.AuthorizedParties = []string{"ios"} }},
		{claims("exp", "1699999999"), "1699999999", "1700000000", nil},
		{claims("iat", "1700000099"), "1700000099", "1700000000", nil},
		{claims("hd", `"x.example"`), "x.example", "y.example", func(c *Config) { c.HostedDomain = "y.example" }},
		{claims("r", `["x"]`), `["x"]`, "y z", func(c *Config) { c.Match = []ClaimMatch{{"r", []string{"y", "z"}}} }},
		{claims("nonce", `"other"`), "", "", nil},
		{claims("nonce", "-"), "", "", nil},
	} {
		c := good(t)
		if test.configure != nil {
			test.configure(&c)
		}
		_, err := Verify(testToken(t, test.claims), c, testNow)
		var e *Error
		if !errors.As(err, &e) || e.Got != test.got || e.Want != test.want {
			t.Errorf("%s: %+v; want %q and %q", test.claims, e, test.got, test.want)
		}
		if e != nil && (test.got != "" && strings.Contains(e.Error(), test.got) || strings.Contains(e.Error(), theIssuer)) {
			t.Errorf("%s: the sentence repeats a value: %v", test.claims, e)
		}
	}
	c := good(t)
	token, err := jws.Sign(jws.NewEd25519Signer("other", testKey), "JWT", []byte(claims()))
	if err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, err := Verify(token, c, testNow); !errors.As(err, &e) || e.Got != "other" || e.Want == "" {
		t.Errorf("of a kid: %+v", e)
	}
}

// A name that was cut inside an emoji is left out, everywhere, and its owner gets in.
func TestHalfACharacterInAName(t *testing.T) {
	payload := claims("name", `"Ada \ud83d"`, "given_name", `"Ada"`, "address", `{"locality":"\udc00"}`, "a\\u0062", `"\ud83d\ude00"`)
	id, err := Verify(testToken(t, payload), good(t), testNow)
	if err != nil {
		t.Fatal(err)
	}
	if id.Name != "" || id.GivenName != "Ada" || id.Claim("name") != "" || id.Claim("address") != "" || id.Claim("ab") != `"\ud83d\ude00"` {
		t.Errorf("%+v", id)
	}
	if strings.Contains(id.Claims(), `"name"`) || !strings.HasPrefix(id.Claims(), `{"iss":`) || !strings.HasSuffix(id.Claims(), `}`) {
		t.Error(id.Claims())
	}
	if len(id.Remarks) != 2 || !strings.HasPrefix(id.Remarks[0], "name ") || !strings.HasPrefix(id.Remarks[1], "address ") {
		t.Error(id.Remarks)
	}
	// A judgement that was taken up again leaves out the same.
	u, err := Judge(testToken(t, payload), good(t), testNow)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseUnverified(u.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if id2, err := again.Confirm(true); err != nil || id2.Claims() != id.Claims() || len(id2.Remarks) != 2 {
		t.Errorf("%v %+v", err, id2)
	}
}

func TestTheNameOfASetting(t *testing.T) {
	for message, want := range map[string]string{
		"no setting helps": "",
		"the token is also for an audience that is not trusted (aud); TrustedAudiences would admit it": "TrustedAudiences",
		"Skew would admit it": "Skew",
	} {
		if got := refuse("code", message).Setting(); got != want {
			t.Errorf("%s: %q", message, got)
		}
	}
}

// Where a provider returns no nonce, the check of the one that is there stays.
func TestANonceThatMayBeMissing(t *testing.T) {
	for nonce, calls := range map[string]int{"-": 0, `""`: 0, `"` + theNonce + `"`: 1} {
		c, n := good(t), 0
		c.Nonce, c.InsecureNoNonce, c.CheckNonce = "", true, func(string) error { n++; return nil }
		if _, err := Verify(testToken(t, claims("nonce", nonce)), c, testNow); err != nil || n != calls {
			t.Errorf("%s: %v after %d calls", nonce, err, n)
		}
	}
}
