package record_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

// An ad network's server tells visitors whom an issuer vouches for from the others.
func ExampleChecker_Check() {
	keys, err := jwks.New(jwks.Config{Locate: jwks.At(jwks.RecordKeysPath)})
	if err != nil {
		fmt.Println(err)
		return
	}
	checker, err := record.New(record.Config{
		Issuers: map[string]jwks.KeySource{"https://issuer.example": keys},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest(http.MethodGet, "https://ads.example/ad", nil)
	switch result := checker.Check(r).(type) {
	case record.Vouched:
		fmt.Println(result.Issuer, "vouches for a visitor of", result.Origin)
	case record.Refused:
		fmt.Println("refused:", result.Code)
	}
	// Output: refused: no_record
}
