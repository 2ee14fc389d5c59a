package pages

import (
	"context"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
)

func TestConsentListsWhatIsShared(t *testing.T) {
	ada := &directory.Account{ID: "1", Name: "Ada Brandt", Email: "ada@idp.example"}
	grace := &directory.Account{ID: "2", Name: "Grace Moreau", Email: "grace@idp.example"}
	draw := func(c Consent) string {
		c.Client, c.Other = &directory.Client{ID: "shop", Name: "The shop"}, "/signin"
		var b strings.Builder
		if err := consentPage(view{}, c).Render(context.Background(), &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	page := draw(Consent{People: []*directory.Account{ada}, Fields: []string{tokens.FieldEmail}})
	if !strings.Contains(page, "<dt>Your e-mail address</dt><dd>ada@idp.example</dd>") || strings.Contains(page, "<dt>Your name</dt>") {
		t.Errorf("one field: %s", page)
	}
	if !strings.Contains(page, "Not you?") || strings.Count(page, "button primary") != 1 {
		t.Errorf("one account: %s", page)
	}
	// Whose values they would be is not known before one is chosen.
	page = draw(Consent{People: []*directory.Account{ada, grace}, Fields: []string{tokens.FieldEmail}})
	if strings.Contains(page, "<dt>") || strings.Contains(page, "Not you?") || strings.Contains(page, "button primary") {
		t.Errorf("two accounts: %s", page)
	}
	if page = draw(Consent{People: []*directory.Account{ada}}); strings.Contains(page, "<dl") {
		t.Errorf("nothing is asked for: %s", page)
	}
}
