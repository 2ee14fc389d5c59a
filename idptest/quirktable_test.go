package idptest_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// quirk is one switch, and how to see it on the wire.
type quirk struct {
	set func(*idptest.Quirks)
	odd func(t *testing.T, w *wire) bool
}

func TestEachQuirkIsSeenAndACorrectProviderHasNone(t *testing.T) {
	correct := look(t, idptest.Quirks{})
	if !correct.signed || correct.token.status != 200 || correct.userinfo.status != 200 || correct.par.status != 201 || correct.revoke.status != 200 {
		t.Fatalf("the correct provider does not work: %+v", correct)
	}
	tested := map[string]bool{}
	for _, table := range [][]quirk{tokenQuirks, refusedTokenQuirks, keyQuirks, answerQuirks, endpointQuirks, logoutQuirks} {
		for _, q := range table {
			var set idptest.Quirks
			q.set(&set)
			names := fieldsOf(reflect.ValueOf(set), "")
			if len(names) != 1 {
				t.Fatalf("a quirk of the table sets %v: one each", names)
			}
			tested[names[0]] = true
			t.Run(names[0], func(t *testing.T) {
				if q.odd(t, correct) {
					t.Error("the correct provider has it")
				}
				if w := look(t, set); !q.odd(t, w) {
					t.Errorf("it is not seen: %s %v %v", w.token.body, w.header, w.claims)
				}
			})
		}
	}
	for _, name := range everyField(reflect.TypeFor[idptest.Quirks](), "") {
		if !tested[name] {
			t.Errorf("Quirks%s has no test", name)
		}
	}
}

// fieldsOf names the fields that are set.
func fieldsOf(v reflect.Value, path string) (names []string) {
	if v.Kind() != reflect.Struct {
		if !v.IsZero() {
			names = append(names, path)
		}
		return names
	}
	for i := range v.NumField() {
		names = append(names, fieldsOf(v.Field(i), path+"."+v.Type().Field(i).Name)...)
	}
	return names
}

func everyField(t reflect.Type, path string) (names []string) {
	if t.Kind() != reflect.Struct {
		return []string{path}
	}
	for i := range t.NumField() {
		names = append(names, everyField(t.Field(i).Type, path+"."+t.Field(i).Name)...)
	}
	return names
}

// claim sees a claim as this text; "" is none.
func claim(name, want string) func(*testing.T, *wire) bool {
	return func(_ *testing.T, w *wire) bool { return len(w.claims) > 0 && as(w.claims, name) == want }
}

// both sees it in the ID token and at userinfo.
func both(name, want string) func(*testing.T, *wire) bool {
	return func(t *testing.T, w *wire) bool { return claim(name, want)(t, w) && as(w.info, name) == want }
}

func header(name, want string) func(*testing.T, *wire) bool {
	return func(_ *testing.T, w *wire) bool { return len(w.header) > 0 && as(w.header, name) == want }
}

// as is a member as text: "" if it is not there.
func as(m map[string]any, name string) string {
	v, ok := m[name]
	if !ok {
		return ""
	}
	return fmt.Sprintf("%#v", v)
}

var tokenQuirks = []quirk{
	{func(q *idptest.Quirks) { q.Token.ExtraAudiences = []string{"project"} }, func(_ *testing.T, w *wire) bool {
		return as(w.claims, "aud") == `[]interface {}{"client", "project"}` && as(w.claims, "azp") == `"client"`
	}},
	{func(q *idptest.Quirks) { q.Token.AuthorizedParty = "phone" }, claim("azp", `"phone"`)},
	{func(q *idptest.Quirks) { q.Token.NoNonce = true }, claim("nonce", "")},
	{func(q *idptest.Quirks) { q.Token.KeyHints = true }, func(_ *testing.T, w *wire) bool {
		return w.header["jku"] != nil && w.header["x5u"] != nil && w.header["x5c"] != nil
	}},
	{func(q *idptest.Quirks) { q.Token.Thin = true }, func(_ *testing.T, w *wire) bool {
		return w.claims["name"] == nil && w.claims["email"] == nil && w.info["name"] == "Ada Lovelace"
	}},
	{func(q *idptest.Quirks) { q.Token.Groups = 400 }, func(_ *testing.T, w *wire) bool {
		list, _ := w.claims["groups"].([]any)
		return len(list) == 400 && len(w.payload) > 15<<10
	}},
	{func(q *idptest.Quirks) { q.Token.NullMembers = true }, func(_ *testing.T, w *wire) bool {
		_, azp := w.claims["azp"]
		return azp && w.claims["azp"] == nil && w.claims["auth_time"] == nil && w.claims["at_hash"] == nil
	}},
	{func(q *idptest.Quirks) { q.Token.Type = "application/jwt" }, header("typ", `"application/jwt"`)},
	{func(q *idptest.Quirks) { q.Token.NoType = true }, header("typ", "")},
	{func(q *idptest.Quirks) { q.Token.NoKeyID = true }, header("kid", "")},
	{func(q *idptest.Quirks) { q.Token.EmailVerifiedText = true }, both("email_verified", `"true"`)},
	{func(q *idptest.Quirks) { q.Token.EmailVerifiedNever = true }, both("email_verified", "")},
	{func(q *idptest.Quirks) { q.Token.LoneSurrogateName = true }, func(_ *testing.T, w *wire) bool {
		return strings.Contains(w.payload, `\ud83d"`) && strings.Contains(string(w.userinfo.body), `\ud83d"`)
	}},
	{func(q *idptest.Quirks) { q.Token.NULName = true }, both("name", `"Ada\x00Lovelace"`)},
	{func(q *idptest.Quirks) { q.Token.Ahead = 90 * time.Second }, claim("iat", `"1900000090"`)},
	{func(q *idptest.Quirks) { q.Token.NoAccessTokenHash = true }, claim("at_hash", "")},
	{func(q *idptest.Quirks) { q.Token.NoSessionID = true }, claim("sid", "")},
}

