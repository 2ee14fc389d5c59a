package pst

import (
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

var recordPolicy = jws.Policy{Types: []string{RecordType}, MaxSize: maxRecordSize}

// BeginRecord is JudgeRecord without the signature, for platforms that check
// signatures themselves. The record must not be believed before the check that
// the Unverified asks for has succeeded.
func BeginRecord(token string, keys *jws.KeySet, issuer string, now time.Time) (*jws.Unverified, *Record, error) {
	u, err := jws.Judge(token, keys, recordPolicy)
	if err != nil {
		return nil, nil, err
	}
	r, err := parseRecordClaims(u.UnverifiedPayload())
	if err != nil {
		return nil, nil, err
	}
	t := now.Unix()
	switch {
	case r.Issuer != issuer:
		return nil, nil, recordError(RecordCodeIssuer, "the record is of another issuer than the one it was sent for")
	case t >= r.Expiry:
		return nil, nil, recordError(RecordCodeExpired, "the record has expired: redeem another token")
	case r.IssuedAt > t+recordClockLeeway:
		return nil, nil, recordError(RecordCodeNotYet, "the record was issued in the future: compare the clocks")
	}
	return u, r, nil
}

// InspectRecord reads a record's claims and believes none of them: no key, no
// signature, no time. It is for tools that show what a record says.
func InspectRecord(token string) (*Record, error) {
	payload, _, err := jws.Inspect(token, maxRecordSize)
	if err != nil {
		return nil, err
	}
	return parseRecordClaims(payload)
}

func recordError(code, message string) error { return &jws.Error{Code: code, Message: message} }

func parseRecordClaims(payload string) (*Record, error) {
	v, err := strictjson.ParseString(payload, strictjson.Limits{MaxSize: maxRecordSize, MaxDepth: 1})
	if err != nil {
		return nil, recordError(RecordCodeClaims, "the claims are not strict JSON: "+err.Error())
	}
	if v.Kind() != strictjson.Object {
		return nil, recordError(RecordCodeClaims, "the claims are not a JSON object")
	}
	r := &Record{}
	found := 0
	for name, c := range v.Members() {
		var ok bool
		switch name {
		case "iss":
			r.Issuer, ok = c.Text()
		case "iat":
			r.IssuedAt, ok = c.Int()
		case "exp":
			r.Expiry, ok = c.Int()
		case "key":
			var n int64
			n, ok = c.Int()
			ok = ok && n >= 0 && n <= 1<<32-1
			r.KeyID = uint32(n)
		case "origin":
			r.Origin, ok = c.Text()
		case "via":
			r.Via, ok = c.Text()
		case "jti":
			r.ID, ok = c.Text()
			ok = ok && r.ID != ""
			found-- // the one claim that may be missing
		}
		if !ok {
			return nil, recordError(RecordCodeClaims, "a claim is of the wrong type, or is none of a record's")
		}
		found++
	}
	if found != 6 {
		return nil, recordError(RecordCodeClaims, "a claim of the record is missing: iss, iat, exp, key, origin and via belong there")
	}
	if why := r.fault(); why != "" {
		return nil, recordError(RecordCodeClaims, why)
	}
	return r, nil
}
