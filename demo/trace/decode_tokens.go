package trace

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// tokenRequest decodes what a browser sends to get tokens.
func (m *message) tokenRequest() []Field {
	b, value, ok := m.tokenHeader(m.header)
	if !ok {
		return append(m.versionField(), undecoded(headerToken, value, "The header is missing or is not base64."))
	}
	req, err := pst.ParseIssueRequest(b)
	if err != nil {
		return append(m.versionField(), undecoded(headerToken, value, err.Error()))
	}
	const group, spec = "IssueRequest", "Private State Token API: IssueRequest"
	out := []Field{{Group: group, Name: "count", Value: strconv.Itoa(req.Count()), Encoding: "decimal", Size: 2, Spec: spec,
		Help: "How many tokens the browser asks for. It is the batch size of the key commitments."}}
	for i, e := range req.Elements() {
		out = append(out, point(group, "blinded element "+strconv.Itoa(i+1), e, spec,
			"A point of P-384: the hash of a nonce that only the browser knows, multiplied by a random number that only the browser knows. Random to everybody else."))
	}
	return append(out, m.versionField()...)
}

// tokenAnswer decodes the signed elements.
func (m *message) tokenAnswer() []Field {
	b, value, ok := m.tokenHeader(m.answerHeader)
	if _, there := m.answerHeader[name(m.answerHeader, headerToken)]; there && value == "" {
		return []Field{{Group: "IssueResponse", Name: "issued", Value: "0", Encoding: "decimal", Spec: "Private State Token API: Sec-Private-State-Token",
			Help: "An empty header: the request was fine, and the policy grants no token."}}
	}
	if !ok {
		if m.status >= 400 {
			return nil
		}
		return []Field{undecoded(headerToken, value, "The header is missing or is not base64.")}
	}
	resp, err := pst.ParseIssueResponse(b)
	if err != nil {
		return []Field{undecoded(headerToken, value, err.Error())}
	}
	const group, spec = "IssueResponse", "Private State Token API: IssueResponse"
	out := []Field{
		{Group: group, Name: "issued", Value: strconv.Itoa(resp.Issued()), Encoding: "decimal", Size: 2, Spec: spec,
			Help: "How many the issuer signed: its policy may grant fewer than were asked."},
		keyID(group, resp.KeyID(), spec),
	}
	for i, e := range resp.Elements() {
		out = append(out, point(group, "evaluated element "+strconv.Itoa(i+1), e, spec,
			"The blinded element multiplied by the issuer's secret key. The browser takes its random number out again, so this value never appears anywhere else."))
	}
	p := resp.Proof()
	return append(out,
		scalar(group, "proof c", p[:len(p)/2], "RFC 9497 section 2.2.1", "With s: a proof that one key, the committed one, signed all elements. So an issuer cannot mark a person with a key of their own."),
		scalar(group, "proof s", p[len(p)/2:], "RFC 9497 section 2.2.1", "The second half of the proof."))
}

// redemption decodes the one token that is spent.
func (m *message) redemption() []Field {
	b, value, ok := m.tokenHeader(m.header)
	if !ok {
		return append(m.versionField(), undecoded(headerToken, value, "The header is missing or is not base64."))
	}
	req, err := pst.ParseRedeemRequest(b)
	if err != nil {
		return append(m.versionField(), undecoded(headerToken, value, err.Error()))
	}
	const spec = "Private State Token API: RedeemRequest, Token"
	out := append([]Field(nil),
		keyID("Token", req.Token.KeyID, spec),
		Field{Group: "Token", Name: "nonce", Value: hex.EncodeToString(req.Token.Nonce[:]), Encoding: "hex", Size: len(req.Token.Nonce), Spec: spec, Unlinkable: true,
			Help: "Random, made by the browser. The issuer sees it for the first time now, and keeps it so that the token works once."},
		point("Token", "W", req.Token.W(), spec,
			"The hash of the nonce multiplied by the issuer's secret key. The issuer computes the same and compares. It never saw this value before."),
	)
	cd := req.ClientData
	out = append(out,
		Field{Group: "Client data", Name: "redeeming-origin", Value: cd.RedeemingOrigin, Encoding: "text", Size: len(cd.RedeemingOrigin), Spec: "Private State Token API: client data (CBOR, RFC 8949)",
			Help: "The site on which the token is redeemed, as the browser states it. Nothing in the token proves it."},
		Field{Group: "Client data", Name: "redemption-timestamp", Value: unixTime(int64(cd.RedemptionTimestamp)), Encoding: "decimal", Size: 4, Spec: "Private State Token API: client data (CBOR, RFC 8949)",
			Help: "The browser's clock, in seconds since 1970."},
	)
	return append(out, m.versionField()...)
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

func keyID(group string, id uint32, spec string) Field {
	return Field{Group: group, Name: "key id", Value: strconv.FormatUint(uint64(id), 10), Encoding: "decimal", Size: 4, Spec: spec, Unlinkable: true,
		Help: "Which of at most six keys. It is the only thing that an issuance and a redemption have in common, and all people served under this key share it."}
}

func point(group, name string, b []byte, spec, help string) Field {
	return Field{Group: group, Name: name, Value: hex.EncodeToString(b), Encoding: "hex", Size: len(b), Spec: spec, Help: help, Unlinkable: true}
}

func scalar(group, name string, b []byte, spec, help string) Field {
	return Field{Group: group, Name: name, Value: hex.EncodeToString(b), Encoding: "hex", Size: len(b), Spec: spec, Help: help, Unlinkable: true}
}

func undecoded(name, value, why string) Field {
	return textField("Not decoded", name, value, why)
}

func unixTime(s int64) string {
	return strconv.FormatInt(s, 10) + " = " + time.Unix(s, 0).UTC().Format("2006-01-02 15:04:05 UTC")
}
