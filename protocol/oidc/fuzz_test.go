package oidc

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
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

// The claims vary, and every setting is on: what is accepted is of a listed tenant that
// says so twice, for this client, with the claim that must match, and not long over.
func FuzzSettings(f *testing.F) {
	const tenant = "contoso.example"
	own := []string{"iss", `"https://login.example/` + tenant + `/v2.0"`, "tid", `"` + tenant + `"`, "r", `["x","y"]`, "nonce", "-"}
	for _, seed := range [][]string{nil, {"sub", "-"}, {"sub", `""`}, {"azp", `"z"`}, {"tid", "1"}, {"r", `"y"`}, {"r", "{}"}, {"exp", "1699999999"}, {"iat", "1700000100"}, {"name", `"\ud83d"`}, {"aud", `["client-1","api"]`}} {
		f.Add([]byte(claims(append(own[:len(own):len(own)], seed...)...)))
	}
	c := good(f)
	c.Issuer, c.Tenants, c.Nonce, c.VerifyOnly, c.Skew = "https://login.example/{tenantid}/v2.0", []string{tenant, "b.example"}, "", true, 2*time.Minute
	c.Match, c.TrustedAudiences, c.AuthorizedParties, c.IgnoreKeyHints = []ClaimMatch{{"r", []string{"y"}}}, []string{"api"}, []string{"ios"}, true
	f.Fuzz(func(t *testing.T, payload []byte) {
		id, err := Verify(testToken(t, string(payload)), c, testNow)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || len(e.Got) > 256 || len(e.Want) > 256 || strings.ContainsFunc(e.Got+e.Want, func(r rune) bool { return r < 0x20 || r > 0x7e }) {
				t.Fatalf("%+v", err)
			}
			return
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(id.Claims()), &got); err != nil {
			t.Fatalf("accepted what is no JSON: %s", payload)
		}
		tid, _ := got["tid"].(string)
		if (tid != tenant && tid != "b.example") || got["iss"] != "https://login.example/"+tid+"/v2.0" {
			t.Fatalf("%s: the tenant", payload)
		}
		match := got["r"] == "y"
		if list, ok := got["r"].([]any); ok {
			for _, one := range list {
				match = match || one == "y"
			}
		}
		if !match || id.Expiry < corpusNow-120 || id.IssuedAt > corpusNow+120 {
			t.Fatalf("%s: accepted", payload)
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
