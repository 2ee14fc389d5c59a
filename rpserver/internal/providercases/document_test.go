package providercases

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/rpserver/provider"
)

// go generate ./rpserver/internal/providercases writes them.
func TestTheDocumentsAreThoseOfTheTables(t *testing.T) {
	const root = "../../.."
	documents, err := Documents(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range documents {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || string(got) != want {
			t.Errorf("%s is not what the tables say (%v): run go generate ./rpserver/internal/providercases", name, err)
		}
	}
}

func TestEachSettingExists(t *testing.T) {
	all := slices.Concat(rowsOf(Providers), rowsOf(Keys), MoreProviders, MoreKeys, Navigation)
	for _, r := range all {
		if _, ok := reflect.TypeFor[rpserver.Provider]().FieldByName(r.Setting); r.Setting != "" && !ok {
			t.Errorf("%s: rpserver.Provider has no %s", r.What, r.Setting)
		}
	}
	for _, r := range Machines {
		if _, ok := reflect.TypeFor[provider.VerifierConfig]().FieldByName(r.Setting); r.Setting != "" && !ok {
			t.Errorf("%s: provider.VerifierConfig has no %s", r.What, r.Setting)
		}
	}
	seen := map[string]bool{}
	for _, r := range slices.Concat(all, Machines) {
		if seen[r.What] {
			t.Errorf("%q appears twice", r.What)
		}
		seen[r.What] = true
	}
}

func TestACaseWithARefusalHasASetting(t *testing.T) {
	for _, c := range slices.Concat(Providers, Keys) {
		if (c.Code != "") != (c.Set != nil) || (c.Code != "") != (c.Setting != "") {
			t.Errorf("%s: code %q, setting %q", c.What, c.Code, c.Setting)
		}
	}
}
