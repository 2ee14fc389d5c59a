package gate

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Whatever stands in the header, the answer is a refusal with a code, never a panic
// and never a visitor whom the gate did not name.
func FuzzAnAssertionOfNobody(f *testing.F) {
	s := newSigner(f, "k", 7)
	token := sign(f, s, good())
	for _, seed := range []string{token, "", "a.b.c", token[:len(token)-1], strings.ToUpper(token), token + "."} {
		f.Add(seed)
	}
	v := newVerifier(f, fixed{set: keySet(f, s)})
	f.Fuzz(func(t *testing.T, assertion string) {
		visitor, why := v.Check(get(assertion))
		// Seeds come from another process, which signed the same claims once more.
		if why == nil && visitor.Subject != "ada" || why != nil && (visitor != nil || why.Code == "" || why.Detail == "") {
			t.Errorf("%q: %v %v", assertion, visitor, why)
		}
	})
}

// A payload that the gate's key signed is read strictly, too.
func FuzzClaims(f *testing.F) {
	s := newSigner(f, "k", 7)
	keys := keySet(f, s)
	for _, c := range []claims{good(), goodRecord()} {
		payload, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	q := request{gate: gateOrigin, origin: appOrigin, method: "GET", target: "/a?b=%2f", now: clock()}
	f.Fuzz(func(t *testing.T, payload []byte) {
		token, err := jws.Sign(s, typ, payload)
		if err != nil {
			t.Fatal(err)
		}
		visitor, why := judge(token, keys, q)
		if (visitor == nil) == (why == nil) {
			t.Fatalf("%v %v", visitor, why)
		}
		if visitor != nil && (visitor.Issuer == "" || (visitor.Admitted == ByIDToken) != (visitor.Subject != "") || (visitor.Admitted == ByRecord) != (visitor.Site != "")) {
			t.Errorf("%+v", visitor)
		}
	})
}
