// Package issuer is an issuer of Private State Tokens (Trust Tokens) as an
// http.Handler: it issues tokens to people whom a Policy vouches for, redeems
// each token once for a redemption record, and publishes its keys.
//
//	/issue                     token-request: policy, then sign
//	/redeem                    token-redemption: verify, spend, then sign
//	/.well-known/trust-token   both, told apart by the message
//	/.well-known/private-state-token/key-commitment
//	/.well-known/redemption-record-keys
//	/.well-known/private-state-token/polyfill/issue, /redeem   where Config.Polyfill is set
//	/.well-known/private-state-token/return.html              there, too: see wasm/returnpage
//
// The first three answer GET and POST: browsers put the message in the header
// Sec-Private-State-Token, and a page's fetch without a method is a GET. The
// polyfill's endpoints do the same with headers that a script can set; neither
// reads the other's (docs/polyfill-protocol.md). Refused requests are answered
// with problem details (RFC 9457) that have a stable code.
//
// # What an issuer can rely on
//
// A redemption sees the message and nothing else: no cookie, no address, no
// request. A token is spent before its record is signed, and a store that cannot
// answer means that nothing was redeemed (503, and the token is still good). An
// answer that is lost on the wire loses its token; browsers hold a batch for
// that reason. Secrets and tokens are never logged, successful redemptions not
// at all: the only trace is one number per origin and day (Counter).
//
// # What it cannot rely on
//
// The redeeming origin is the client's own statement. A redemption record is a
// bearer token that says "a person was here"; see package
// protocol/pst and Config.Record.
package issuer
