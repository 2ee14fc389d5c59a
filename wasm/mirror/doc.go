// Package mirror makes the one document from which a token keeper takes the key
// commitments of all issuers, so that no issuer is asked by a visitor's browser.
//
// A browser with Private State Tokens of its own gets the commitments from its
// vendor: everybody has the same. A keeper that asked the issuer itself could be
// given keys of its own, or an ETag of its own, and would carry that mark from
// the issuance to the redemption. So the keeper's server asks, once an hour and
// for everybody, and the keeper's page fetches all of it:
//
//	{"bonafides": 1, "issuers": {"https://issuer.example": {"PrivateStateTokenV1VOPRF": {...}}}}
//
// Below each origin stands that issuer's key commitment (package protocol/pst),
// reduced to what browsers use: keys sorted by id, each under its id as label,
// without those that have expired. Nothing in it depends on who asks or when.
//
// All that an issuer can still do is change its keys from time to time; [Update]
// bounds how often. [Mirror] fetches, keeps the state and serves the document;
// [Folder] writes it, with every earlier version, for a static host.
package mirror

import "time"

// Path is where a keeper's page looks for the document unless told otherwise. It
// is never an issuer's key-commitment path: a keeper refuses to start at an
// origin that answers there.
const Path = "/bonafides-commitments.json"

const (
	// AddEvery is how long an issuer waits between two added keys. Everybody who
	// was given tokens in one such span is in one crowd.
	AddEvery = 7 * 24 * time.Hour
	// changeEvery is how long an issuer waits between two changes of anything else.
	changeEvery = 24 * time.Hour
	// MaxIssuers bounds the list.
	MaxIssuers = 1000
)
