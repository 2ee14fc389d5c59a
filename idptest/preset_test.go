package idptest_test

import (
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver/provider"
)

// What docs/testing.md says of presets and of machines.

func TestAPresetSignsInAtTheTestsProvider(t *testing.T) {
	idp := idptest.New(t, idptest.WithPerson(idptest.Person{Subject: "grace", Name: "Grace"}))
	google := provider.Google(idp.ClientID, idp.ClientSecret)
	google.Issuer = idp.Issuer
	site, _ := member(t, google)
	if got := read(t, newBrowser(), site+"/signin/start?return=/who"); got != "Grace" {
		t.Error(got)
	}
}

func TestAMachinesTokenIsMadeByHand(t *testing.T) {
	idp := idptest.New(t)
	config := provider.GitHubActions(idp.ClientID, "octo-org/shop")
	config.Issuer = idp.Issuer
	verifier, err := provider.NewVerifier(config)
	if err != nil {
		t.Fatal(err)
	}
	token := idp.Token(idptest.Person{Subject: "repo:octo-org/shop:ref:refs/heads/main", Claims: map[string]any{"repository": "octo-org/shop"}}, "", nil)
	if _, err := verifier.Verify(t.Context(), token); err != nil {
		t.Error(err)
	}
	foreign := idp.Token(idptest.Person{Subject: "repo:mallory/shop", Claims: map[string]any{"repository": "mallory/shop"}}, "", nil)
	if _, err := verifier.Verify(t.Context(), foreign); err == nil {
		t.Error("another repository deploys")
	}
}

func TestTheDocumentShowsPresetsAsTheyAreTested(t *testing.T) {
	source := contents(t, "preset_test.go")
	blocks := strings.Split(contents(t, "../docs/testing.md"), "```go\n")[2:]
	if len(blocks) != 2 {
		t.Fatalf("%d blocks after the first", len(blocks))
	}
	for _, b := range blocks {
		b, _, _ = strings.Cut(b, "```")
		if !strings.Contains(flat(source), flat(b)) {
			t.Errorf("in no function of this file:\n%s", b)
		}
	}
}
