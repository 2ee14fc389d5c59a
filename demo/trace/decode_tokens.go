package trace

import (
	"encoding/base64"
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/inspect"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// tokenRequest decodes what a browser sends to get tokens.
func (m *message) tokenRequest() []Field {
	b, value, ok := m.tokenHeader(m.header)
	if !ok {
		return append(m.versionField(), undecoded(headerToken, value, "The header is missing or is not base64."))
	}
	req, err := inspect.ParseIssueRequest(b)
	if err != nil {
		return append(m.versionField(), undecoded(headerToken, value, err.Error()))
	}
	return append(explained(req.Fields), m.versionField()...)
}

// tokenAnswer decodes the signed elements.
func (m *message) tokenAnswer() []Field {
	b, value, ok := m.tokenHeader(m.answerHeader)
	if _, there := m.answerHeader[name(m.answerHeader, headerToken)]; there && value == "" {
		return []Field{{Group: inspect.IssueResponse, Name: "issued", Value: "0", Encoding: "decimal", Spec: "Private State Token API: Sec-Private-State-Token",
			Help: "An empty header: the request was fine, and the policy grants no token."}}
	}
	if !ok {
		if m.status >= 400 {
			return nil
		}
		return []Field{undecoded(headerToken, value, "The header is missing or is not base64.")}
	}
	resp, err := inspect.ParseIssueResponse(b)
	if err != nil {
		return []Field{undecoded(headerToken, value, err.Error())}
	}
	return explained(resp.Fields)
}

// redemption decodes the one token that is spent.
func (m *message) redemption() []Field {
	b, value, ok := m.tokenHeader(m.header)
	if !ok {
		return append(m.versionField(), undecoded(headerToken, value, "The header is missing or is not base64."))
	}
	req, err := inspect.ParseRedeemRequest(b)
	if err != nil {
		return append(m.versionField(), undecoded(headerToken, value, err.Error()))
	}
	return append(explained(req.Fields), m.versionField()...)
}

// redemptionAnswer decodes the record that comes back.
func (m *message) redemptionAnswer() []Field {
	record := m.answerHeader.Get(name(m.answerHeader, headerToken))
	if record == "" {
		return nil
	}
	out := recordFields("Redemption record", record)
	if life := m.answerHeader.Get(name(m.answerHeader, headerLifetime)); life != "" {
		out = append(out, Field{Group: "Redemption record", Name: headerLifetime, Value: life, Encoding: "decimal", Size: len(life), Spec: "Private State Token API: HTTP headers",
			Help: "For how many seconds the browser keeps the record."})
	}
	return out
}

// recordSent decodes the records that came with a request.
func (m *message) recordSent() []Field {
	value := m.header.Get(name(m.header, headerRecord))
	if value == "" {
		return []Field{{Group: headerRecord, Name: "no record", Value: "the header came empty", Encoding: "text", Spec: "Private State Token API: HTTP headers",
			Help: "The browser was asked to send a record and has none, or the record has expired."}}
	}
	list, err := pst.ParseRedemptionRecordHeader(value)
	if err != nil {
		return []Field{undecoded(headerRecord, value, err.Error())}
	}
	var out []Field
	for _, r := range list {
		out = append(out, Field{Group: headerRecord, Name: "issuer", Value: r.Origin, Encoding: "text", Size: len(r.Origin), Spec: "Private State Token API: Sec-Redemption-Record (a list of RFC 9651)",
			Help: "Whose record this is, as the browser states it."})
		out = append(out, recordFields("Redemption record", r.Record)...)
	}
	return out
}

var recordHelp = map[string]string{
	"alg":    "EdDSA: the signature is deterministic, so equal records are equal byte for byte.",
	"typ":    "The kind of token, so that a record can never pass for an ID token.",
	"kid":    "Which of the issuer's record keys signed.",
	"iss":    "The issuer that vouches.",
	"iat":    "When, rounded down to the hour, so that the record does not say which redemption it came from.",
	"exp":    "Until when the record is good.",
	"key":    "Under which token key the token was: the issuer's public metadata.",
	"origin": "On which site the token was redeemed, as the client stated it.",
	"via":    "Which endpoint redeemed it: native browser or polyfill. No proof of a browser.",
	"jti":    "A random number, in single mode only: it lets the publisher count uses, and it is an identifier.",
}

// recordFields decodes a redemption record.
func recordFields(group, record string) []Field {
	fields, ok := compactJWS(group, record, recordHelp)
	if !ok {
		return []Field{undecoded(group, record, "This is not a redemption record of this kit.")}
	}
	for i := range fields {
		// The same for everybody who redeemed on that site in that hour.
		fields[i].Unlinkable = fields[i].Name != "jti"
	}
	return fields
}

func (m *message) versionField() []Field {
	header := name(m.header, headerVersion)
	v, ok := m.header[header]
	if !ok {
		return nil
	}
	f := textField("Headers", header, v[0], "The protocol and its version. The same for everybody.")
	f.Spec = "Private State Token API: HTTP headers"
	return []Field{f}
}

func (m *message) tokenHeader(h http.Header) (b []byte, value string, ok bool) {
	value = h.Get(name(h, headerToken))
	b, err := base64.StdEncoding.Strict().DecodeString(value)
	return b, value, err == nil && len(b) > 0
}

func isRedemption(header string) bool {
	b, err := base64.StdEncoding.DecodeString(header)
	return err == nil && pst.IsRedeemRequest(b)
}

func undecoded(name, value, why string) Field {
	return textField("Not decoded", name, value, why)
}
