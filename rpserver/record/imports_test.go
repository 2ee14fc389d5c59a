package record

import (
	"go/build"
	"strings"
	"testing"
)

// The check must not drag in what an ad network has no use for: sessions,
// stores, templates, the server of the relying party.
func TestImportsOnlyWhatTheCheckNeeds(t *testing.T) {
	p, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	const own = "github.com/bonafides-dev/bonafides/"
	allowed := map[string]bool{own + "jwks": true, own + "protocol/jws": true, own + "protocol/origin": true, own + "protocol/pst": true, own + "internal/recordcheck": true, own + "internal/refusal": true}
	for _, path := range p.Imports {
		if strings.Contains(path, ".") && !allowed[path] {
			t.Errorf("imports %s", path)
		}
	}
}
