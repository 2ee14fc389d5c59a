// Command tools is the second module of the Worker: what an operator needs at the
// edge, with net/http and database/sql, on github.com/syumai/workers. The Worker
// makes an instance of it when one of these routes is first used, and another for
// every later request; nothing here is kept between two of them. The exchanges of
// the issuer are in wasm/guest/edge and never come here.
//
// The Worker has checked the operator's token before a request gets here.
package main

func main() { run() }
