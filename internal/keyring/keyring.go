// Package keyring is the one form in which keys are kept, whatever they sign:
// tokens, redemption records, ID tokens, the gate's assertions. A ring is a line of
// keys of which each takes the place of the one before:
//
//	next      published, and does not sign yet
//	current   signs; a ring has exactly one
//	retired   signs no more; what it signed is good until it expires
//
// Who signs with two algorithms has two rings.
//
// # The text
//
// A ring is a file or a secret of a Worker: a line that says what it is, then one
// line for each key. A line is fields "name=value" with one space between them, in
// this order and no other, and ends in a line feed; that of the last line may be
// missing, since whoever hands a secret over may trim it.
//
//	bonafides-keyring=1 kind=token commitment=3 batch=10
//	id=2 state=current published=2026-11-27T20:00:00Z expires=2027-05-26T20:00:00Z key=AAAAAq...
//	id=1 state=retired published=2026-08-29T20:00:00Z expires=2027-02-25T20:00:00Z key=AAAAAe...
//	id=3 state=next published=2026-11-27T20:00:00Z expires=2027-08-24T20:00:00Z key=AAAAA6...
//
// Of the first line:
//
//	kind         token, record, provider or gate
//	commitment   of token keys: the number of the published key commitment; may be missing
//	batch        of token keys: how many tokens a client asks for at a time; may be missing
//
// Of a key:
//
//	id           a number, never used again in this ring. A token key has it in its bytes too
//	state        next, current or retired
//	published    since when others can know the key; missing where nobody knows
//	expires      when what it signed is worth nothing and it may go. A token key always
//	             has it and a retired key too; others may be given it when they retire
//	key          the key's own text, without spaces, which its kind reads
//
// The texts of keys:
//
//	token        base64 of the 52 bytes of a pst.PrivateKey
//	record       "seed:" and base64 of the 32 bytes of an Ed25519 seed; of a retired key
//	             "public:" and base64 of the 32 bytes of its public half
//	provider     the private JWK (RFC 7517) without white space; of a retired key the
//	             public one. RS256 or ES256, all of a ring the same
//	gate         "seed:" and base64 of the 32 bytes of a P-256 scalar; of a retired key
//	             "public:" and base64 of the 64 bytes of its point
//
// Times are RFC 3339 in UTC. There is one text for a ring and one ring for a text:
// what Parse takes, Text writes again byte by byte. A comment would be lost, so there
// are none.
//
// Read also takes what was written before there was this form. Nobody writes it any
// more; the next rotation leaves the new one.
package keyring

import (
	"slices"
	"strconv"
	"time"
)

// Kind is what a ring's keys are for.
type Kind string

// The kinds of rings.
const (
	Token    Kind = "token"    // an issuer signs tokens
	Record   Kind = "record"   // an issuer signs redemption records
	Provider Kind = "provider" // an identity provider signs ID tokens
	Gate     Kind = "gate"     // a gate signs what it tells its origin
)

// State is what a key is for.
type State string

// The states of a key. Expired stands in no file: it is what Role says.
const (
	Next    State = "next"
	Current State = "current"
	Retired State = "retired"
	Expired State = "expired"
)

// A Key is one key of a ring.
type Key struct {
	ID        uint32
	State     State
	Published time.Time // zero where nobody knows
	Expires   time.Time // zero where it has no end yet
	Text      string    // the key itself; empty for one that a rotation wants made
}

// Role is the key's state at a time.
func (k Key) Role(now time.Time) State {
	if !k.Expires.IsZero() && !now.Before(k.Expires) {
		return Expired
	}
	return k.State
}

// String names the key and shows nothing of it, for whoever prints a ring.
func (k Key) String() string { return "key " + number(k.ID) + " (" + string(k.State) + ")" }

// GoString is String.
func (k Key) GoString() string { return k.String() }

// A Ring is the keys of one kind that one party signs with, one after the other.
// Its keys stay in their order; it means nothing.
type Ring struct {
	Kind       Kind
	Commitment uint32 // of token keys; 0 where the text does not say
	Batch      int    // of token keys; 0 where the text does not say
	Keys       []Key
}

// Current returns the key that signs; the zero Key where there is none, which no
// ring that was read lacks.
func (r Ring) Current() Key {
	if i := r.current(); i >= 0 {
		return r.Keys[i]
	}
	return Key{}
}

func (r Ring) current() int {
	return slices.IndexFunc(r.Keys, func(k Key) bool { return k.State == Current })
}

// Next returns the key that signs after the current one: of several the one that
// expires first. It is false where there is none, or none that has not expired.
func (r Ring) Next(now time.Time) (Key, bool) {
	if i := r.next(now); i >= 0 {
		return r.Keys[i], true
	}
	return Key{}, false
}

func (r Ring) next(now time.Time) int {
	found := -1
	for i, k := range r.Keys {
		if k.Role(now) == Next && (found < 0 || k.Expires.Before(r.Keys[found].Expires)) {
			found = i
		}
	}
	return found
}

// LastPublished is when a key was last added, zero where the ring does not say.
func (r Ring) LastPublished() (last time.Time) {
	for _, k := range r.Keys {
		if k.Published.After(last) {
			last = k.Published
		}
	}
	return last
}

// Infer gives keys their states by what the first form says of them: the first one
// signs, and of the others those with a higher id and a later expiry come next.
func Infer(keys []Key) {
	for i := range keys {
		k, signs := &keys[i], &keys[0]
		switch {
		case i == 0:
			k.State = Current
		case k.ID > signs.ID && k.Expires.After(signs.Expires):
			k.State = Next
		default:
			k.State = Retired
		}
	}
}

func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
