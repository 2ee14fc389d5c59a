package providercases

// MoreProviders are rows that need more than one switch or one setting, each with a test
// of its own.
var MoreProviders = []Row{
	{What: "the discovery document elsewhere than the issuer says", Who: "Azure AD B2C, UAA", Code: "provider_unreachable", Setting: "DiscoveryURL", Test: "rpserver TestAProviderWithADiscoveryDocumentElsewhere"},
	{What: "one document for many tenants, its issuer a template", Who: "Entra ID (common, organizations)", Code: "iss_mismatch", Setting: "Tenants", Test: "rpserver TestAProviderOfManyTenants"},
	{What: "keys of clients in place of secrets", Who: "open banking, some government providers", Code: "client_auth_unsupported", Setting: "ClientKey", Test: "rpserver TestAClientWithAKeyOfItsOwn"},
	{What: "a secret that is a token and expires", Who: "Apple", Setting: "ClientSecretFunc", Test: "rpserver TestASecretThatIsMadeAnew"},
	{What: "a clock that differs", Code: "iat_future", Setting: "Skew", Test: "rpserver TestAClockThatDiffers"},
	{What: "two forms of iss", Who: "Google", Code: "iss_mismatch", Setting: "IssuerAliases", Test: "rpserver/provider TestBothFormsOfIss"},
	{What: "no FedCM", Who: "Okta, Entra ID, Keycloak, Zitadel, Auth0", Test: "rpserver TestAProviderWithoutFedCM"},
	{What: "an answer by POST", Who: "Apple, with any scope", Setting: "ResponseMode", Test: "rpserver TestAnAnswerThatComesByPOST"},
	{What: "an ID token that a button of its own posts", Who: "Google Identity Services", Setting: "CredentialPost", Test: "rpserver TestACredentialThatAButtonPosts"},
	{What: "pushed requests, PKCE refused", Code: "request_refused", Setting: "InsecureNoPKCE", Test: "rpserver/internal/op TestAPushedRequestThatIsRefused"},
	{What: "a secret that the provider does not take", Code: "client_refused", Setting: "ClientSecret", Test: "rpserver TestAWrongSecretIsNotThePersonsFault"},
	{What: "a provider that is down for longer than its keys count", Code: "provider_unreachable", Setting: "StaleIfError", Test: "rpserver/internal/op TestAStaleDocumentServesWhereASettingAllowsIt"},
	{What: "a provider that accepts and does not answer", Code: "provider_unreachable", Test: "rpserver/internal/op TestAHungProviderMakesNobodyWaitLongerThanOneTimeout"},
	{What: "no room for the ID token in the address of the sign-out", Who: "Entra ID, Azure AD B2C", Setting: "MaxSignOutURL", Test: "rpserver/internal/op TestWhereToSignOutThere"},
	{What: "errors without state", Who: "Entra ID, some gateways", Test: "rpserver TestAnErrorWithoutStateIsSaidToBeTheProviders"},
	{What: "interaction_required at a refresh", Who: "Entra ID", Test: "rpserver/internal/op TestWhatTheTokenEndpointRefuses"},
	{What: "tokens with status 201, documents behind a byte order mark", Test: "rpserver/internal/op TestTokensThatComeInAnotherWay"},
	{What: "a provider that is busy", Code: "provider_busy", Test: "rpserver TestABusyProviderIsSaidToBeBusy"},
}

// MoreKeys are rows of key sets with tests of their own.
var MoreKeys = []Row{
	{What: "a token signed with a key that was just published", Test: "rpserver TestANewKeyOfTheProviderIsFoundAndStrangersCauseFewFetches"},
	{What: "a key that was withdrawn, after the set's max-age", Code: "key_unknown", Test: "protocol/jws TestWithdrawnKeyIsRefusedAfterMaxAge"},
	{What: "EC coordinates without their leading zeros", Test: "protocol/jws TestShortCoordinatesAreNumbers"},
	{What: "Ed25519 as the name of the algorithm (RFC 9864)", Test: "protocol/jws TestParseAlgorithm"},
	{What: "keys that are even, short or off their curve", Code: "key_unknown", Test: "protocol/jws TestKeyMaterialRefused"},
}

