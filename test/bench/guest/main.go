// Command guest is the token code compiled to WebAssembly for the benchmarks:
// every step of both parties, on messages in bytes. The browser's own module
// (wasm/guest/token) has only the client's part, and is built for size.
package main

import (
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func main() {}

var (
	key      *pst.PrivateKey
	count    int
	request  []byte
	saved    []byte
	response []byte
	token    []byte
)

// start makes a key and the messages of one exchange of n tokens.
//
//go:wasmexport start
func start(n int32) int32 {
	count = int(n)
	var err error
	if key, err = pst.GenerateKey(1); err != nil {
		return 0
	}
	r, p, err := pst.Begin(key.PublicKey(), count)
	if err != nil {
		return 0
	}
	request, saved = r.Bytes(), p.Bytes()
	if issue() == 0 {
		return 0
	}
	a, err := pst.ParseIssueResponse(response)
	if err != nil {
		return 0
	}
	tokens, err := p.Finish(a)
	if err != nil {
		return 0
	}
	token = tokens[0].Bytes()
	return 1
}

//go:wasmexport begin
func begin() int32 {
	r, _, err := pst.Begin(key.PublicKey(), count)
	if err != nil {
		return 0
	}
	return int32(len(r.Bytes()))
}

//go:wasmexport issue
func issue() int32 {
	r, err := pst.ParseIssueRequest(request)
	if err != nil {
		return 0
	}
	a, err := key.Issue(r, count)
	if err != nil {
		return 0
	}
	response = a.Bytes()
	return int32(len(response))
}

// finish includes reading the saved state, as a browser's module does.
//
//go:wasmexport finish
func finish() int32 {
	p, err := pst.ParsePending(saved)
	if err != nil {
		return 0
	}
	a, err := pst.ParseIssueResponse(response)
	if err != nil {
		return 0
	}
	tokens, err := p.Finish(a)
	if err != nil {
		return 0
	}
	n := 0
	for i := range tokens {
		n += len(tokens[i].Bytes())
	}
	return int32(n)
}

//go:wasmexport redeem
func redeem() int32 {
	t, err := pst.ParseToken(token)
	if err != nil || key.Verify(t) != nil {
		return 0
	}
	return 1
}
