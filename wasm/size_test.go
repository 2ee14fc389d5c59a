package wasm_test

import (
	"path/filepath"
	"testing"

	"github.com/bonafides-dev/bonafides/wasm"
)

// The whole token flow, in either form, fits 64 KiB of WebAssembly and 20 KiB of
// scripts after brotli.
func TestTokenFlowFitsItsSizes(t *testing.T) {
	m, err := wasm.ReadManifest()
	if err != nil {
		t.Fatal(err)
	}
	for form, files := range m.Flows["tokens"] {
		module, scripts := 0, 0
		for _, name := range files {
			if filepath.Ext(name) == ".wasm" {
				module += m.Hashes[name].Brotli
			} else {
				scripts += m.Hashes[name].Brotli
			}
		}
		if module == 0 || module > 64<<10 || scripts == 0 || scripts > 20<<10 {
			t.Errorf("%s: %d bytes of WebAssembly (at most %d) and %d of scripts (at most %d), brotli", form, module, 64<<10, scripts, 20<<10)
		}
	}
}