// Machines are issuers with which nobody signs in: provider.Verifier reads their tokens.
var Machines = []Row{
	{What: "discovery without an authorization endpoint, tokens for every workflow of everybody", Who: "GitHub Actions", Code: "claim_mismatch", Setting: "Match", Test: "rpserver/provider TestGitHubActions"},
	{What: "a token in a header of its own, no discovery, sub empty for service tokens", Who: "Cloudflare Access", Code: "claim_mismatch", Setting: "Match", Test: "rpserver/provider TestCloudflareAccess"},
	{What: "a person's ID token where a machine's belongs", Code: "claim_mismatch", Setting: "Match", Test: "rpserver/provider TestAPersonsTokenIsNoMachines"},
}

// Navigation is how people and browsers come and go.
var Navigation = []Row{
	{What: "a browser or a mail scanner that looks ahead at the answer (prefetch, HEAD)", Code: "fetched_ahead", Test: "rpserver TestWhatOnlyLooksAheadUsesUpNoSignIn"},
	{What: "a return path that is long", Test: "rpserver TestALongPathWaitsInACookie"},
	{What: "two tabs that sign in at once", Test: "rpserver TestTwoTabsSignInSideBySide"},
	{What: "a link in a mail, or on the site's other host, to a page that needs a sign-in", Test: "rpserver TestASignInBeginsWhereverThePersonComesFrom"},
	{What: "a frame, an image or a script that begins a sign-in", Code: "navigation_required", Test: "rpserver TestASignInBeginsWhereverThePersonComesFrom"},
	{What: "an answer that is loaded again, or a button that is pressed twice", Test: "rpserver TestAProgramThatOnlyLooksTakesNothing"},
	{What: "a slow person, who starts again and comes to where they wanted", Code: "state_expired", Test: "rpserver TestARefusedPersonStartsAgainFromThePage"},
	{What: "a return path that is too long: dropped, and not the sign-in", Test: "rpserver TestAReturnPathThatIsTooLongIsDroppedAndNotTheSignIn"},
	{What: "a cookie that the browser keeps back on the way (WebKit)", Code: "browser_unknown", Test: "rpserver TestCodeFlowRefusals"},
	{What: "a sign-in that the provider begins", Test: "rpserver TestASignInThatOthersBegin"},
	{What: "a sign-in that begins at another host of the site", Test: "rpserver TestASignInThatBeginsAtAnotherHostGoesOnAtTheSitesOwn"},
	{What: "an old answer that somebody signed in opens", Test: "rpserver TestAnOldAnswerOpenedByWhoIsSignedInLeadsToItsPage"},
	{What: "an answer that comes twice at once", Test: "rpserver TestAnAnswerThatComesTwiceAtOnceSignsInOnce"},
	{What: "a browser that keeps no session", Code: "sign_in_required", Test: "rpserver TestRequireUserSendsPeopleToSignInOnce"},
	{What: "two sites on one host", Test: "rpserver TestCookiesFitTheOrigin"},
}

