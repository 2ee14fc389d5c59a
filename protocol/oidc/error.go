package oidc

import (
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Codes of an Error about claims. A token that is refused before its claims are
// read has a code of package jws.
const (
	CodeClaims        = "claims_invalid"        // the payload is not one strict JSON object
	CodeClaimType     = "claim_type"            // a claim is not of its type
	CodeIssuer        = "iss_mismatch"          // another issuer, or none
	CodeAudience      = "aud_mismatch"          // not for this client
	CodeAudienceExtra = "aud_untrusted"         // also for an audience that is not trusted
	CodeAzp           = "azp_mismatch"          // presented by another client
	CodeSubject       = "sub_invalid"           // missing, empty, too long or not ASCII
	CodeExpMissing    = "exp_missing"           //
	CodeExpired       = "expired"               // now is on or after exp and Skew
	CodeIatMissing    = "iat_missing"           //
	CodeIssuedLater   = "iat_future"            // iat is more than 60 s or Skew ahead
	CodeNotYet        = "nbf_future"            // nbf is more than 60 s or Skew ahead
	CodeNonceMissing  = "nonce_missing"         // the token has no nonce
	CodeNonce         = "nonce_mismatch"        // another nonce
	CodeTenant        = "tid_mismatch"          // tid is not the tenant of iss
	CodeMatch         = "claim_mismatch"        // a claim of Config.Match is missing or another
	CodeHostedDomain  = "hd_mismatch"           // another hosted domain, or none
	CodeAtHashMissing = "at_hash_missing"       // no at_hash to check the access token against
	CodeAtHash        = "at_hash_mismatch"      // made for another access token
	CodeConfig        = "config_invalid"        // the Config cannot judge anything
	CodeDocument      = "discovery_invalid"     // a discovery document is refused
	CodeDocumentIss   = "discovery_issuer"      // a discovery document of another issuer
	CodePKCE          = "pkce_invalid"          // a verifier or challenge is not well formed
	CodeRequest       = "auth_request_invalid"  // an authentication request cannot be built
	CodeResponse      = "auth_response_invalid" // what came back is no answer
	CodeState         = "state_mismatch"        // an answer to another request
	CodeResponseIss   = "response_issuer"       // an answer of another provider
	CodeJudgement     = "judgement_invalid"     // bytes that are no judgement
	CodeDenied        = "provider_error"        // the provider answered with an error
	CodeAnswer        = "answer_invalid"        // what an endpoint answered cannot be read
	CodeTokenType     = "token_type"            // an access token that is no bearer token

	CodeUserinfoSubject  = "userinfo_subject"  // userinfo about another person
	CodeRefreshedSubject = "refreshed_subject" // a new ID token about another person
	CodeLogoutEvent      = "logout_event"      // a token that is no logout token
	CodeLogoutNonce      = "logout_nonce"      // a logout token with a nonce
	CodeLogoutWho        = "logout_subject"    // a logout token about nobody
	CodeLogoutID         = "logout_jti"        // a logout token without a jti
)

// Error says why something was refused: a stable code for programs, a sentence
// for people. Neither repeats the token.
type Error struct {
	Code    string
	Message string
	// Got and Want are both sides of a comparison that failed, for the operator's log:
	// what the token said, and what was wanted; of times the token's and now, in Unix
	// seconds. At most 256 bytes of printable ASCII each (jws.Shown). Empty where
	// nothing was compared, and always for a nonce or a hash.
	Got, Want string
}

// Error returns "code: message".
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Setting names the setting of Config that would admit what was refused, "" if there is
// none.
func (e *Error) Setting() string {
	before, _, found := strings.Cut(e.Message, " would admit")
	if !found {
		return ""
	}
	return before[strings.LastIndexByte(before, ' ')+1:]
}

// Is reports whether target is an *Error with the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

func refuse(code, message string) *Error { return &Error{Code: code, Message: message} }

// fromJWS gives an error of package jws the type of this one, so that callers
// handle a single type.
func fromJWS(err error) error {
	if e, ok := err.(*jws.Error); ok {
		return &Error{e.Code, e.Message, e.Got, e.Want}
	}
	return err
}
