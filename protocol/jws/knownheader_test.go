package jws

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// What a set remembers of a header spares reading it, and nothing else.
func TestKnownHeadersAreJudgedAgain(t *testing.T) {
	keys := edSet(t, `,"kid":"k1"`)
	good := edToken(`{"alg":"EdDSA","kid":"k1","typ":"JWT"}`, "x")
	for range 2 {
		m, err := Verify(good, keys, anyJWT)
		if err != nil || m.Header != (Header{EdDSA, "k1", true, "JWT", true}) || m.Key == nil || string(m.Payload) != "x" {
			t.Fatalf("%+v %v", m, err)
		}
	}
	head, rest, _ := strings.Cut(good, ".")
	if keys.recall(head) == nil {
		t.Fatal("the header is not known")
	}
	for name, c := range map[string]struct {
		token string
		p     Policy
		code  string
	}{
		"the policy's types":      {good, Policy{Types: []string{"logout+jwt"}}, CodeType},
		"the policy's algorithms": {good, Policy{Types: anyJWT.Types, Algorithms: []Algorithm{RS256}}, CodeAlgNotAllowed},
		"the payload's form":      {head + ".e===" + rest[strings.IndexByte(rest, '.'):], anyJWT, CodeBase64},
		"the signature's form":    {good[:len(good)-2], anyJWT, CodeSignatureForm},
		"the signature":           {head + "." + encode([]byte("y")) + rest[strings.IndexByte(rest, '.'):], anyJWT, CodeSignature},
		"another set's keys":      {edToken(`{"alg":"EdDSA","kid":"k2","typ":"JWT"}`, "x"), anyJWT, CodeKeyUnknown},
	} {
		if _, err := Verify(c.token, keys, c.p); refusedAs(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	// One set knows nothing of what another has seen.
	if _, err := Verify(good, edSet(t, `,"kid":"k2"`), anyJWT); refusedAs(err) != CodeKeyUnknown {
		t.Error(err)
	}
	if (*KeySet)(nil).recall(head) != nil {
		t.Error("no set knows a header")
	}
}

// However many headers tokens have, a set remembers few and short ones.
func TestKnownHeadersAreFew(t *testing.T) {
	keys := edSet(t, "")
	long := encode([]byte(`{"alg":"EdDSA","x":"` + strings.Repeat("x", longestKnownHeader) + `"}`))
	if _, err := Verify(edToken(`{"alg":"EdDSA","x":"`+strings.Repeat("x", longestKnownHeader)+`"}`, ""), keys, anyJWT); err != nil {
		t.Fatal(err)
	}
	if keys.recall(long) != nil {
		t.Error("a long header is known")
	}
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for i := range 100 {
				header := fmt.Sprintf(`{"alg":"EdDSA","n":%d}`, 100*worker+i)
				m, err := Verify(edToken(header, header), keys, anyJWT)
				if err != nil || string(m.Payload) != header {
					t.Errorf("%s: %v", header, err)
				}
			}
		})
	}
	all.Wait()
	known := 0
	for i := range 400 {
		if keys.recall(encode(fmt.Appendf(nil, `{"alg":"EdDSA","n":%d}`, i))) != nil {
			known++
		}
	}
	if known != len(keys.headers) {
		t.Errorf("%d headers are known, want %d", known, len(keys.headers))
	}
}
