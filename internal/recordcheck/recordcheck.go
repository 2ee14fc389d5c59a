// Package recordcheck is the check of redemption records without HTTP, clock or key
// sets' transport: header values come in, refusals come out. Package record puts
// net/http and a clock around it, an edge worker puts its own around it; both
// therefore judge alike.
//
//	Read           which records does the request carry?    -> records
//	(the caller)   whose are they, with which keys?           pst.JudgeRecord
//	Rules.Accept   may the one who sent it send it?
package recordcheck

import (
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// Headers that carry records, in the order in which they are read: the browser's
// own, then the polyfill's (a page cannot set a Sec- header).
const (
	HeaderNative   = pst.HeaderRecord
	HeaderPolyfill = "Private-State-Redemption-Record"
)

// Refusals, beside those of a judged record. They say why a record does not count,
// which is no answer yet: they have no status.
var (
	NoRecord        = refusal.New(0, "no_record", "The request carries no redemption record: the browser has none for this site, or was not asked to send it.")
	HeaderDuplicate = refusal.New(0, "header_duplicated", "The header with the redemption record appears more than once.")
	HeaderTooLarge  = refusal.New(0, "header_too_large", "The header with the redemption record is longer than any browser sends.")
	IssuerUnknown   = refusal.New(0, "issuer_unknown", "The record is of an issuer that this server does not know.")
	KeysUnavailable = refusal.New(0, "keys_unavailable", "The issuer's keys could not be had, so its records count for nothing now. Try again later.")
	OriginUnknown   = refusal.New(0, "origin_unknown", "The request tells neither Origin nor Referer, so the record cannot be held against the site that sent it.")
	OriginMismatch  = refusal.New(0, "origin_mismatch", "The record was redeemed on another site than the one that sent it.")
)

// CodeHeaderInvalid is the code where the header is not a list of records.
const CodeHeaderInvalid = "header_invalid"

const maxHeader = 16 << 10

// Read returns the records in a request's two headers, each given as all of its
// field values. The native header counts if it is there, else the polyfill's.
func Read(native, polyfill []string) ([]pst.OriginRecord, *refusal.Refusal) {
	values := native
	if (len(values) == 0 || len(values) == 1 && values[0] == "") && len(polyfill) > 0 {
		values = polyfill
	}
	switch {
	case len(values) == 0 || len(values) == 1 && strings.TrimSpace(values[0]) == "":
		return nil, NoRecord
	case len(values) > 1:
		return nil, HeaderDuplicate
	case len(values[0]) > maxHeader:
		return nil, HeaderTooLarge
	}
	list, err := pst.ParseRedemptionRecordHeader(values[0])
	if err != nil {
		return nil, refusal.New(0, CodeHeaderInvalid, Sentence(err))
	}
	return list, nil
}

// Refusal gives an error of a judged record its code and sentence.
func Refusal(err error) *refusal.Refusal {
	if e, ok := err.(*jws.Error); ok {
		return refusal.New(0, e.Code, Sentence(err))
	}
	return refusal.New(0, CodeHeaderInvalid, Sentence(err))
}

// Rules say who may send a record. The zero value is the strict one: the site
// that redeemed, and nobody else. The fields are those of record.Config.
type Rules struct {
	AllowedFrames         []string
	Embedders             []string
	InsecureUnknownOrigin bool
}

// Accept refuses a judged record that is sent from elsewhere than the site that
// redeemed. origin and referer are all values of these fields of the request.
func (r *Rules) Accept(rec *pst.Record, origin, referer []string) *refusal.Refusal {
	from, known := requestOrigin(origin, referer)
	switch {
	case !known && !r.InsecureUnknownOrigin:
		return OriginUnknown
	case known && from != rec.Origin && !r.fromFrame(from, rec.Origin):
		return OriginMismatch
	}
	return nil
}

// fromFrame tells whether one of our frames sent a record that it may have from
// the site around it.
func (r *Rules) fromFrame(from, site string) bool {
	return slices.Contains(r.AllowedFrames, from) && (len(r.Embedders) == 0 || slices.Contains(r.Embedders, site))
}

// requestOrigin returns the origin that a request comes from: the Origin header,
// or where there is none (a frame's navigation, a GET without CORS) the origin
// of Referer. An Origin of "null" is an origin that nobody can name.
func requestOrigin(origins, referer []string) (string, bool) {
	if len(origins) > 0 {
		if len(origins) > 1 || !origin.Is(origins[0]) {
			return "", false
		}
		return origins[0], true
	}
	if len(referer) != 1 {
		return "", false
	}
	return originOf(referer[0])
}

// originOf returns the origin of an http or https URL as browsers write it:
// lower case, no default port. A URL with a user name has none.
func originOf(url string) (string, bool) {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return "", false
	}
	scheme = lower(scheme)
	host := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		host = rest[:end]
	}
	host = lower(host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	from := scheme + "://" + host
	return from, origin.Is(from)
}

// lower is strings.ToLower for ASCII, without its tables: others are no letters of
// an origin.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c - 'A' + 'a'
		}
	}
	return string(b)
}

// Sentence turns an error of the protocol packages into one for people.
func Sentence(err error) string {
	message := err.Error()
	switch e := err.(type) {
	case *jws.Error:
		message = e.Message
	case *pst.Error:
		message = e.Message
	}
	if message == "" {
		return ""
	}
	if c := message[0]; 'a' <= c && c <= 'z' {
		message = string(c-'a'+'A') + message[1:]
	}
	if !strings.HasSuffix(message, ".") {
		message += "."
	}
	return message
}
