// Command nistec measures the curve of filippo.io/nistec by itself.
package main

import (
	"crypto/rand"

	"filippo.io/nistec"
	"github.com/bonafides-dev/bonafides/test/bench/contender"
)

func main() {
	k := make([]byte, 48)
	rand.Read(k)
	p := contender.Must(nistec.NewP384Point().ScalarBaseMult(k))
	contender.Serve(
		contender.Op{Name: "mul", Items: 1, Run: func(int) { contender.Must(nistec.NewP384Point().ScalarMult(p, k)) }},
		contender.Op{Name: "base", Items: 1, Run: func(int) { contender.Must(nistec.NewP384Point().ScalarBaseMult(k)) }},
	)
}
