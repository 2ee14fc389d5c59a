// Package gate checks, on a server behind the gate, what the gate says about a
// visitor: its assertion, a JWS (RFC 7515) in the header Gate-Assertion, which
// names who was admitted, with which method and which path and query, to which
// origin, and is good for a minute.
//
// The gate is the Worker's (docs/worker.md): it admits people with an ID token or
// a redemption record and passes their requests on. Anybody who reaches this server
// may have written whatever else a request says about its visitor; only the holder
// of the gate's keys can write an assertion.
//
//	verifier, err := gate.New(gate.Config{
//		Gate:   "https://gate.example", // where visitors are
//		Origin: "https://app.example",  // this server, as the gate's settings name it
//	})
//	...
//	server.Handler = verifier.Require(mux)
//	...
//	visitor, ok := gate.VisitorOf(r.Context())
//
// What it does not do: an assertion says nothing about a request's body and can
// be sent again, with another body, until its minute is over, by anybody who saw
// it. Let nobody see it: use https from the gate to this server.
package gate
