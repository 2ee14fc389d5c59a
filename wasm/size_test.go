package wasm_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/wasm"
)

// What each flow loads, in either form, fits its sizes after brotli: modules and
// scripts, in bytes.
func TestFlowsFitTheirSizes(t *testing.T) {
	m, err := wasm.ReadManifest()
	if err != nil {
		t.Fatal(err)
	}
	for flow, most := range map[string]struct{ modules, scripts int }{
		"tokens": {64 << 10, 20 << 10}, "fedcm": {0, 12 << 10}, "idtoken": {36 << 10, 4 << 10},
	} {
		for form, files := range m.Flows[flow] {
			modules, scripts, table := 0, 0, 0
			for _, name := range files {
				switch filepath.Ext(name) {
				case ".wasm":
					modules += m.Hashes[name].Brotli
				case ".txt": // the public suffixes, which the keeper alone loads, once
					table += m.Hashes[name].Brotli
				default:
					scripts += m.Hashes[name].Brotli
				}
			}
			if table > 46<<10 {
				t.Errorf("%s, %s: %d bytes of tables, brotli", flow, form, table)
			}
			if modules > most.modules || (modules == 0) != (most.modules == 0) || scripts == 0 || scripts > most.scripts {
				t.Errorf("%s, %s: %d bytes of WebAssembly (at most %d) and %d of scripts (at most %d), brotli", flow, form, modules, most.modules, scripts, most.scripts)
			}
		}
		if len(m.Flows[flow]) != 2 {
			t.Errorf("%s has %d forms", flow, len(m.Flows[flow]))
		}
	}
}

// The module that judges ID tokens is small because the platform does the
// cryptography: it brings along no hash, no randomness, and none of the packages
// that are most of a Go module's size.
func TestIDTokenGuestBringsLittleAlong(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-tags", "tinygo", "./guest/idtoken")
	list.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	for _, heavy := range []string{"fmt", "reflect", "math/big", "encoding/json", "os", "net", "crypto/rand", "crypto/sha256", "crypto/sha512"} {
		if slices.Contains(deps, heavy) {
			t.Errorf("it imports %s", heavy)
		}
	}
	if !slices.Contains(deps, "github.com/bonafides-dev/bonafides/protocol/oidc") {
		t.Error("it does not import protocol/oidc")
	}
}
