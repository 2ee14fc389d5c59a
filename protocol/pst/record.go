package pst

import (
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// RecordType is the JWS "typ" of a redemption record, so that no reader of another
// kind of token takes one, and this one takes none of theirs.
const RecordType = "pst-rr+jwt"

// How a token was redeemed: which endpoint of the issuer answered. Neither is
// proof of a browser.
const (
	ViaNative   = "native"
	ViaPolyfill = "polyfill"
)

// Bounds of a record's life. IssuedAt is rounded down to RecordGranularity, so
// a record that lived for less than MinRecordLifetime could be born expired.
const (
	RecordGranularity  = time.Hour
	MinRecordLifetime  = 2 * time.Hour
	maxRecordSize      = 4 << 10
	maxRecordID        = 128
	recordClockLeeway  = 60 // seconds that an issuer's clock may be ahead of ours
	recordHourInSecond = int64(RecordGranularity / time.Second)
)

// Codes of a refused record, beside those of package jws.
const (
	RecordCodeClaims      = "record_claims"       // the claims are not exactly a record's
	RecordCodeIssuer      = "record_issuer"       // another issuer
	RecordCodeExpired     = "record_expired"      // now is on or after exp
	RecordCodeNotYet      = "record_not_yet"      // iat lies in the future
	RecordCodeInvalidData = "record_invalid_data" // SignRecord was given what no record may hold
)

// Record is a redemption record: an issuer's statement that a token of its own
// was spent for an origin. It says "a person was here", not "count me once":
// whoever sees a record can show it again until it expires.
type Record struct {
	Issuer   string // origin of the issuer
	Origin   string // top-level origin that redeemed, as the client stated it
	Via      string // ViaNative or ViaPolyfill
	KeyID    uint32 // key of the redeemed token: the public metadata
	IssuedAt int64  // Unix seconds; SignRecord rounds down to the hour
	Expiry   int64  // Unix seconds
	ID       string // jti, only where the issuer makes single-use records
}

// NewRecord returns a record of the time now: IssuedAt is now rounded down to
// the hour, Expiry is lifetime later. A lifetime below MinRecordLifetime counts
// as MinRecordLifetime.
func NewRecord(issuer, origin, via string, keyID uint32, now time.Time, lifetime time.Duration) Record {
	if lifetime < MinRecordLifetime {
		lifetime = MinRecordLifetime
	}
	iat := hour(now.Unix())
	return Record{Issuer: issuer, Origin: origin, Via: via, KeyID: keyID,
		IssuedAt: iat, Expiry: iat + int64(lifetime/time.Second)}
}

func hour(t int64) int64 { return t - t%recordHourInSecond }

// Remaining returns what is left of the record's life in whole seconds, for the
// Sec-Private-State-Token-Lifetime header. It is 0 once the record has expired.
func (r *Record) Remaining(now time.Time) int64 {
	if left := r.Expiry - now.Unix(); left > 0 {
		return left
	}
	return 0
}

// SignRecord writes the record as a compact JWS of type RecordType. IssuedAt is
// rounded down to the hour and the claims stand in a fixed order; with a
// deterministic signer (Ed25519) records of one origin, hour and key are
// therefore the same bytes, and none of them names a person. Errors are
// *jws.Error.
func SignRecord(s jws.Signer, r Record) (string, error) {
	payload, err := r.payload()
	if err != nil {
		return "", err
	}
	return jws.Sign(s, RecordType, payload)
}

// RecordInput returns what SignRecord signs, for platforms that sign by
// themselves and for jws.Assemble. Errors are *jws.Error.
func RecordInput(a jws.Algorithm, kid string, r Record) (string, error) {
	payload, err := r.payload()
	if err != nil {
		return "", err
	}
	return jws.SigningInput(a, kid, RecordType, payload)
}

// payload writes the claims.
func (r Record) payload() ([]byte, error) {
	r.IssuedAt = hour(r.IssuedAt)
	if why := r.fault(); why != "" {
		return nil, &jws.Error{Code: RecordCodeInvalidData, Message: why}
	}
	var w strictjson.Writer
	w.String("iss", r.Issuer)
	w.Int("iat", r.IssuedAt)
	w.Int("exp", r.Expiry)
	w.Int("key", int64(r.KeyID))
	w.String("origin", r.Origin)
	w.String("via", r.Via)
	w.OptString("jti", r.ID)
	payload, err := w.Bytes()
	if err != nil {
		return nil, &jws.Error{Code: RecordCodeInvalidData, Message: "an origin or id is not UTF-8"}
	}
	return payload, nil
}

// fault names what makes r no record, or is empty.
func (r *Record) fault() string {
	switch {
	case !origin.Is(r.Issuer):
		return "iss is not an origin"
	case !origin.Is(r.Origin):
		return "origin is not an origin"
	case r.Via != ViaNative && r.Via != ViaPolyfill:
		return "via is neither native nor polyfill"
	case r.IssuedAt < 0 || r.IssuedAt%recordHourInSecond != 0:
		return "iat is not a full hour"
	case r.Expiry < r.IssuedAt+int64(MinRecordLifetime/time.Second):
		return "exp is less than two hours after iat"
	case len(r.ID) > maxRecordID:
		return "jti is longer than 128 bytes"
	}
	return ""
}
