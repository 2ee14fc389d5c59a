// Command circl measures github.com/cloudflare/circl at the same work: VOPRF
// over P-384 with uncompressed points on the wire. Its Finalize also hashes each
// output, which Private State Tokens leave out; that is a hundredth of its time.
package main

import (
	"crypto/rand"
	"fmt"

	"github.com/bonafides-dev/bonafides/test/bench/contender"
	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
	"github.com/cloudflare/circl/zk/dleq"
)

const (
	context   = "OPRFV1-\x01-P384-SHA384"
	nonceSize = 64
)

func main() {
	key := contender.Must(oprf.GenerateKey(oprf.SuiteP384, rand.Reader))
	server := oprf.NewVerifiableServer(oprf.SuiteP384, key)
	client := oprf.NewVerifiableClient(oprf.SuiteP384, key.Public())
	var ops []contender.Op
	for _, n := range []int{1, 10, 100} {
		inputs := make([][]byte, n)
		for i := range inputs {
			inputs[i] = make([]byte, nonceSize)
			rand.Read(inputs[i])
		}
		fin, request, err := client.Blind(inputs)
		contender.Check(err)
		wire := encode(request.Elements)
		answer := contender.Must(server.Evaluate(request))
		answerWire := encode(answer.Elements)
		proof := contender.Must(answer.Proof.MarshalBinary())
		ops = append(ops,
			contender.Op{Name: fmt.Sprint("begin", n), Items: n, Run: func(int) {
				_, request, err := client.Blind(inputs)
				contender.Check(err)
				encode(request.Elements)
			}},
			contender.Op{Name: fmt.Sprint("issue", n), Items: n, Run: func(int) {
				answer := contender.Must(server.Evaluate(&oprf.EvaluationRequest{Elements: decode(wire)}))
				encode(answer.Elements)
				contender.Must(answer.Proof.MarshalBinary())
			}},
			contender.Op{Name: fmt.Sprint("finish", n), Items: n, Run: func(int) {
				p := new(dleq.Proof)
				contender.Check(p.UnmarshalBinary(group.P384, proof))
				contender.Must(client.Finalize(fin, &oprf.Evaluation{Elements: decode(answerWire), Proof: p}))
			}},
		)
	}

	k := group.P384.RandomNonZeroScalar(rand.Reader)
	dst := []byte("HashToGroup-" + context)
	nonce := make([]byte, nonceSize)
	w := contender.Must(group.P384.NewElement().Mul(group.P384.HashToElement(nonce, dst), k).MarshalBinary())
	redeem := func() {
		e := decode([][]byte{w})[0]
		if !group.P384.NewElement().Mul(group.P384.HashToElement(nonce, dst), k).IsEqual(e) {
			panic("a valid token was refused")
		}
	}
	point := group.P384.HashToElement(nonce, dst)
	ops = append(ops,
		contender.Op{Name: "redeem1", Items: 1, Run: func(int) { redeem() }},
		contender.Op{Name: "redeem100", Items: 100, Run: func(int) {
			for range 100 {
				redeem()
			}
		}},
		contender.Op{Name: "hash", Items: 1, Run: func(i int) {
			nonce := [nonceSize]byte{byte(i), byte(i >> 8), byte(i >> 16)}
			group.P384.HashToElement(nonce[:], dst)
		}},
		contender.Op{Name: "mul", Items: 1, Run: func(int) { group.P384.NewElement().Mul(point, k) }},
		contender.Op{Name: "base", Items: 1, Run: func(int) { group.P384.NewElement().MulGen(k) }},
	)
	contender.Serve(ops...)
}

func encode(elements []group.Element) [][]byte {
	out := make([][]byte, len(elements))
	for i, e := range elements {
		out[i] = contender.Must(e.MarshalBinary())
	}
	return out
}

func decode(encoded [][]byte) []group.Element {
	out := make([]group.Element, len(encoded))
	for i, b := range encoded {
		out[i] = group.P384.NewElement()
		contender.Check(out[i].UnmarshalBinary(b))
	}
	return out
}
