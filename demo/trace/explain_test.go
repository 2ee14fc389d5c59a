package trace

import (
	"testing"

	"github.com/bonafides-dev/bonafides/internal/inspect"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// Whatever package inspect finds in a message of a run, the trace has words for.
func TestEveryFieldIsExplained(t *testing.T) {
	key, err := pst.GenerateKey(1)
	if err != nil {
		t.Fatal(err)
	}
	asked, pending, err := pst.Begin(key.PublicKey(), 11)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := key.Issue(asked, 11)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := pending.Finish(signed)
	if err != nil {
		t.Fatal(err)
	}
	spent := pst.RedeemRequest{Token: tokens[0], ClientData: pst.ClientData{RedeemingOrigin: "https://news.example", RedemptionTimestamp: 1}}
	for _, b := range [][]byte{asked.Bytes(), signed.Bytes(), spent.Bytes()} {
		m, err := inspect.Bytes(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range explained(m.Fields) {
			if f.Help == "" || f.Spec == "" || f.Group == "" {
				t.Errorf("%s: nothing is said of %s %q", m.Kind, f.Group, f.Name)
			}
			if f.Encoding == "hex" && !f.Unlinkable {
				t.Errorf("%s: %s %q looks random to whoever sees it", m.Kind, f.Group, f.Name)
			}
		}
	}
}
