// Package memstore keeps in memory what the kit's servers keep: Spent for an
// issuer, IdP for an identity provider, RP for a relying party. Everything is
// forgotten when the process ends, so it is for tests, for trying things out, and
// for state whose loss costs nothing. An issuer that forgets which tokens were
// spent takes them again.
package memstore
