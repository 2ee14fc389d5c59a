// Package fedcm is the documents and request rules of Federated Credential
// Management (W3C FedCM): what an identity provider publishes, what a browser
// asks it, and what it answers, as values and as JSON. It opens no connection.
//
//	browser                                             identity provider
//	   GET  /.well-known/web-identity  (no cookies)  ->  WellKnown
//	   GET  config                     (no cookies)  ->  ProviderConfig
//	   GET  accounts                   (cookies)     ->  Accounts
//	   GET  client metadata            (Origin)      ->  ClientMetadata
//	   POST id assertion       (cookies, Origin)     ->  token, continue_on or error
//	   POST disconnect         (cookies, Origin)     ->  the account's id
//
// All of these requests carry Sec-Fetch-Dest: webidentity, which no page can
// send; CheckDest is the first thing to do with one.
//
// Documents are written with the members that are set, in a fixed order. They
// are read strictly (package strictjson), with unknown members ignored, as
// browsers do. Sources: w3c-fedid/FedCM and the behaviour of Chromium 156 where
// the two differ.
package fedcm
