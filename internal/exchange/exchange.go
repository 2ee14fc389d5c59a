// Package exchange is an issuer's part of issuing and redeeming Private State
// Tokens without HTTP, clock or store: header values and times come in, header
// values and refusals go out. Package issuer puts net/http and a store around
// it, an edge worker puts its own around it; both therefore give the same
// answers.
//
// A redemption has three steps, in this order and no other:
//
//	VerifyRedemption    is it one of ours?       -> Redemption
//	(the caller's store) was it never spent?     spend it, exactly once
//	Recorder.Sign                                -> redemption record
//
// Nothing here blocks, and nothing keeps state between calls: a WebAssembly
// module without goroutines can hold it.
package exchange

import (
	"encoding/base64"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// MaxHeader bounds the value of the token header in bytes. The largest message
// that anybody has a use for, a batch of 100, is 12,936 characters of base64.
const MaxHeader = 16 << 10

// ProofHeader is the request header in which a page hands the policy a solved
// challenge or a CAPTCHA's answer, of at most MaxProof bytes.
const (
	ProofHeader = "Issuance-Proof"
	MaxProof    = 8 << 10
)

// MaxIssueBody bounds the body of a token-request in bytes.
const MaxIssueBody = 64 << 10

// Headers are the names of the three headers of an exchange.
type Headers struct {
	Token    string // the message, and in the answer the tokens or the record
	Version  string // of the cryptography; in requests
	Lifetime string // of a record, in seconds; in answers
}

// Native headers are those of browsers, which no page can set in a request.
// Polyfill headers are those of a polyfill's script. An endpoint reads the one
// or the other, never both: what arrives in a native header was made by a
// browser's own code, or by no browser.
var (
	Native   = Headers{pst.HeaderToken, pst.HeaderVersion, pst.HeaderLifetime}
	Polyfill = Headers{"Private-State-Token", "Private-State-Token-Crypto-Version", "Private-State-Token-Lifetime"}
)

// Refusals of messages.
var (
	NotIssue = refusal.New(400, "not_an_issue_request",
		"This is a redemption; this endpoint issues tokens. Send it to the redemption endpoint.")
	NotRedeem = refusal.New(400, "not_a_redeem_request",
		"This is a request for tokens; this endpoint redeems them. Send it to the issuance endpoint.")
	KeyExpired = refusal.New(400, "key_expired",
		"The key that this token was made with has expired. Get new tokens.")
	NoActiveKey = refusal.New(503, "no_active_key",
		"The issuer's signing key has expired, and browsers would drop its tokens. The operator has to rotate the keys.")
	NoChallenge = refusal.New(503, "challenge_unavailable",
		"No challenge can be made at the moment. Try again.")
	StoreUnavailable = refusal.New(503, "store_unavailable",
		"The token was not redeemed: whether it was spent before cannot be told at the moment. Try again with the same token.")
)

// Refusals of requests whose message was not looked at, or was good.
var (
	OriginNotAllowed = refusal.New(403, "origin_not_allowed",
		"Pages of this origin may not ask for tokens with a visitor's cookies. The issuer's operator can allow the origin; redeeming needs no permission.")
	CredentialsSent = refusal.New(400, "credentials_sent",
		"A redemption carries no cookies and no authorization, or it could be joined to an issuance. Nothing was redeemed. Send it with credentials: 'omit'.")
	ProofTooLarge = refusal.New(431, "proof_too_large",
		"The header "+ProofHeader+" is longer than 8 KiB.")
	BodyTooLarge = refusal.New(413, "body_too_large",
		"The body is longer than 64 KiB. The token message travels in a header.")
	PolicyUnavailable = refusal.New(503, "policy_unavailable",
		"Whether you may have tokens cannot be decided at the moment. Nothing was issued. Try again.")
	SigningFailed = refusal.New(500, "signing_failed",
		"The issuer could not sign. Nothing was issued. Try again later.")
	RecordFailed = refusal.New(500, "signing_failed",
		"The token was spent, but its record could not be signed. Try again with another token.")
)

// AlreadySpent refuses a token that was spent before; issuer is the origin where
// more can be had. When that was is not told: it is not kept.
func AlreadySpent(issuer string) *refusal.Refusal {
	return refusal.New(409, "already_spent", "This token was already spent. Tokens work once. Get more at "+issuer+".")
}

// Message reads the two headers of a request, each given as all of its field
// values, and returns the message in it.
func (h Headers) Message(token, version []string) ([]byte, *refusal.Refusal) {
	switch {
	case len(token) == 0 || len(token) == 1 && token[0] == "":
		return nil, h.missing()
	// Whoever carries a request may join two fields of one name with a comma
	// (RFC 9110 section 5.3), and neither value can hold one.
	case len(token) > 1 || len(version) > 1 || strings.Contains(token[0], ",") ||
		len(version) == 1 && strings.Contains(version[0], ","):
		return nil, refusal.New(400, "header_duplicate",
			"The header "+h.Token+" or "+h.Version+" appears more than once. Send each once.")
	case len(version) == 0 || version[0] == "":
		return nil, refusal.New(400, "version_missing",
			"The header "+h.Version+" is missing. Send "+pst.Version+".")
	case version[0] != pst.Version:
		return nil, refusal.New(400, "version_unsupported",
			"This issuer speaks the crypto version "+pst.Version+" only.")
	case len(token[0]) > MaxHeader:
		return nil, refusal.New(431, "token_header_too_large",
			"The header "+h.Token+" is longer than 16 KiB. A batch of 100 needs 12,936 characters.")
	}
	b, err := base64.StdEncoding.Strict().DecodeString(token[0])
	// The decoder skips line breaks; re-counting the characters finds them.
	if err != nil || base64.StdEncoding.EncodedLen(len(b)) != len(token[0]) {
		return nil, refusal.New(400, "not_base64", "The header "+h.Token+
			" is not canonical base64 (RFC 4648 section 4, with padding, no line breaks).")
	}
	return b, nil
}

func (h Headers) missing() *refusal.Refusal {
	detail := "The header " + h.Token + " is missing."
	if h == Native {
		detail += " Browsers set it for a fetch with the privateToken option; no page can set it itself."
	}
	return refusal.New(400, "token_header_missing", detail)
}

// unreadable gives an error of package pst its status.
func unreadable(err error) *refusal.Refusal {
	if e, ok := err.(*pst.Error); ok {
		return refusal.New(400, e.Code, e.Message)
	}
	return refusal.New(400, "message_invalid", "The message cannot be read.")
}
