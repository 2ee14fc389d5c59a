package idpserver_test

import (
	"slices"
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver"
)

// The browser compares a site's hint with ours letter by letter, and where none fits
// asks people to sign in again and again. An address is no other one for its capitals.
func TestAHintFindsAnAddressHoweverItIsWritten(t *testing.T) {
	p := newIdP(t)
	ada := p.create("Ada.Lovelace@corp.example")
	grace := p.create("Grace@else.example", func(n *idpserver.NewAccount) { n.EmailVerified = false })
	b := p.browser()
	b.signIn("ada.lovelace@corp.example")
	b.signIn("grace@else.example")
	var list struct {
		Accounts []struct {
			ID    string
			Hints []string `json:"login_hints"`
		}
	}
	decode(t, b.accounts(), &list)
	for _, a := range list.Accounts {
		want := map[string][]string{
			ada.ID:   {"Ada.Lovelace@corp.example", "ada.lovelace@corp.example", ada.ID},
			grace.ID: {grace.ID}, // nobody's address before it is verified
		}[a.ID]
		if !slices.Equal(a.Hints, want) {
			t.Errorf("hints of %s: %q, want %q", a.ID, a.Hints, want)
		}
	}
	if len(list.Accounts) != 2 {
		t.Errorf("%d accounts", len(list.Accounts))
	}
}
