package jws

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// longSet is a key set as long as one may be, of an entry for each number.
func longSet(entry func(n int) string) []byte {
	var b strings.Builder
	b.WriteString(`{"keys":[`)
	for n := 0; b.Len() < maxKeySet-2048; n++ {
		if n > 0 {
			b.WriteByte(',')
		}
		b.WriteString(entry(n))
	}
	b.WriteString("]}")
	return []byte(b.String())
}

// A provider that wants to harm its relying parties gets no time of theirs for a document:
// one fetch after another would keep a core busy.
func TestNoKeySetTakesLongToRead(t *testing.T) {
	var operations strings.Builder
	for n := 0; operations.Len() < maxKeySet-2048; n++ {
		fmt.Fprintf(&operations, `,"%x"`, n)
	}
	for name, set := range map[string][]byte{
		"operations of one key": []byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"` + edPublic + `","kid":"k1","key_ops":["verify"` + operations.String() + `]}]}`),
		"points on no curve": longSet(func(n int) string {
			return fmt.Sprintf(`{"kty":"EC","crv":"P-521","kid":"%d","x":"%d","y":"AQ"}`, n, 1000+n)
		}),
		"keys without material": longSet(func(int) string { return `{"kty":"RSA"}` }),
	} {
		began := time.Now()
		keys, err := ParseKeySet(set)
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s: %d bytes took %v", name, len(set), took)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// Each may be a line of a log, and the document another one each time.
		if n := len(keys.Rejected()); n == 0 || n > 64 {
			t.Errorf("%s: %d keys are told of", name, n)
		}
	}
}
