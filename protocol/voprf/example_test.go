package voprf_test

import (
	"fmt"

	"github.com/bonafides-dev/bonafides/protocol/voprf"
)

// Both parties, with what crosses the wire between them.
func Example() {
	// The server publishes its key.
	key, err := voprf.GenerateKey()
	if err != nil {
		fmt.Println(err)
		return
	}
	published := key.PublicKey().Append(nil)

	// The client blinds two inputs.
	inputs := [][]byte{[]byte("first"), []byte("second")}
	state, err := voprf.Blind(inputs)
	if err != nil {
		fmt.Println(err)
		return
	}
	blinded := state.Elements()

	// The server evaluates what it cannot read.
	evaluated, proof, err := key.Evaluate(blinded)
	if err != nil {
		fmt.Println(err)
		return
	}

	// The client checks the proof against the published key and unblinds.
	pk, err := voprf.ParsePublicKey(published)
	if err != nil {
		fmt.Println(err)
		return
	}
	elements, err := state.Finish(pk, evaluated, proof)
	if err != nil {
		fmt.Println(err)
		return
	}

	// Later, whoever shows an input and its element convinces the server.
	fmt.Println(key.Verify([]byte("first"), &elements[0]))
	fmt.Println(key.Verify([]byte("first"), &elements[1]))
	// Output:
	// <nil>
	// voprf: the element is not the value of this input under this key
}