// Guide is what the guide "OpenID Connect" of Google for Developers (last updated
// 2024-11-13) asks of a relying party, in its order.
var Guide = []GuideRow{
	{"Setting up", "client id, client secret and redirect URI are configured", "rpserver.Provider; RP.RedirectURIs lists what to register", "rpserver/provider TestGoogle"},
	{"Setting up", "the redirect URI is exactly the registered one", "the same text in both requests", "rpserver/provider TestGoogle"},
	{"Anti-forgery state", "state has 30 or more characters of randomness, or is signed", "sealed under Config.Secrets, bound to the browser", "rpserver/provider TestGoogle"},
	{"Anti-forgery state", "state may carry where the person was", "sealed in it, judged once more when it comes back", "rpserver TestASealedPathIsJudgedOnceMore"},
	{"Authentication request", "the base URI is discovery's; HTTPS alone", "http is for this machine only", "rpserver/internal/op TestAnHTTPSProviderLeadsToNothingByHTTPOnThisMachine"},
	{"Authentication request", "client_id, response_type=code, scope, redirect_uri, state, nonce", "all sent; PKCE besides", "rpserver/provider TestGoogle"},
	{"Authentication request", "login_hint, prompt, hd, access_type", "signin/start?login_hint=, Prompt, HostedDomain, Offline", "rpserver/provider TestWhatGoogleMayBeAsked"},
	{"Authentication request", "display, include_granted_scopes and others", "Params", "rpserver/provider TestWhatGoogleMayBeAsked"},
	{"Confirming the state", "a state that does not match is refused", "one use, one browser, one provider; 403 in place of the guide's 401, since nobody can authenticate by repeating it", "rpserver TestCodeFlowRefusals"},
	{"Exchanging the code", "a POST with code, client_id, client_secret, redirect_uri, grant_type", "client_id and secret by Basic or in the body, as discovery lists", "rpserver/provider TestGoogle"},
	{"Exchanging the code", "a code works once", "so does its state", "rpserver TestCodeFlowRefusals"},
	{"Exchanging the code", "refresh_token comes for access_type=offline, the first time", "kept sealed; later ones need Prompt consent", "rpserver/provider TestARefreshTokenTheFirstTimeOnly"},
	{"Exchanging the code", "refresh tokens may stop working quietly", "ErrAskAgain; the person stays signed in", "rpserver TestAGrantThatIsOverKeepsTheSession"},
	{"The ID token", "iss in two forms", "IssuerAliases", "rpserver/provider TestBothFormsOfIss"},
	{"The ID token", "a user is one whichever form it is", "users are kept under Issuer", "rpserver TestAnAliasOfTheIssuerIsNoSecondPerson"},
	{"The ID token", "aud is one of the application's client ids", "ClientID", "rpserver/provider TestGooglesTokensThatAreRefused"},
	{"The ID token", "azp names another client of the project", "AuthorizedParties", "rpserver/provider TestATokenThatAnAppAskedFor"},
	{"The ID token", "at_hash ties the access token to it", "judged where both are there", "rpserver/provider TestGooglesTokensThatAreRefused"},
	{"The ID token", "email_verified, also as text", "true and \"true\"", "rpserver/provider TestGooglesExampleOfAnIDToken"},
	{"The ID token", "sub is the key of the user; an address is none", "users are kept by issuer and sub", "rpserver TestAPersonIsKnownByIssuerAndSubjectAlone"},
	{"The ID token", "hd says the organisation, not the address's domain", "HostedDomain", "rpserver/provider TestOnlyMembersOfTheOrganisation"},
	{"The ID token", "a nonce is presented once", "the nonce is used up by the first good token", "rpserver TestANonceWorksOnce"},
	{"The ID token", "exp: on it or after it the token is refused", "to the fraction of a second", "protocol/oidc TestExpiryToTheFraction"},
	{"Validating an ID token", "signature by jwks_uri; iss; aud; exp; hd if it was asked for", "always, also directly from the token endpoint", "rpserver/provider TestGooglesTokensThatAreRefused"},
	{"Validating an ID token", "keys are cached as their HTTP answer says", "until max-age and no longer", "protocol/jws TestWithdrawnKeyIsRefusedAfterMaxAge"},
	{"Authenticating the user", "a known user gets a session, a new one is registered", "UserStore", "rpserver TestSignInMakesAUserOnceAndASessionEachTime"},
	{"Profile information", "userinfo with the access token in the header", "asked where the ID token lacks name or address; sub must match", "rpserver/provider TestGooglesUserinfo"},
	{"Other APIs", "more scopes, and the access token for them", "Scopes, TokenSource", "rpserver TestAnAccessTokenIsRenewedWhenItIsOver"},
	{"The discovery document", "only its address is fixed; its caching headers count", "one fetch serves all, for a minute at least", "jwks TestAnAnswerThatForbidsStorageServesAMinuteOfSignIns"},
	{"The discovery document", "the example of the guide", "read as it stands", "rpserver/provider TestGoogle"},
}

// GuideRow is a line of what a guide asks for.
type GuideRow struct {
	Section string
	Asks    string
	Here    string // how the kit does it
	Test    string // "package TestName"
}
