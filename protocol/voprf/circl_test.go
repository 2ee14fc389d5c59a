package voprf_test

import (
	"crypto/rand"
	"runtime"
	"sync"
	"testing"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/oprf"
	"github.com/cloudflare/circl/zk/dleq"

	"github.com/bonafides-dev/bonafides/protocol/voprf"
)

// TestAgainstCIRCL plays 10,000 random rounds (500 under -short and under
// js/wasm) against circl: half of them with our client and its server, half
// with its client and our server.
func TestAgainstCIRCL(t *testing.T) {
	rounds := 10_000
	if testing.Short() || runtime.GOARCH == "wasm" {
		rounds = 500
	}
	const batch = 50
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range jobs {
				if i%2 == 0 {
					ourClient(t, batch)
				} else {
					ourServer(t, batch)
				}
			}
		}()
	}
	for i := 0; i < rounds/batch; i++ {
		jobs <- i
	}
	close(jobs)
	wg.Wait()
}

func randomInputs(n int) [][]byte {
	inputs := make([][]byte, n)
	for i := range inputs {
		inputs[i] = make([]byte, 64)
		rand.Read(inputs[i])
	}
	return inputs
}

func ourClient(t *testing.T, n int) {
	key, err := oprf.GenerateKey(oprf.SuiteP384, rand.Reader)
	if err != nil {
		t.Error(err)
		return
	}
	compressed, _ := key.Public().MarshalBinary()
	pk, err := voprf.ParsePublicKey(uncompress(t, compressed))
	if err != nil {
		t.Error(err)
		return
	}
	inputs := randomInputs(n)
	blinded, err := voprf.Blind(inputs)
	if err != nil {
		t.Error(err)
		return
	}
	req := &oprf.EvaluationRequest{}
	for _, e := range blinded.Elements() {
		x := oprf.SuiteP384.Group().NewElement()
		if err := x.UnmarshalBinary(e.Append(nil)); err != nil {
			t.Error(err)
			return
		}
		req.Elements = append(req.Elements, x)
	}
	server := oprf.NewVerifiableServer(oprf.SuiteP384, key)
	ev, err := server.Evaluate(req)
	if err != nil {
		t.Error(err)
		return
	}
	var evaluated []voprf.EvaluatedElement
	for _, x := range ev.Elements {
		b, _ := x.MarshalBinary()
		e, err := voprf.ParseEvaluatedElement(b)
		if err != nil {
			t.Error(err)
			return
		}
		evaluated = append(evaluated, e)
	}
	pb, _ := ev.Proof.MarshalBinary()
	proof, err := voprf.ParseProof(pb)
	if err != nil {
		t.Error(err)
		return
	}
	elements, err := blinded.Finish(pk, evaluated, proof)
	if err != nil {
		t.Errorf("circl's proof: %v", err)
		return
	}
	// The whole function once a batch; every element's proof has been checked.
	i := int(inputs[0][0]) % n
	want, err := server.FullEvaluate(inputs[i])
	if err != nil {
		t.Error(err)
		return
	}
	if got, err := elements[i].Output(inputs[i]); err != nil || string(got[:]) != string(want) {
		t.Errorf("output %x, %v, circl %x", got, err, want)
	}
}

func ourServer(t *testing.T, n int) {
	key, err := voprf.GenerateKey()
	if err != nil {
		t.Error(err)
		return
	}
	circlKey := new(oprf.PrivateKey)
	if err := circlKey.UnmarshalBinary(oprf.SuiteP384, key.Append(nil)); err != nil {
		t.Error(err)
		return
	}
	inputs := randomInputs(n)
	client := oprf.NewVerifiableClient(oprf.SuiteP384, circlKey.Public())
	fin, req, err := client.Blind(inputs)
	if err != nil {
		t.Error(err)
		return
	}
	var blinded []voprf.BlindedElement
	for _, x := range req.Elements {
		b, _ := x.MarshalBinary()
		e, err := voprf.ParseBlindedElement(b)
		if err != nil {
			t.Error(err)
			return
		}
		blinded = append(blinded, e)
	}
	evaluated, proof, err := key.Evaluate(blinded)
	if err != nil {
		t.Error(err)
		return
	}
	ev := &oprf.Evaluation{}
	for i := range evaluated {
		x := oprf.SuiteP384.Group().NewElement()
		if err := x.UnmarshalBinary(evaluated[i].Append(nil)); err != nil {
			t.Error(err)
			return
		}
		ev.Elements = append(ev.Elements, x)
	}
	ev.Proof, err = unmarshalProof(proof.Append(nil))
	if err != nil {
		t.Error(err)
		return
	}
	outputs, err := client.Finalize(fin, ev)
	if err != nil {
		t.Errorf("circl refuses our proof: %v", err)
		return
	}
	i := int(inputs[0][0]) % n
	e, err := key.Element(inputs[i])
	if err != nil {
		t.Error(err)
		return
	}
	if got, err := e.Output(inputs[i]); err != nil || string(got[:]) != string(outputs[i]) {
		t.Errorf("output %x, %v, circl %x", got, err, outputs[i])
	}
}

func unmarshalProof(b []byte) (*dleq.Proof, error) {
	p := new(dleq.Proof)
	return p, p.UnmarshalBinary(group.P384, b)
}
