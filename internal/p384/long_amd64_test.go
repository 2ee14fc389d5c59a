//go:build long && !nistec && !limbs28

package p384

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The straight-line functions must be straight lines in machine code too: the only
// conditional jump allowed is the stack check of the prologue.
func TestLongNoJumpsInMachineCode(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "p384.test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range []string{
		"feMul", "feSqr", "feAdd", "feSub", "feHalf", "pointDouble", "pointAddAffine", "pointAddAffineOrDouble", "toAffine",
	} {
		out, err := exec.Command("go", "tool", "objdump", "-s", `/p384\.`+name+`$`, binary).Output()
		if err != nil {
			t.Fatal(err)
		}
		instructions, jumps := 0, 0
		for _, line := range strings.Split(string(out), "\n") {
			f := strings.Fields(line)
			if len(f) < 4 || !strings.HasPrefix(f[1], "0x") {
				continue
			}
			instructions++
			if op := f[3]; strings.HasPrefix(op, "J") && op != "JMP" {
				if jumps++; jumps > 1 || (op != "JBE" && op != "JLS") || instructions > 5 {
					t.Errorf("%s: %s", name, strings.TrimSpace(line))
				}
			}
		}
		t.Logf("%s: %d instructions, %d conditional jumps", name, instructions, jumps)
		if instructions < 20 {
			t.Errorf("%s was not found in the binary, or inlined", name)
		}
	}
}
