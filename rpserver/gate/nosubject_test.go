package gate

import (
	"maps"
	"testing"
)

// A machine has no subject: its assertion is taken only where the origin said that it
// looks at the claims.
func TestVisitorsWithoutASubject(t *testing.T) {
	s := newSigner(t, "k", 7)
	keys := fixed{set: keySet(t, s)}
	open, err := New(Config{Gate: gateOrigin, Origin: appOrigin, Keys: keys, Now: clock, AllowNoSubject: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sub          any
		strict, open string
	}{
		{"", CodeClaimsInvalid, ""}, {"ada", "", ""}, {7, CodeClaimsInvalid, CodeClaimsInvalid}, {nil, CodeClaimsInvalid, CodeClaimsInvalid},
	} {
		said := good()
		maps.Copy(said, claims{"sub": c.sub})
		for v, want := range map[*Verifier]string{newVerifier(t, keys): c.strict, open: c.open} {
			visitor, why := v.Check(get(sign(t, s, said)))
			if (why == nil) != (want == "") || why != nil && why.Code != want {
				t.Errorf("%v: %v, want %q", c.sub, why, want)
			}
			if why == nil && visitor.Subject != c.sub {
				t.Errorf("%v: %q", c.sub, visitor.Subject)
			}
		}
	}
}
