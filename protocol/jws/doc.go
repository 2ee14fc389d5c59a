// Package jws reads and writes signed tokens in the compact serialisation of
// RFC 7515, reads JSON Web Keys and key sets (RFC 7517, 7518, 8037), and decides
// which key may check which token.
//
// A token comes from a stranger, so reading is exact: three parts, canonical
// base64url, a header without duplicate names, an algorithm that this package
// has, a key whose kind, curve, alg, use and key_ops allow that algorithm. The
// parameters crit, b64, zip, enc, jwk, jku, x5u and x5c are refused: a token
// never brings its own key and never changes how it is read. (Policy.IgnoreKeyHints reads
// past jku, x5u and x5c; what they say is never used.)
//
// Judgement and cryptography are apart. Judge does everything that needs no
// cryptography and returns an Unverified; its Key, SigningInput and Signature
// are all that a signature check needs. Verify runs that check with Go's
// standard library; where the platform has a faster one (WebCrypto), the caller
// runs it and hands the outcome to Unverified.Confirm. Built with TinyGo the
// package has only the judgement.
//
// Nothing here panics on input, reads a clock or fetches anything.
package jws
