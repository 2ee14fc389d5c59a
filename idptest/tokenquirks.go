package idptest

import "time"

// TokenQuirks change ID tokens. Those of name, email_verified and groups change what
// userinfo says as well.
type TokenQuirks struct {
	// What real providers do. A relying party may need a setting, and must work then.
	ExtraAudiences     []string      // more values of aud, with azp for the client (Zitadel: its other clients and the project)
	AuthorizedParty    string        // azp (Google from Android and iOS: the app's client)
	NoNonce            bool          // no nonce though one was sent (LinkedIn)
	KeyHints           bool          // jku, x5u and x5c beside kid in the header (Cloud Foundry UAA, SAP XSUAA)
	Thin               bool          // name and address at userinfo alone (Okta, Authelia, oidc-provider, Zitadel)
	Groups             int           // so many groups, each a UUID (Entra): 400 make a token of 21 KiB
	NullMembers        bool          // azp, auth_time and at_hash are null (serializers that write every field)
	Type               string        // typ; empty is JWT. "jwt" and "application/jwt" mean the same
	NoType             bool          // no typ (Apple)
	NoKeyID            bool          // no kid in the header (providers with one key)
	EmailVerifiedText  bool          // "true" in place of true (Apple; Amazon Cognito at userinfo)
	EmailVerifiedNever bool          // no email_verified (Entra)
	LoneSurrogateName  bool          // a name cut inside an emoji: \ud83d alone
	NULName            bool          // a name with U+0000
	Ahead              time.Duration // iat and nbf so far in the future: a clock that is ahead
	NoAccessTokenHash  bool          // no at_hash (optional in the code flow; many)
	NoSessionID        bool          // no sid (most without back-channel logout)

	// What has to be refused.
	WrongNonce           bool
	WrongIssuer          bool
	WrongAudience        bool
	WrongAccessTokenHash bool
	NoSubject            bool
	NoIssuedAt           bool
	NoExpiry             bool
	ExpiresText          bool // exp is a string
	Expired              bool
	Unsigned             bool // alg none
	HMAC                 bool // alg HS256 with the public key as the secret
	BrokenSignature      bool
	UnknownKey           bool // signed by a key that is not in the set, under its own kid
	ForeignKey           bool // signed by a key that is not in the set, under the right kid

	// Edit changes what is left, last of all. It must not call the provider.
	Edit func(header, claims map[string]any)
}
