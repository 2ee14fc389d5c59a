package pst_test

import (
	"fmt"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// The whole life of a token, with what crosses the wire between the parties.
func Example() {
	key, err := pst.GenerateKey(1)
	if err != nil {
		fmt.Println(err)
		return
	}

	// The client asks for five tokens of an issuer with this key.
	request, pending, err := pst.Begin(key.PublicKey(), 5)
	if err != nil {
		fmt.Println(err)
		return
	}

	// The issuer reads the request and grants three.
	received, err := pst.ParseIssueRequest(request.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	granted, err := key.Issue(received, 3)
	if err != nil {
		fmt.Println(err)
		return
	}

	// The client checks the proof and keeps the tokens.
	response, err := pst.ParseIssueResponse(granted.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	tokens, err := pending.Finish(response)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("tokens:", len(tokens))

	// Later, on another site, it shows one.
	shown := pst.RedeemRequest{
		Token:      tokens[0],
		ClientData: pst.ClientData{RedeemingOrigin: "https://news.example", RedemptionTimestamp: 1790000000},
	}
	redeemed, err := pst.ParseRedeemRequest(shown.Bytes())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("from", redeemed.ClientData.RedeemingOrigin, key.Verify(&redeemed.Token))
	// Output:
	// tokens: 3
	// from https://news.example <nil>
}
