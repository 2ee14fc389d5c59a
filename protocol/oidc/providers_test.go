package oidc

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// What this reader does not take yet although providers send it. Whoever opens one
// takes it off the list.
var notYet = map[string]bool{
	"dupkid-two-keys": true, "jwks-dup-member-elsewhere": true, "name-lone-surrogate": true,
	"es512": true, "rs512": true, "rs384": true,
}

// providers-tokens.json holds ID tokens with their key sets as providers publish them:
// to accept, to refuse, or to refuse unless a setting says otherwise.
func TestTokensOfProvidersAsTheyAre(t *testing.T) {
	b, err := os.ReadFile("testdata/providers-tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		ID, What, Want, Issuer, ClientID, Nonce, JWKS, Token string

		Now              int64
		Trusted, Aliases []string
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 88 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		keys, err := jws.ParseKeySet([]byte(c.JWKS))
		if err == nil {
			_, err = Verify(c.Token, Config{
				Issuer: c.Issuer, ClientID: c.ClientID, Nonce: c.Nonce, Keys: keys,
				TrustedAudiences: c.Trusted, IssuerAliases: c.Aliases,
			}, time.Unix(c.Now, 0))
		}
		accepted, want := err == nil, c.Want == "accept"
		if accepted == want && notYet[c.ID] || accepted != want && !notYet[c.ID] {
			t.Errorf("%s (%s): wanted %s, and got %v", c.ID, c.What, c.Want, err)
		}
	}
}