var refusedTokenQuirks = []quirk{
	{func(q *idptest.Quirks) { q.Token.WrongNonce = true }, func(_ *testing.T, w *wire) bool {
		return w.claims["nonce"] != nil && w.claims["nonce"] != "the-nonce"
	}},
	{func(q *idptest.Quirks) { q.Token.WrongIssuer = true }, func(_ *testing.T, w *wire) bool { return w.claims["iss"] != w.idp.Issuer }},
	{func(q *idptest.Quirks) { q.Token.WrongAudience = true }, claim("aud", `"another-client"`)},
	{func(q *idptest.Quirks) { q.Token.WrongAccessTokenHash = true }, func(_ *testing.T, w *wire) bool { return w.claims["at_hash"] != atHash(w) }},
	{func(q *idptest.Quirks) { q.Token.NoSubject = true }, claim("sub", "")},
	{func(q *idptest.Quirks) { q.Token.NoIssuedAt = true }, claim("iat", "")},
	{func(q *idptest.Quirks) { q.Token.NoExpiry = true }, claim("exp", "")},
	{func(q *idptest.Quirks) { q.Token.ExpiresText = true }, func(_ *testing.T, w *wire) bool { return strings.Contains(w.payload, `"exp":"1900000300"`) }},
	{func(q *idptest.Quirks) { q.Token.Expired = true }, claim("exp", `"1899996400"`)},
	{func(q *idptest.Quirks) { q.Token.Unsigned = true }, func(_ *testing.T, w *wire) bool { return w.header["alg"] == "none" && w.signature == "" }},
	{func(q *idptest.Quirks) { q.Token.HMAC = true }, header("alg", `"HS256"`)},
	{func(q *idptest.Quirks) { q.Token.BrokenSignature = true }, unsigned("key-1")},
	{func(q *idptest.Quirks) { q.Token.UnknownKey = true }, unsigned("unknown-RS256")},
	{func(q *idptest.Quirks) { q.Token.ForeignKey = true }, unsigned("key-1")},
	{func(q *idptest.Quirks) {
		q.Token.Edit = func(header, claims map[string]any) { header["x"], claims["y"] = 1, 2 }
	}, func(_ *testing.T, w *wire) bool { return w.header["x"] != nil && w.claims["y"] != nil && w.signed }},
}

// unsigned sees RS256 under this kid, which verifies by no key of the set.
func unsigned(kid string) func(*testing.T, *wire) bool {
	return func(_ *testing.T, w *wire) bool {
		return w.header["alg"] == "RS256" && w.header["kid"] == kid && len(w.signature) == 342 && !w.signed
	}
}

var keyQuirks = []quirk{
	{func(q *idptest.Quirks) { q.Keys.Unpublished = true }, func(t *testing.T, w *wire) bool { return len(keyList(t, w.keys)) == 0 }},
	{func(q *idptest.Quirks) { q.Keys.SignedNumbers = true }, func(t *testing.T, w *wire) bool {
		n := number(keyList(t, w.keys)[0]["n"])
		return len(n) == 257 && n[0] == 0 && w.signed
	}},
	{func(q *idptest.Quirks) { q.Keys.Padded = true }, func(t *testing.T, w *wire) bool {
		n := keyList(t, w.keys)[0]["n"].(string)
		return strings.HasSuffix(n, "=") && !strings.ContainsAny(n, "-_") && w.signed
	}},
	{func(q *idptest.Quirks) { q.Keys.NullMembers = true }, func(_ *testing.T, w *wire) bool { return strings.Contains(string(w.keys.body), `"d":null`) && w.signed }},
	{func(q *idptest.Quirks) { q.Keys.Twice = true }, func(t *testing.T, w *wire) bool {
		k := keyList(t, w.keys)
		return len(k) == 2 && reflect.DeepEqual(k[0], k[1])
	}},
	{func(q *idptest.Quirks) { q.Keys.TwoWithOneKID = true }, func(t *testing.T, w *wire) bool {
		k := keyList(t, w.keys)
		return len(k) == 2 && k[0]["kid"] == k[1]["kid"] && k[0]["n"] != k[1]["n"] && w.signed
	}},
	{func(q *idptest.Quirks) { q.Keys.BadEntry = true }, func(_ *testing.T, w *wire) bool {
		return strings.Contains(string(w.keys.body), `"kid":"bad","kid":"bad"`) && w.signed
	}},
	{func(q *idptest.Quirks) { q.Keys.NoKeyID = true }, func(t *testing.T, w *wire) bool { return keyList(t, w.keys)[0]["kid"] == nil }},
	{func(q *idptest.Quirks) { q.Keys.NoAlgorithm = true }, func(t *testing.T, w *wire) bool { return keyList(t, w.keys)[0]["alg"] == nil }},
	{func(q *idptest.Quirks) { q.Keys.More = 60 }, func(t *testing.T, w *wire) bool { return len(keyList(t, w.keys)) == 61 && w.signed }},
	{func(q *idptest.Quirks) { q.Keys.Algorithms = []jws.Algorithm{"RS384", "ES512", "EdDSA"} }, func(t *testing.T, w *wire) bool {
		k := keyList(t, w.keys)
		return len(k) == 4 && k[1]["alg"] == "RS384" && k[2]["crv"] == "P-521" && k[3]["crv"] == "Ed25519" && w.signed
	}},
}
