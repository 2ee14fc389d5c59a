// Package idpserver is an OpenID Provider that speaks FedCM: people sign up and
// sign in on its pages, and relying parties get ID tokens through the browser's
// own dialog (W3C FedCM; the FedCM endpoints themselves are in the package
// fedcm below this one, for use in any provider).
//
// A Server is an http.Handler for one origin:
//
//	/                                  who this is; sign in or create an account
//	/signup /signin /signout /account  pages; forms, which need no JavaScript
//	/verify-email                      enter the code that was mailed
//	/error?code=...                    a refusal of the FedCM dialog, for people
//	/picture/{id}.png                  the picture of an account
//	/.well-known/web-identity          FedCM: which provider this is
//	/fedcm/...                         FedCM: config.json, accounts, client-metadata, assertion, disconnect
//	/fedcm/popup                       the same sign-in in a window, for browsers without FedCM
//	/authorize /token                  OpenID Connect: code flow with PKCE (S256), for known redirect URIs; refresh
//	/userinfo                          what an access token opens: who the person is
//	/par                               requests that clients push (RFC 9126)
//	/introspect /revoke                what a token is good for; that it be so no more (RFC 7662, RFC 7009)
//	/end_session                       a site asks to sign somebody out (RP-Initiated Logout 1.0)
//	/.well-known/openid-configuration  OpenID Connect Discovery
//	/jwks.json                         the keys that verify its ID tokens
//
// # Four cookies
//
// Two say which browser it is, each worthless in the other's place. The page
// cookie is SameSite=Lax, so that no other site's request carries it, and opens
// the pages. The FedCM cookie is SameSite=None and Secure, since the browser's
// own requests come from another site's page; it is read only together with
// Sec-Fetch-Dest: webidentity, which no page can send. On http loopback the page
// cookie is not Secure, because WebKit drops Secure cookies there; on https both
// are, and their names begin with __Host-.
//
// Neither holds or names an account. Each names a session, the session names a
// browser, and the store lists which accounts are signed in in that browser. At
// each sign-in the browser gets a new name and both sessions a new token, so
// cookies from before it are worth nothing. A browser that is not used for
// Config.SessionIdle is signed out.
//
// The third, which lasts a year, opens nothing. It names the accounts that signed in
// here before, as hashes that the store keeps, so that somebody who guesses a
// password elsewhere does not make its owner wait. The hashes are keyed by
// Config.Secrets.
//
// The fourth is there from a sign-up until its code is too old. The code works only
// in the browser that asked for it: nobody can ask for an account with somebody
// else's address and have them enter the code.
//
// # Tokens
//
// Whatever a client gets by the code flow hangs on one authorization, the row of what one
// sign-in lets it do: the code, access tokens and refresh tokens. A code or a refresh
// token that is shown again, a revocation, a sign-out and a site that is disconnected end
// all of it. Access tokens are opaque and no rows; a refresh token works once and gives
// the next one, or for ten seconds the same answer again. With offline_access, which the
// consent page says, they outlive the sign-in.
//
// At a sign-out the clients of the sign-in that want to know are told by a logout token
// (Back-Channel Logout 1.0). Clients that signed in by FedCM alone, or in the window, have
// no authorization and are not told.
//
// A client is registered with what it needs: PKCE is wanted of all, a nonce of those with
// RequireNonce. See directory.Client.
//
// # Keys
//
// Keys are kept as rings, one for each algorithm: one key signs, the next one is
// published ahead of its turn, and those that signed stay published until nobody holds
// a token of theirs. bonafides keys new -for provider makes the files, keys rotate
// turns them, ParseKeys reads them, and Server.SetKeys hands a turned ring to a
// running server, on a signal for example.
//
// # What it does not tell
//
// Who has an account: anybody who signs up gets a code by mail, and has an account
// once it is entered; if the address has one already, only the mail says so. An
// account that the operator made is email_verified: false until a mailed code is
// entered, unless the operator vouches for the address. The hd claim and FedCM's
// domain hints exist only for verified addresses in the operator's own domains. A
// token holds what the browser disclosed to the person, or what they agreed to
// before, and nothing else.
//
// Who is signed in: a site that asks silently (prompt=none), or asks to disconnect
// an account, hears the same about accounts that never agreed to tell it anything
// as about those that are not signed in.
package idpserver
