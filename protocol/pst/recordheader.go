package pst

import (
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// OriginRecord is one redemption record as a browser sends it: which issuer
// made it, and the record as the issuer wrote it.
type OriginRecord struct {
	Origin string // the issuer's origin, serialized
	Record string // printable ASCII, not empty
}

// Limits of Sec-Redemption-Record. Chromium keeps two issuers a site; a record
// of ours is under 500 bytes.
const (
	maxRecordHeader = 16 << 10
	maxRecords      = 8
)

const recordParam = "redemption-record"

// Errors of the Sec-Redemption-Record header.
var (
	ErrRecordHeaderSize   = &Error{"record_header_too_large", "The Sec-Redemption-Record header is longer than 16 KiB or has more than 8 records."}
	ErrRecordHeaderSyntax = &Error{"record_header_syntax", "The Sec-Redemption-Record header is not a list of strings, each with the parameter redemption-record (RFC 8941)."}
	ErrRecordHeaderParam  = &Error{"record_header_parameter", "An item of Sec-Redemption-Record does not have exactly one parameter redemption-record with a string that is not empty."}
	ErrRecordHeaderOrigin = &Error{"record_header_origin", "An issuer in Sec-Redemption-Record is not a serialized origin."}
	ErrRecordHeaderTwice  = &Error{"record_header_duplicate", "An issuer stands twice in Sec-Redemption-Record."}
	ErrRecordText         = &Error{"record_text_invalid", "A redemption record is empty or not printable ASCII. Encode it in base64."}
)

// ParseRedemptionRecordHeader reads the value of Sec-Redemption-Record, a
// structured-field list (RFC 8941 section 3.1) of strings with one string
// parameter each:
//
//	"https://issuer.example";redemption-record="text", "https://other.example";redemption-record="text"
//
// An empty value is what a browser sends when it has no record: no records and
// no error. Several header lines are joined with ", " before (RFC 9110 section
// 5.2). Other parameters, other types, duplicate issuers and trailing commas are
// refused.
func ParseRedemptionRecordHeader(v string) ([]OriginRecord, error) {
	if len(v) > maxRecordHeader {
		return nil, ErrRecordHeaderSize
	}
	v = strings.Trim(v, " ") // RFC 8941 section 4.2, steps 2 and 6
	var out []OriginRecord
	for v != "" {
		if len(out) == maxRecords {
			return nil, ErrRecordHeaderSize
		}
		var r OriginRecord
		var err error
		if r, v, err = readRecord(v); err != nil {
			return nil, err
		}
		for _, o := range out {
			if o.Origin == r.Origin {
				return nil, ErrRecordHeaderTwice
			}
		}
		out = append(out, r)
		// RFC 8941 section 4.2.1: optional white space around one comma, and an
		// item after it.
		v = strings.TrimLeft(v, " \t")
		if v == "" {
			break
		}
		rest, ok := strings.CutPrefix(v, ",")
		if v = strings.TrimLeft(rest, " \t"); !ok || v == "" {
			return nil, ErrRecordHeaderSyntax
		}
	}
	return out, nil
}

// readRecord reads one item with its parameter.
func readRecord(v string) (r OriginRecord, rest string, err error) {
	var ok bool
	if r.Origin, v, ok = readSFString(v); !ok {
		return r, "", ErrRecordHeaderSyntax
	}
	if !origin.Is(r.Origin) {
		return r, "", ErrRecordHeaderOrigin
	}
	if v, ok = strings.CutPrefix(v, ";"); !ok {
		return r, "", ErrRecordHeaderParam
	}
	v = strings.TrimLeft(v, " ")
	if v, ok = strings.CutPrefix(v, recordParam+"="); !ok {
		return r, "", ErrRecordHeaderParam
	}
	if r.Record, v, ok = readSFString(v); !ok {
		return r, "", ErrRecordHeaderSyntax
	}
	if r.Record == "" || strings.HasPrefix(v, ";") {
		return r, "", ErrRecordHeaderParam
	}
	return r, v, nil
}

// readSFString reads a string (RFC 8941 section 4.2.5).
func readSFString(v string) (text, rest string, ok bool) {
	if v == "" || v[0] != '"' {
		return "", "", false
	}
	var b []byte // set at the first escape
	for i := 1; i < len(v); i++ {
		switch c := v[i]; {
		case c == '"':
			if b == nil {
				return v[1:i], v[i+1:], true
			}
			return string(b), v[i+1:], true
		case c == '\\':
			if b == nil {
				b = append(make([]byte, 0, len(v)), v[1:i]...)
			}
			i++
			if i == len(v) || (v[i] != '"' && v[i] != '\\') {
				return "", "", false
			}
			b = append(b, v[i])
		case c < 0x20 || c > 0x7e:
			return "", "", false
		default:
			if b != nil {
				b = append(b, c)
			}
		}
	}
	return "", "", false
}

// appendSFString appends a string (RFC 8941 section 4.1.6).
func appendSFString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

// FormatRedemptionRecordHeader writes the value that ParseRedemptionRecordHeader
// reads, as Chromium writes it. No records give the empty value.
func FormatRedemptionRecordHeader(records []OriginRecord) (string, error) {
	if len(records) > maxRecords {
		return "", ErrRecordHeaderSize
	}
	var b []byte
	for i, r := range records {
		if !origin.Is(r.Origin) {
			return "", ErrRecordHeaderOrigin
		}
		if !all(r.Record, func(c byte) bool { return 0x20 <= c && c <= 0x7e }) {
			return "", ErrRecordText
		}
		for _, o := range records[:i] {
			if o.Origin == r.Origin {
				return "", ErrRecordHeaderTwice
			}
		}
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendSFString(b, r.Origin)
		b = append(b, ";"+recordParam+"="...)
		b = appendSFString(b, r.Record)
	}
	if len(b) > maxRecordHeader {
		return "", ErrRecordHeaderSize
	}
	return string(b), nil
}

// all tells whether s is not empty and f holds for each of its bytes.
func all(s string, f func(byte) bool) bool {
	for i := 0; i < len(s); i++ {
		if !f(s[i]) {
			return false
		}
	}
	return s != ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
