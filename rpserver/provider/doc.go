// Package provider has the settings of identity providers that need more than an
// issuer, a client id and a secret, and readers of tokens that no person signs in with.
//
// A provider that keeps to OpenID Connect needs no preset:
//
//	rpserver.Provider{Issuer: "https://login.example", ClientID: "...", ClientSecret: "..."}
//
// Each preset says what is different there and why; docs/providers.md has them all in
// one table, with the refusal that comes without the setting. A preset is a value: what
// it sets can be changed before it is used.
package provider
