package serve

import (
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/wasm"
	"github.com/bonafides-dev/bonafides/wasm/returnpage"
)

func TestKeeperTagPrintsTheTagOfThisRelease(t *testing.T) {
	name, integrity, err := wasm.Script("tokens", wasm.Classic)
	if err != nil {
		t.Fatal(err)
	}
	out, errs, code := bonafides(t, "", "keeper", "tag", "https://keeper.example")
	for _, part := range []string{`src="https://keeper.example/bonafides/` + name + `"`, `integrity="` + integrity + `"`, `data-keeper="https://keeper.example"`} {
		if !strings.Contains(out, part) {
			t.Errorf("%d: %s is not in %s%s", code, part, out, errs)
		}
	}
	for _, args := range [][]string{nil, {"keeper.example"}, {"https://keeper.example/keeper"}, {"http://keeper.example"}, {"https://a.example", "https://b.example"}} {
		if _, errs, code := bonafides(t, "", append([]string{"keeper", "tag"}, args...)...); code != cli.Usage || !strings.Contains(errs, "https") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
}

func TestKeeperReturnPrintsThePage(t *testing.T) {
	if out, _, code := bonafides(t, "", "keeper", "return"); code != cli.OK || out != string(returnpage.HTML()) {
		t.Errorf("%d, %d bytes", code, len(out))
	}
	if _, _, code := bonafides(t, "", "keeper", "return", "x"); code != cli.Usage {
		t.Errorf("with an argument: %d", code)
	}
}
