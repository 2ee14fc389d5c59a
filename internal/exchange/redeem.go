package exchange

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// A Redemption is a genuine token of this issuer, shown by a client. Whether it
// was spent before is not known yet: spend (KeyID, Nonce) before signing.
type Redemption struct {
	KeyID  uint32
	Nonce  [pst.NonceSize]byte
	Origin string // the top-level origin that redeems, as the client states it
}

// VerifyRedemption reads a redemption and verifies its token.
//
// The client's redemption-timestamp is not judged: nothing authenticates it, so
// that a bound would refuse honest people with wrong clocks and nobody else. No
// answer depends on it.
func VerifyRedemption(keys *Keys, message []byte, now time.Time) (*Redemption, *refusal.Refusal) {
	if pst.IsIssueRequest(message) {
		return nil, NotRedeem
	}
	req, err := pst.ParseRedeemRequest(message)
	if err != nil {
		return nil, unreadable(err)
	}
	key, refused := keys.redeeming(req.Token.KeyID, now)
	if refused != nil {
		return nil, refused
	}
	if err := key.Verify(&req.Token); err != nil {
		return nil, unreadable(err)
	}
	return &Redemption{req.Token.KeyID, req.Token.Nonce, req.ClientData.RedeemingOrigin}, nil
}

// A Recorder makes redemption records.
type Recorder struct {
	Issuer   string // the issuer's origin
	Signer   jws.Signer
	Lifetime time.Duration // from the full hour before the redemption; 2 hours or more
	// Single gives every record a random id, so that a publisher can count its
	// uses. The id is shared with everybody who sees the record.
	Single bool
}

// Sign makes the record for a redemption that was just spent, and tells for how
// many seconds it is good. The record of a redemption that was not spent first
// must never be made.
func (r *Recorder) Sign(spent *Redemption, via string, now time.Time) (record string, seconds int64, err error) {
	rec, err := r.record(spent, via, now)
	if err != nil {
		return "", 0, err
	}
	record, err = pst.SignRecord(r.Signer, rec)
	if err != nil {
		return "", 0, err
	}
	return record, rec.Remaining(now), nil
}

// Input is Sign for platforms that sign by themselves: it returns what they have
// to sign and then hand to jws.Assemble. Of the Signer it asks algorithm and key
// id alone.
func (r *Recorder) Input(spent *Redemption, via string, now time.Time) (input string, seconds int64, err error) {
	rec, err := r.record(spent, via, now)
	if err != nil {
		return "", 0, err
	}
	input, err = pst.RecordInput(r.Signer.Algorithm(), r.Signer.KeyID(), rec)
	if err != nil {
		return "", 0, err
	}
	return input, rec.Remaining(now), nil
}

func (r *Recorder) record(spent *Redemption, via string, now time.Time) (pst.Record, error) {
	rec := pst.NewRecord(r.Issuer, spent.Origin, via, spent.KeyID, now, r.Lifetime)
	if r.Single {
		var id [16]byte
		if _, err := rand.Read(id[:]); err != nil {
			return rec, pst.ErrRandom
		}
		rec.ID = base64.RawURLEncoding.EncodeToString(id[:])
	}
	return rec, nil
}
