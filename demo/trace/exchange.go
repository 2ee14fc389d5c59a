// Package trace records what each server of the demo really received and
// answered, decodes the bytes field by field, and says what a party learned
// from them and what it could not learn.
//
// It sits in front of every demo server as middleware. It is made for looking
// at a run on one's own machine: it sees all parties at once, which nobody
// outside a demo should. Memory is bounded; nothing is written to disk.
//
// Cookies, passwords, session ids and one-time codes are never kept in
// readable form: their fields say [HeldBack] and carry only their size.
package trace

import (
	"time"

	"github.com/bonafides-dev/bonafides/demo/look"
)

// HeldBack stands where a secret was.
const HeldBack = "held back"

// The kinds of exchange that the chart tells apart. All others are KindPage
// (HTML), KindAsset (style, script, picture) or KindAction (a form or call of
// the site itself).
const (
	KindIssue         = "token-request"
	KindRedeem        = "token-redemption"
	KindRecord        = "send-redemption-record"
	KindCommitments   = "key-commitments"
	KindRecordKeys    = "record-keys"
	KindWellKnown     = "fedcm-well-known"
	KindConfig        = "fedcm-config"
	KindAccounts      = "fedcm-accounts"
	KindMetadata      = "fedcm-client-metadata"
	KindAssertion     = "fedcm-assertion"
	KindDisconnect    = "fedcm-disconnect"
	KindPageConfig    = "fedcm-config-by-page" // the polyfill's page reads the configuration
	KindPopup         = "popup"                // the provider's window
	KindPopupAnswer   = "popup-answer"         // what the person decided there
	KindRedirect      = "sign-in-redirect"     // the relying party sends the browser to the provider
	KindAuthorize     = "authorization-request"
	KindConsent       = "authorization-decision"
	KindCallback      = "authorization-response"
	KindToken         = "code-exchange"
	KindDiscovery     = "openid-configuration"
	KindKeySet        = "key-set"
	KindNonce         = "nonce"
	KindSignIn        = "sign-in"         // the relying party takes an ID token
	KindSignOut       = "sign-out"        // any party
	KindAccountSignIn = "account-sign-in" // a person signs in where the account lives
	KindAction        = "action"
	KindPage          = "page"
	KindAsset         = "asset"
)

// An Exchange is one request and its answer, as the server that got the
// request saw it. Exchanges are values: a reader may keep one, but must not
// change its slices.
type Exchange struct {
	Seq      int64         `json:"seq"` // from 1, in the order in which answers were finished
	At       time.Time     `json:"at"`  // when the request arrived
	Took     time.Duration `json:"took"`
	From     look.Party    `json:"from"`
	To       look.Party    `json:"to"`
	Kind     string        `json:"kind"`
	Method   string        `json:"method"`
	URL      string        `json:"url"` // scheme, host, path and query; secrets in the query are held back
	Status   int           `json:"status"`
	Request  []Field       `json:"request"`
	Response []Field       `json:"response"`
	Note     string        `json:"note"`     // one sentence: what happened here
	Count    int           `json:"count"`    // how many equal ones in a row this one stands for: pages, assets, refusals
	Replaces int64         `json:"replaces"` // where Count is above 1: the Seq that this one stood under before
	Attack   bool          `json:"attack"`   // one of the demo's attack buttons sent it
	Refused  bool          `json:"refused"`  // the answer was a refusal (status 400 and above)
}

// A Field is one named value inside a message.
type Field struct {
	Group      string `json:"group"`    // the structure it belongs to: "IssueRequest", "ID token claims", "Headers"
	Name       string `json:"name"`     // the name that the specification gives it
	Value      string `json:"value"`    // as text, in Encoding; HeldBack if Secret
	Encoding   string `json:"encoding"` // "hex", "base64url", "decimal", "text", "JSON"
	Size       int    `json:"size"`     // bytes on the wire before text encoding
	Spec       string `json:"spec"`     // where it is defined: "Private State Token API: IssueRequest", "RFC 7515 section 4.1.1"
	Help       string `json:"help"`     // one sentence for people
	Secret     bool   `json:"secret"`
	Unlinkable bool   `json:"unlinkable"` // a value that links nothing: it looks random to whoever sees it, or is the same for everybody
}

// Find returns the first field with this group and name, in the request and
// then in the answer. An empty group matches every group.
func (x Exchange) Find(group, name string) (Field, bool) {
	for _, list := range [2][]Field{x.Request, x.Response} {
		for _, f := range list {
			if (group == "" || f.Group == group) && f.Name == name {
				return f, true
			}
		}
	}
	return Field{}, false
}
