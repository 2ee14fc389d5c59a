package jws

import "testing"

func TestParseAlgorithm(t *testing.T) {
	for name, want := range map[string]Algorithm{"RS256": RS256, "EdDSA": EdDSA, "Ed25519": EdDSA, "rs256": "", "none": "", "HS256": "", "": ""} {
		if got, ok := ParseAlgorithm(name); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v", name, got, ok)
		}
	}
}
