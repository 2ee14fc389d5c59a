// Package record checks redemption records on a server, for an ad network, a
// comment box or anybody else who wants to know whether a visitor was vouched for.
// It needs no sessions, no store and nothing else of the kit.
//
// A record means: at some time in the last hours an issuer that this server
// trusts took back a token which it had once given to a person. It means "a
// person was here", not "count me once": a record is a bearer token, records of
// one origin, hour and issuer key are the same bytes, and whoever holds one can
// send it as often as they like until it expires. Limit what a record opens by
// your own means (per session, per address), or by Vouched.Hash where the issuer
// makes single-use records (Vouched.ID is then set).
//
//	checker, err := record.New(record.Config{
//		Issuers: map[string]jwks.KeySource{"https://issuer.example": keys},
//	})
//	...
//	switch result := checker.Check(r).(type) {
//	case record.Vouched:
//		// result.Issuer vouched for the visitor of result.Origin
//	case record.Refused:
//		// result.Code and result.Detail say why not
//	}
package record

import (
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/recordcheck"
	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// Config of a Checker. The zero value of every optional field is the strict one.
type Config struct {
	// Issuers are the issuers that this server believes, by origin, each with
	// the source of its keys. At least one.
	Issuers map[string]jwks.KeySource
	// AllowedFrames are origins whose pages may send a record that was redeemed
	// on another site, because they stand in a frame there: an ad frame's own
	// origin. Empty: only the site that redeemed may send its record. (A frame
	// gets the record with its own navigation, whose Referer is the site, or by
	// postMessage from the page around it, and then sends it from its own
	// origin, which is what this list is about.)
	AllowedFrames []string
	// Embedders are the sites whose records AllowedFrames may send. Empty means
	// any site, since anybody may embed a frame; list your publishers here to take
	// only their records. The frame should make the same check of event.origin
	// before it takes a record over.
	Embedders []string
	// InsecureUnknownOrigin accepts a record when the request tells no origin,
	// neither by Origin nor by Referer. A record copied from one site then
	// passes from anywhere.
	InsecureUnknownOrigin bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Checker checks records. It is safe for concurrent use.
type Checker struct {
	issuers map[string]jwks.KeySource
	rules   recordcheck.Rules
	now     func() time.Time
}

// New checks the configuration and returns a Checker.
func New(c Config) (*Checker, error) {
	if len(c.Issuers) == 0 {
		return nil, errors.New("record: Config.Issuers is empty: name the issuers whose records count")
	}
	k := &Checker{issuers: make(map[string]jwks.KeySource, len(c.Issuers)), now: c.Now,
		rules: recordcheck.Rules{AllowedFrames: slices.Clone(c.AllowedFrames), Embedders: slices.Clone(c.Embedders), InsecureUnknownOrigin: c.InsecureUnknownOrigin}}
	for issuer, source := range c.Issuers {
		if !origin.Is(issuer) {
			return nil, errors.New("record: issuer " + quote(issuer) + " is not an origin such as https://issuer.example")
		}
		if source == nil {
			return nil, errors.New("record: issuer " + quote(issuer) + " has no source of keys")
		}
		k.issuers[issuer] = source
	}
	for _, list := range [][]string{c.AllowedFrames, c.Embedders} {
		for _, o := range list {
			if !origin.Is(o) {
				return nil, errors.New("record: " + quote(o) + " in AllowedFrames or Embedders is not an origin such as https://ads.example")
			}
		}
	}
	if len(c.Embedders) > 0 && len(c.AllowedFrames) == 0 {
		return nil, errors.New("record: Config.Embedders without AllowedFrames allows nothing: name the origins of your frames")
	}
	if k.now == nil {
		k.now = time.Now
	}
	return k, nil
}

// Result is Vouched or Refused.
type Result interface{ result() }

// Vouched is the answer for a good record.
type Vouched struct {
	Issuer string    // who vouches
	KeyID  uint32    // the key of the redeemed token: the issuer's public metadata
	Via    string    // pst.ViaNative or pst.ViaPolyfill: which endpoint redeemed
	At     time.Time // the hour of the redemption, rounded down
	Expiry time.Time
	Origin string // the site that redeemed, as its browser stated it
	ID     string // set where the issuer makes single-use records
	// Hash is SHA-256 over what the issuer signed. Equal records have equal
	// hashes, and no change to a record's text alone gives another.
	Hash [32]byte
}

// Refused is the answer for anything else. Code is stable, Detail a sentence for
// people; neither repeats what was sent.
type Refused struct {
	Code   string
	Detail string
}

func (Vouched) result() {}
func (Refused) result() {}

// Codes of Refused, beside those of a judged record (pst.RecordCode..., and the
// codes of package jws).
const (
	CodeNoRecord        = "no_record"         // the request carries none
	CodeHeaderInvalid   = "header_invalid"    // the header is not a list of records
	CodeIssuerUnknown   = "issuer_unknown"    // records of other issuers only
	CodeOriginUnknown   = "origin_unknown"    // neither Origin nor Referer
	CodeOriginMismatch  = "origin_mismatch"   // redeemed on another site
	CodeKeysUnavailable = "keys_unavailable"  // the issuer's keys could not be had
	CodeHeaderTooLarge  = "header_too_large"  // more than a browser sends
	CodeHeaderDuplicate = "header_duplicated" // the header appears twice
)

// Headers that carry records, in the order in which they are read: the browser's
// own, then the polyfill's (a page cannot set a Sec- header).
const (
	HeaderNative   = recordcheck.HeaderNative
	HeaderPolyfill = recordcheck.HeaderPolyfill
)

// Check reads the record of a request and judges it. The native header counts
// if it is there, else the polyfill's. If the header holds records of several
// issuers that this server believes, the first good one decides.
func (c *Checker) Check(r *http.Request) Result {
	list, why := recordcheck.Read(r.Header.Values(HeaderNative), r.Header.Values(HeaderPolyfill))
	if why != nil {
		return refused(why)
	}
	var first Result
	for _, item := range list {
		source, ok := c.issuers[item.Origin]
		if !ok {
			continue
		}
		result := c.judge(r, item, source)
		if _, good := result.(Vouched); good {
			return result
		}
		if first == nil {
			first = result
		}
	}
	if first == nil {
		return refused(recordcheck.IssuerUnknown)
	}
	return first
}

func (c *Checker) judge(r *http.Request, item pst.OriginRecord, source jwks.KeySource) Result {
	now := c.now()
	rec, err := jwks.Judge(r.Context(), source, item.Origin, &jws.Error{Code: jws.CodeKeyUnknown}, func(keys *jws.KeySet) (*pst.Record, error) {
		return pst.JudgeRecord(item.Record, keys, item.Origin, now)
	})
	// Where there are no newer keys, the word about the older ones stands.
	var unavailable *jwks.Unavailable
	if errors.As(err, &unavailable) {
		err = unavailable.Verdict
		if err == nil {
			return refused(recordcheck.KeysUnavailable)
		}
	}
	if err != nil {
		return refused(recordcheck.Refusal(err))
	}
	if why := c.rules.Accept(rec, r.Header.Values("Origin"), r.Header.Values("Referer")); why != nil {
		return refused(why)
	}
	input := item.Record[:strings.LastIndexByte(item.Record, '.')]
	return Vouched{
		Issuer: rec.Issuer, KeyID: rec.KeyID, Via: rec.Via, Origin: rec.Origin, ID: rec.ID,
		At: time.Unix(rec.IssuedAt, 0).UTC(), Expiry: time.Unix(rec.Expiry, 0).UTC(),
		Hash: sha256.Sum256([]byte(input)),
	}
}

func refused(why *refusal.Refusal) Refused { return Refused{why.Code, why.Detail} }

func quote(s string) string { return `"` + s + `"` }
