// Package oidc judges ID tokens (OpenID Connect Core 1.0) for a relying party,
// and reads and writes the documents around them: discovery, PKCE (RFC 7636),
// authentication requests (both ways) and their answers, what the token, userinfo and
// pushed request endpoints answer, logout tokens and client assertions.
//
// Verify does everything that a relying party must do with an ID token, with
// every check on by default. Time comes in as a value, keys as a *jws.KeySet;
// the package fetches nothing and keeps nothing, so it is up to the caller that a
// nonce is used only once (Config.CheckNonce is the place for it).
//
// Built with TinyGo the package judges ID tokens and reads discovery documents;
// requests, PKCE and at_hash are not in it, since they bring cryptography along, nor what
// goes from server to server.
package oidc
