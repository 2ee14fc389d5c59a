// Package recordcheck hands the check of redemption records to JavaScript, as
// rpserver/record makes it. Its functions stand in ../../abi.json under "shared".
// The platform checks the signature.
package recordcheck

import (
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/recordcheck"
	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// values are all values of a header field as the Fetch standard gives them: one
// text, or none where it is empty.
func values(field string) []string {
	if field == "" {
		return nil
	}
	return []string{field}
}

// ReadRecord returns the record at a place of the header; more tells whether
// there is one.
func ReadRecord(native, polyfill string, index uint16) (more bool, issuer, record string, err error) {
	list, why := recordcheck.Read(values(native), values(polyfill))
	if why != nil {
		return false, "", "", why
	}
	if int(index) >= len(list) {
		return false, "", "", nil
	}
	return true, list[index].Origin, list[index].Record, nil
}

// JudgeRecord does all with a record that needs no cryptography.
func JudgeRecord(issuer string, jwks []byte, record string, now int64) (algorithm string, jwkList, signingInput, signature []byte, err error) {
	keys, err := jws.ParseKeySet(jwks)
	if err != nil {
		return "", nil, nil, nil, recordcheck.Refusal(err)
	}
	u, _, err := pst.BeginRecord(record, keys, issuer, time.Unix(now, 0))
	if err != nil {
		return "", nil, nil, nil, recordcheck.Refusal(err)
	}
	return string(u.Header().Algorithm), u.JWKs(), u.SigningInput(), u.Signature(), nil
}

// ConfirmRecord ends a judgement of JudgeRecord with the outcome of the signature
// check, and judges who sent the record.
func ConfirmRecord(record string, valid bool, origin, referer, frames, embedders string, insecureUnknownOrigin bool) (
	issuer string, keyID uint32, via, site, id string, issued, expires int64, err error) {
	fail := func(r *refusal.Refusal) (string, uint32, string, string, string, int64, int64, error) {
		return "", 0, "", "", "", 0, 0, r
	}
	if !valid {
		var u jws.Unverified
		_, err := u.Confirm(false)
		return fail(recordcheck.Refusal(err))
	}
	rec, err := pst.InspectRecord(record)
	if err != nil {
		return fail(recordcheck.Refusal(err))
	}
	rules := recordcheck.Rules{AllowedFrames: strings.Fields(frames), Embedders: strings.Fields(embedders), InsecureUnknownOrigin: insecureUnknownOrigin}
	if why := rules.Accept(rec, values(origin), values(referer)); why != nil {
		return fail(why)
	}
	return rec.Issuer, rec.KeyID, rec.Via, rec.Origin, rec.ID, rec.IssuedAt, rec.Expiry, nil
}

// RefuseRecord refuses for a reason that JavaScript finds: issuer_unknown or
// keys_unavailable.
func RefuseRecord(code string) (known bool, err error) {
	for _, r := range []*refusal.Refusal{recordcheck.IssuerUnknown, recordcheck.KeysUnavailable} {
		if r.Code == code {
			return true, r
		}
	}
	return false, nil
}
