// Package rpserver is the server side of a relying party: it signs people in
// with an identity provider that issues OpenID Connect ID tokens, with FedCM or by
// redirect, and keeps them signed in.
//
//	browser                        relying party                    provider
//	   | POST signin/nonce              |                                |
//	   |------------------------------->| nonce, bound to this browser   |
//	   |<-------------------------------| and sealed; nothing is kept    |
//	   | navigator.credentials.get({identity: ... nonce ...})            |
//	   |---------------------------------------------------------------->|
//	   |<------------------------------------------- ID token, with nonce|
//	   | POST signin/fedcm              |                                |
//	   |------------------------------->| judge the token, use the nonce |
//	   |<-------------------------------| up, user by (iss, sub), session|
//
// Where the browser or the provider has no FedCM, or popups are blocked, the code
// flow with PKCE by redirect ends in the same judgement and the same session. An RP
// is an http.Handler with these paths below the place where it is mounted:
//
//	POST signin/nonce   a nonce and the providers, for this browser
//	POST signin/fedcm   an ID token in, a session out
//	GET  signin/start   the code flow: to the provider (?provider=NAME&return=/PATH);
//	                    without a name, where there are several, a page to choose from
//	GET  signin/callback/NAME  the code flow: back from it; POST with form_post
//	     signin/initiate       a sign-in that others begin: leads to signin/start
//	POST signin/credential/NAME    an ID token that a provider's button posts
//	POST signout        ends the sign-in; a form goes on to ?return=/PATH. With
//	                    ?at=provider the person is signed out there as well
//	GET  signout/callback/NAME     back from there
//	POST signout/backchannel/NAME  the provider says who signed out there
//	GET  signin.js      an ES module that does the browser's part of all three
//
// The POSTs of nonce, fedcm and signout answer only to pages of the relying party's own
// origin. A refusal is a problem document (RFC 9457) whose code says why; nothing is
// created by a refused request.
//
// A page signs people in and out with buttons that the module finds, or without any
// script with a link and a form:
//
//	<script type="module" src="/auth/signin.js"></script>
//	<button data-bonafides="signin">Sign in</button>
//	<button data-bonafides="signout">Sign out</button>
//	<p data-bonafides="status" role="status"></p>
//
//	<a href="/auth/signin/start?return=/orders">Sign in</a>
//	<form method="post" action="/auth/signout?return=/"><button>Sign out</button></form>
//
// The form is for sites that sign in by redirect: where a page asks with FedCM as it
// loads, only the module keeps the browser from signing the person in again at once.
//
// People are known by the pair (iss, sub), never by e-mail address: an address
// may move to another person, and a provider may state one that it never checked
// (OpenID Connect Core 1.0 section 5.7).
//
// A request that only asks costs no row: nonces and states are sealed under
// Config.Secrets, and only used ones are kept, by their hash, until an hour after
// their expiry. A store restored from a backup knows nothing of what was used
// since: give it new Secrets, or keep the site closed for an hour. There is no rate
// limit here: a site that has one puts it in front.
//
// Users and sessions are interfaces of one to three methods, so an application
// that has its own keeps them: see UserStore and Sessions.
package rpserver
