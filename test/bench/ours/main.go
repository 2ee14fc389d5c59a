// Command ours measures this project's tokens: messages in bytes, as an issuer
// and a client handle them. Built with -tags nistec it measures the same code on
// filippo.io/nistec.
package main

import (
	"fmt"

	"github.com/bonafides-dev/bonafides/internal/p384"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/protocol/voprf"
	"github.com/bonafides-dev/bonafides/test/bench/contender"
)

func main() {
	key := contender.Must(pst.GenerateKey(1))
	var ops []contender.Op
	for _, n := range []int{1, 10, 100} {
		ops = append(ops, begin(key, n), issue(key, n), finish(key, n))
	}
	ops = append(ops, redeem(key), redeemMany(100))

	var k p384.Secret
	contender.Check(k.GenerateSecret())
	point := k.MulBase()
	p384.Normalize(&point)
	msg := make([]byte, pst.NonceSize)
	dst := []byte("HashToGroup-OPRFV1-\x01-P384-SHA384")
	ops = append(ops,
		contender.Op{Name: "hash", Items: 1, Run: func(i int) {
			msg[0], msg[1], msg[2] = byte(i), byte(i>>8), byte(i>>16)
			p384.HashToCurve(msg, dst)
		}},
		contender.Op{Name: "mul", Items: 1, Run: func(int) { k.Mul(&point) }},
		contender.Op{Name: "base", Items: 1, Run: func(int) { k.MulBase() }},
	)
	contender.Serve(ops...)
}

func begin(key *pst.PrivateKey, n int) contender.Op {
	return contender.Op{Name: fmt.Sprint("begin", n), Items: n, Run: func(int) {
		request, _, err := pst.Begin(key.PublicKey(), n)
		contender.Check(err)
		request.Bytes()
	}}
}

func issue(key *pst.PrivateKey, n int) contender.Op {
	request, _, err := pst.Begin(key.PublicKey(), n)
	contender.Check(err)
	bytes := request.Bytes()
	return contender.Op{Name: fmt.Sprint("issue", n), Items: n, Run: func(int) {
		parsed := contender.Must(pst.ParseIssueRequest(bytes))
		contender.Must(key.Issue(parsed, n)).Bytes()
	}}
}

func finish(key *pst.PrivateKey, n int) contender.Op {
	request, pending, err := pst.Begin(key.PublicKey(), n)
	contender.Check(err)
	saved := pending.Bytes()
	response := contender.Must(key.Issue(request, n)).Bytes()
	var states []*pst.Pending
	return contender.Op{Name: fmt.Sprint("finish", n), Items: n,
		Prepare: func(runs int) {
			states = states[:0]
			for range runs {
				states = append(states, contender.Must(pst.ParsePending(saved)))
			}
		},
		Run: func(i int) {
			parsed := contender.Must(pst.ParseIssueResponse(response))
			tokens := contender.Must(states[i].Finish(parsed))
			for j := range tokens {
				tokens[j].Bytes()
			}
		}}
}

func tokens(key *pst.PrivateKey, n int) []pst.Token {
	request, pending, err := pst.Begin(key.PublicKey(), n)
	contender.Check(err)
	return contender.Must(pending.Finish(contender.Must(key.Issue(request, n))))
}

func redeem(key *pst.PrivateKey) contender.Op {
	t := tokens(key, 1)[0].Bytes()
	return contender.Op{Name: "redeem1", Items: 1, Run: func(int) {
		contender.Check(key.Verify(contender.Must(pst.ParseToken(t))))
	}}
}

func redeemMany(n int) contender.Op {
	key := contender.Must(voprf.GenerateKey())
	inputs := make([][]byte, n)
	for i := range inputs {
		inputs[i] = make([]byte, pst.NonceSize)
		inputs[i][0] = byte(i)
	}
	blinded := contender.Must(voprf.Blind(inputs))
	evaluated, proof, err := key.Evaluate(blinded.Elements())
	contender.Check(err)
	elements := contender.Must(blinded.Finish(key.PublicKey(), evaluated, proof))
	encoded := make([][]byte, n)
	for i := range elements {
		encoded[i] = elements[i].Append(nil)
	}
	return contender.Op{Name: fmt.Sprint("redeem", n), Items: n, Run: func(int) {
		parsed := make([]voprf.Element, n)
		for i := range parsed {
			parsed[i] = contender.Must(voprf.ParseElement(encoded[i]))
		}
		for _, err := range contender.Must(key.VerifyAll(inputs, parsed)) {
			contender.Check(err)
		}
	}}
}
