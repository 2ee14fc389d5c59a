//go:build wasip1

// Command wasm is a WASI reactor that plays both parties of an issuance, for
// ../wasm.mjs to time. It builds with Go and with TinyGo.
package main

import "github.com/bonafides-dev/bonafides/protocol/pst"

var (
	key       *pst.PrivateKey
	request   []byte
	response  []byte
	saved     []byte
	tokenData []byte
)

func main() {}

//go:wasmexport prepare
func prepare(n int32) int32 {
	var err error
	if key == nil {
		if key, err = pst.GenerateKey(1); err != nil {
			return 1
		}
	}
	if begin(n) != 0 || evaluate(n) != 0 {
		return 2
	}
	return finish()
}

//go:wasmexport begin
func begin(n int32) int32 {
	req, p, err := pst.Begin(key.PublicKey(), int(n))
	if err != nil {
		return 1
	}
	request, saved = req.Bytes(), p.Bytes()
	return 0
}

//go:wasmexport evaluate
func evaluate(n int32) int32 {
	req, err := pst.ParseIssueRequest(request)
	if err != nil {
		return 1
	}
	resp, err := key.Issue(req, int(n))
	if err != nil {
		return 2
	}
	response = resp.Bytes()
	return 0
}

//go:wasmexport finish
func finish() int32 {
	p, err := pst.ParsePending(saved)
	if err != nil {
		return 1
	}
	resp, err := pst.ParseIssueResponse(response)
	if err != nil {
		return 2
	}
	tokens, err := p.Finish(resp)
	if err != nil {
		return 3
	}
	tokenData = tokens[0].Bytes()
	return 0
}

//go:wasmexport redeem
func redeem() int32 {
	t, err := pst.ParseToken(tokenData)
	if err != nil {
		return 1
	}
	if key.Verify(t) != nil {
		return 2
	}
	return 0
}
