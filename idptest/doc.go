// Package idptest is an OpenID Provider inside a test: a server on this machine that
// signs in whom the test says, without browser, network or container. It is for any
// relying party, of this kit or not (OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated
// Logout 1.0, Back-Channel Logout 1.0, RFC 6749, 7009, 7636, 9126 and 9207).
//
//	idp := idptest.New(t)
//	idp.SignsIn(idptest.Person{Subject: "grace", Name: "Grace Hopper"})
//	// configure the site with idp.Issuer, idp.ClientID and idp.ClientSecret, and follow
//	// its sign-in link with an http.Client that has a cookie jar
//	if m := idp.Mistakes(); len(m) > 0 {
//		t.Error(m)
//	}
//
// The provider is correct and checks its client: redirect URI, PKCE, client
// authentication, a code that works once. What it refuses it answers as a provider
// would, and keeps for Mistakes. Quirks make it as odd as real providers are, and as
// wrong as an attacker's.
//
// It shares no code with the kit's own provider, and signs with the standard library:
// a quirk is mostly something that careful writers cannot be made to write.
package idptest
