// Command gen writes the unrolled multiplications of package p384 and the table
// of its base point. Run it as go generate in the package's folder.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"log"
	"os"

	"filippo.io/nistec"
)

func main() {
	write("field64_mul.go", field64())
	write("field28_mul.go", field28())
	if err := os.WriteFile("basetable.bin", baseTable(), 0o644); err != nil {
		log.Fatal(err)
	}
}

func write(name string, src *bytes.Buffer) {
	out, err := format.Source(src.Bytes())
	if err != nil {
		log.Fatalf("%s: %v\n%s", name, err, src)
	}
	if err := os.WriteFile(name, out, 0o644); err != nil {
		log.Fatal(err)
	}
}

// baseTable is the comb of base.go: 4 blocks of 16 affine points, 96 bytes each.
// Entry (b, i) is the sum over the teeth j = 0..4 of s_j * 2^(80j+20b) * G, where
// s_4 = +1 and s_j is +1 where bit j of i is set and -1 where it is not.
func baseTable() []byte {
	const teeth, blocks, spacing, columns = 5, 4, 80, 20
	var out []byte
	power := nistec.NewP384Point().SetGenerator() // 2^e * G
	powers := make([]*nistec.P384Point, teeth*spacing)
	for e := range powers {
		powers[e] = nistec.NewP384Point().Set(power)
		power.Double(power)
	}
	for b := range blocks {
		for i := range 1 << (teeth - 1) {
			sum := nistec.NewP384Point().Set(powers[spacing*(teeth-1)+columns*b])
			for j := range teeth - 1 {
				p := nistec.NewP384Point().Set(powers[spacing*j+columns*b])
				if i>>j&1 == 0 {
					p.Negate(p)
				}
				sum.Add(sum, p)
			}
			out = append(out, sum.Bytes()[1:]...)
		}
	}
	return out
}

func p(b *bytes.Buffer, format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }
