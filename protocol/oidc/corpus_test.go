package oidc

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

const corpusFile = "testdata/idtoken-attacks.json"

// corpus is a file that any verifier of ID tokens can be run against: tokens,
// the relying party's settings, and what must come out. "keys" names a JWK set
// of "keySets". A case whose "expect" is "ok" has the subject in "sub"; every
// other "expect" is a code of this package, and a foreign verifier passes if it
// refuses for whatever reason.
type corpus struct {
	About   []string                   `json:"about"`
	Now     int64                      `json:"now"`
	KeySets map[string]json.RawMessage `json:"keySets"`
	Cases   []corpusCase               `json:"cases"`
}

type corpusCase struct {
	Name   string       `json:"name"`
	Class  string       `json:"class"`
	Keys   string       `json:"keys"`
	Config corpusConfig `json:"config"`
	Token  string       `json:"token"`
	Expect string       `json:"expect"`
	Sub    string       `json:"sub,omitempty"`
}

type corpusConfig struct {
	Issuer           string   `json:"issuer"`
	IssuerAliases    []string `json:"issuerAliases,omitempty"`
	ClientID         string   `json:"clientId"`
	Nonce            string   `json:"nonce,omitempty"`
	HostedDomain     string   `json:"hd,omitempty"`
	TrustedAudiences []string `json:"trustedAudiences,omitempty"`
	Algorithms       []string `json:"algorithms,omitempty"`
	Now              int64    `json:"now,omitempty"` // instead of the file's

	AuthorizedParties []string            `json:"authorizedParties,omitempty"`
	IgnoreKeyHints    bool                `json:"ignoreKeyHints,omitempty"`
	Skew              int64               `json:"skew,omitempty"` // seconds
	Tenants           []string            `json:"tenants,omitempty"`
	VerifyOnly        bool                `json:"verifyOnly,omitempty"`
	Match             map[string][]string `json:"match,omitempty"`
	MaxSize           int                 `json:"maxSize,omitempty"`
}

func (c corpusConfig) config(keys *jws.KeySet) Config {
	out := Config{Issuer: c.Issuer, IssuerAliases: c.IssuerAliases, ClientID: c.ClientID, Keys: keys, Nonce: c.Nonce,
		InsecureNoNonce: c.Nonce == "" && !c.VerifyOnly, HostedDomain: c.HostedDomain, TrustedAudiences: c.TrustedAudiences,
		AuthorizedParties: c.AuthorizedParties, IgnoreKeyHints: c.IgnoreKeyHints, Skew: time.Duration(c.Skew) * time.Second, Tenants: c.Tenants,
		VerifyOnly: c.VerifyOnly, MaxSize: c.MaxSize}
	for name, values := range c.Match {
		out.Match = append(out.Match, ClaimMatch{name, values})
	}
	for _, a := range c.Algorithms {
		out.Algorithms = append(out.Algorithms, jws.Algorithm(a))
	}
	return out
}

func readCorpus(t testing.TB) (*corpus, map[string]*jws.KeySet) {
	t.Helper()
	b, err := os.ReadFile(corpusFile)
	if err != nil {
		t.Fatal(err)
	}
	c := &corpus{}
	if err := json.Unmarshal(b, c); err != nil {
		t.Fatal(err)
	}
	sets := map[string]*jws.KeySet{}
	for name, raw := range c.KeySets {
		if sets[name], err = jws.ParseKeySet(raw); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return c, sets
}

// classes are the kinds of attack that the corpus must have, each with at least
// one case.
var classes = []string{
	"valid", "alg", "key confusion", "key use", "crit", "duplicate name", "name case", "base64url", "serialisation", "trailing data",
	"UTF-8", "payload", "signature form", "embedded key", "kid", "iss", "aud", "azp", "exp", "iat", "nbf", "nonce", "sub", "hd",
	"numbers", "size and depth", "encrypted", "typ", "claim type", "setting",
}

// TestCorpus judges every token of the corpus; there must be no deviation.
func TestCorpus(t *testing.T) {
	c, sets := readCorpus(t)
	seen, names, accepted, deviations := map[string]int{}, map[string]bool{}, 0, 0
	for _, test := range c.Cases {
		seen[test.Class]++
		if names[test.Name] {
			t.Errorf("%s: the name is there twice", test.Name)
		}
		names[test.Name] = true
		keys, ok := sets[test.Keys]
		if !ok {
			t.Fatalf("%s: no key set %q", test.Name, test.Keys)
		}
		now := c.Now
		if test.Config.Now != 0 {
			now = test.Config.Now
		}
		got := "ok"
		id, err := Verify(test.Token, test.Config.config(keys), time.Unix(now, 0))
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%s: not an *Error: %v", test.Name, err)
			}
			got = e.Code
		}
		if got != test.Expect || err == nil && id.Subject != test.Sub {
			deviations++
			t.Errorf("%s (%s): %s, want %s (%v)", test.Name, test.Class, got, test.Expect, err)
		}
		if err == nil {
			accepted++
		}
	}
	for _, class := range classes {
		if seen[class] == 0 {
			t.Errorf("no case of class %q", class)
		}
		delete(seen, class)
	}
	for class := range seen {
		t.Errorf("class %q is not in the list", class)
	}
	t.Logf("corpus: %d cases, %d accepted, %d deviations", len(c.Cases), accepted, deviations)
}
