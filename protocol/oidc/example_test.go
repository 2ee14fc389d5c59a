package oidc_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// A relying party judges what a provider's page handed to it.
func ExampleVerify() {
	keys, err := jws.ParseKeySet([]byte(`{"keys":[{"kty":"EC","crv":"P-256","kid":"1","use":"sig",
		"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	config := oidc.Config{
		Issuer:   "https://idp.example",
		ClientID: "shop",
		Keys:     keys,
		Nonce:    "the nonce of this browser's sign-in",
	}
	id, err := oidc.Verify("eyJhbGciOiJub25lIn0.e30.", config, time.Now())
	var refused *oidc.Error
	switch {
	case errors.As(err, &refused):
		fmt.Println("refused:", refused.Code)
	case err == nil:
		fmt.Println("signed in:", id.Issuer, id.Subject)
	}
	// Output: refused: alg_unsupported
}
