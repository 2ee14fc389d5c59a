package oidc

import (
	"encoding/json"
	"testing"
)

// The claims vary under a good signature. Whatever is accepted must, read by
// another JSON reader, say what was asked for.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{claims(), claims("aud", `["client-1","client-1"]`), claims("exp", "1.8e9"), claims("nbf", "1"), claims("azp", `"client-1"`), claims("\u0061ud2", "1"), "{}", "null"} {
		f.Add([]byte(seed))
	}
	c := good(f)
	f.Fuzz(func(t *testing.T, payload []byte) {
		id, err := Verify(testToken(t, string(payload)), c, testNow)
		if err != nil {
			if codeOf(err) == err.Error() {
				t.Fatalf("not an *Error: %v", err)
			}
			return
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(payload, &got); err != nil {
			t.Fatalf("accepted what is no JSON: %s", payload)
		}
		var sub string
		if err := json.Unmarshal(got["sub"], &sub); err != nil || sub != id.Subject {
			t.Fatalf("sub is %s, not %q", got["sub"], id.Subject)
		}
		if id.Issuer != theIssuer || id.Nonce != theNonce || id.Subject == "" || id.Expiry < corpusNow || id.IssuedAt > corpusNow+60 {
			t.Fatalf("%s: %+v", payload, id)
		}
		for _, aud := range id.Audience {
			if aud != theClient {
				t.Fatalf("%s: audience %v", payload, id.Audience)
			}
		}
	})
}

func FuzzIDToken(f *testing.F) {
	c, _ := readCorpus(f)
	for i := 0; i < len(c.Cases); i += 7 {
		if len(c.Cases[i].Token) < 2000 {
			f.Add(c.Cases[i].Token)
		}
	}
	conf := good(f)
	own := testToken(f, claims())
	f.Add(own)
	f.Fuzz(func(t *testing.T, token string) {
		if id, err := Verify(token, conf, testNow); err == nil && (token != own || id.Subject != "user-1") {
			t.Fatalf("accepted: %s", token)
		}
	})
}

func FuzzParseDiscovery(f *testing.F) {
	b, err := testDiscovery().JSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"issuer":"https://idp.example"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseDiscovery(b, theIssuer)
		if err != nil {
			return
		}
		again, err := d.JSON()
		if (err == nil) != (d.Check() == nil) {
			t.Fatal(err)
		}
		if err != nil {
			return
		}
		if _, err := ParseDiscovery(again, theIssuer); err != nil {
			t.Fatal(err)
		}
	})
}
