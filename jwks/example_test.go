package jwks_test

import (
	"fmt"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// A server takes ID tokens of one issuer, whose keys it finds by OpenID Connect
// Discovery, fetches when it needs them and keeps as long as the issuer says.
func ExampleDiscovered() {
	const issuer = "https://idp.example"
	keys, err := jwks.Discovered(jwks.Config{
		OnError: func(issuer string, err error) { fmt.Println("no keys of", issuer, err) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	http.HandleFunc("POST /session", func(w http.ResponseWriter, r *http.Request) {
		token, nonce := r.FormValue("credential"), "the one of this browser"
		unknown := &oidc.Error{Code: jws.CodeKeyUnknown}
		id, err := jwks.Judge(r.Context(), keys, issuer, unknown, func(set *jws.KeySet) (*oidc.IDToken, error) {
			return oidc.Verify(token, oidc.Config{Issuer: issuer, ClientID: "shop", Nonce: nonce, Keys: set}, time.Now())
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		fmt.Fprintln(w, "hello", id.Name)
	})
}
