package gate_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/bonafides-dev/bonafides/rpserver/gate"
)

// A server that answers only requests from the gate and knows whose they are.
func Example() {
	verifier, err := gate.New(gate.Config{
		Gate:   "https://gate.example", // where visitors are
		Origin: "https://app.example",  // this server, as the gate's settings name it
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /account", func(w http.ResponseWriter, r *http.Request) {
		if visitor, ok := gate.VisitorOf(r.Context()); ok && visitor.Admitted == gate.ByIDToken {
			fmt.Fprintf(w, "You are %s at %s.\n", visitor.Subject, visitor.Issuer)
		}
	})
	handler := verifier.Require(mux)

	// Somebody who found the server's own address and says who they are.
	r := httptest.NewRequest(http.MethodGet, "/account", nil)
	r.Header.Set("Gate-Subject", "admin")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 403 {"title":"Forbidden","status":403,"code":"assertion_missing","detail":"The request did not come through the gate, and this server answers no other. Use the gate's address."}
}
