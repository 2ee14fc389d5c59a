package kdf

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

type use string

func derive(t *testing.T, given ...[]byte) []Keys[use] {
	t.Helper()
	all, err := Derive[use](given, "a server v1 ", "one", "two")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEachUseOfEachSecretHasAKeyOfItsOwn(t *testing.T) {
	a, b := bytes.Repeat([]byte("a"), MinSize), bytes.Repeat([]byte("b"), MinSize)
	all := derive(t, a, b)
	seen := map[string]bool{}
	for _, keys := range all {
		for _, key := range keys {
			if len(key) != 32 || seen[string(key)] {
				t.Errorf("%d bytes, or the key of another use", len(key))
			}
			seen[string(key)] = true
		}
	}
	if len(all) != 2 || len(seen) != 4 {
		t.Errorf("%d secrets, %d keys", len(all), len(seen))
	}
	// What was sealed by the second opens still after it was the first.
	if again := derive(t, b)[0]["two"]; !bytes.Equal(again, all[1]["two"]) {
		t.Error("the key of a secret depends on its place")
	}
	other, err := Derive[use]([][]byte{a}, "another server v1 ", "one")
	if err != nil || bytes.Equal(other[0]["one"], all[0]["one"]) {
		t.Errorf("two servers with one secret have one key, %v", err)
	}
	// Fixed, so that no later version loses what this one made.
	if got := hex.EncodeToString(all[0]["one"]); got != "45b49087ab8917721fe6ea4c3bcda613d2e532c972b96fb8f5926c3f6515e39e" {
		t.Errorf("key = %s", got)
	}
}

func TestAShortSecretIsNamedByItsPlaceAlone(t *testing.T) {
	long := bytes.Repeat([]byte("a"), MinSize)
	short := []byte("correct horse battery staple 31")
	_, err := Derive[use]([][]byte{long, short}, "a server v1 ", "one")
	if err == nil || !strings.Contains(err.Error(), "Secrets[1] has 31 bytes") || strings.Contains(err.Error(), "horse") {
		t.Errorf("error = %v", err)
	}
}

func TestWithoutSecretsEachProcessHasItsOwn(t *testing.T) {
	if one, two := derive(t), derive(t); len(one) != 1 || bytes.Equal(one[0]["one"], two[0]["one"]) {
		t.Error("two processes have the same key")
	}
}
