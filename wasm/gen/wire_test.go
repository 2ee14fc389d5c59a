package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func readTable(t *testing.T) *Table {
	t.Helper()
	b, err := os.ReadFile("../abi.json")
	if err != nil {
		t.Fatal(err)
	}
	var table Table
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	return &table
}

func TestTheConstantsAreThoseOfGo(t *testing.T) {
	want, err := readTable(t).writeWire()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"\nexport const tokenSize = 165;\n", "\nexport const minRecordLifetime = 7200;\n", "\nexport const headerToken = \"Private-State-Token\";\n"} {
		if !strings.Contains(string(want), line) {
			t.Errorf("it has no %q", line)
		}
	}
	if _, err := new(Table).writeWire(); err == nil {
		t.Error("a limit without an argument is written")
	}
}

// spelt lists the names and paths that a script spells itself.
func spelt(script string) (found []string) {
	for _, c := range wire {
		if text, ok := c.value.(string); ok && strings.Contains(script, `"`+text+`"`) {
			found = append(found, text)
		}
	}
	return found
}

// A name that both languages spell differs the day that one of them changes it.
func TestNoScriptSpellsANameItself(t *testing.T) {
	seen := 0
	for _, dir := range []string{"../src", "../../worker/src"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".ts") || strings.HasSuffix(path, ".gen.ts") {
				return err
			}
			seen++
			b, err := os.ReadFile(path)
			for _, name := range spelt(string(b)) {
				t.Errorf("%s spells %s: take it from wire.gen.ts", path, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 50 {
		t.Errorf("only %d scripts were read", seen)
	}
	if len(spelt(`h.get("Sec-Redemption-Record")`)) != 1 {
		t.Error("this test does not see a name that is spelt")
	}
}
