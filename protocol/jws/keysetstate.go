package jws

import (
	"time"

	"github.com/bonafides-dev/bonafides/protocol/freshness"
)

// KeySetState is what a reader of tokens knows about one issuer's published
// keys, as a pure state machine: a state and an event at a time give the next
// state and what to do. It is a [freshness.State] with the set, and its Bytes can be
// shared by several instances. It fetches nothing itself. The zero value knows
// nothing. A state is a value: keep the one that Next returned.
//
// What it promises, if its actions are followed, beside what freshness.State does:
//   - A withdrawn key stops working when its set's max-age is over (unless
//     StaleIfError says otherwise).
//   - Tokens that name unknown keys cause at most one fetch per cooldown.
//   - A new key that was published at least min(cooldown, max-age) before its
//     first use works at once.
//   - Bad signatures cause no fetch.
type KeySetState struct {
	body  []byte // the JWK set as fetched
	keys  *KeySet
	times freshness.State
}

// KeySetRules are the settings of a KeySetState. The zero value has defaults.
type KeySetRules = freshness.Rules

// KeySetEvent is what happened: Wanted, Missing, Fetched or FetchFailed.
type KeySetEvent interface{ keySetEvent() }

// Wanted: a token is to be judged and needs the issuer's keys.
type Wanted struct{}

// Missing: a token named a key (or needs an algorithm) that the set does not
// hold; its refusal had the code CodeKeyUnknown.
type Missing struct{}

// Fetched: the issuer answered 200 with this body. CacheControl and Age are the
// answer's headers of these names, empty if it had none.
type Fetched struct {
	Body         []byte
	CacheControl string
	Age          string
}

// FetchFailed: there was no answer, or one other than 200.
type FetchFailed struct{}

func (Wanted) keySetEvent()      {}
func (Missing) keySetEvent()     {}
func (Fetched) keySetEvent()     {}
func (FetchFailed) keySetEvent() {}

// KeySetDo says what to do next.
type KeySetDo = freshness.Do

const (
	// KeySetRefuse: refuse the token; KeySetAction.Err says why.
	KeySetRefuse = freshness.Refuse
	// KeySetUse: judge the token with KeySetAction.Keys.
	KeySetUse = freshness.Use
	// KeySetFetch: fetch the set, past all caches if NoCache, and come back
	// with Fetched or FetchFailed.
	KeySetFetch = freshness.Fetch
	// KeySetWait: a fetch is under way; ask again when it has ended, at the
	// latest at Until.
	KeySetWait = freshness.Wait
)

// KeySetAction is what Next wants done.
type KeySetAction struct {
	Do      KeySetDo
	Keys    *KeySet
	NoCache bool
	Until   time.Time
	After   time.Duration // with KeySetRefuse: when it is worth asking again
	Err     *Error
}

// CodeKeysUnavailable is the code of a refusal because the issuer's keys could
// not be fetched.
const CodeKeysUnavailable = "keys_unavailable"

// Next takes an event and returns the next state and what to do.
func (s KeySetState) Next(e KeySetEvent, now time.Time, r KeySetRules) (KeySetState, KeySetAction) {
	var a freshness.Action
	refusal := "the issuer's keys cannot be fetched now: try again later"
	switch e := e.(type) {
	case Fetched:
		if keys, err := ParseKeySet(e.Body); err == nil {
			s.body, s.keys = append([]byte(nil), e.Body...), keys
			s.times, a = s.times.Fetched(e.CacheControl, e.Age, now, r), freshness.Action{Do: freshness.Use}
			break
		}
		// An answer that is no key set is no answer.
		refusal = "what the issuer publishes as its keys is no key set"
		s.times, a = s.times.Failed(now, r)
	case FetchFailed:
		s.times, a = s.times.Failed(now, r)
	case Missing:
		s.times, a = s.times.Missing(now, r)
	default:
		s.times, a = s.times.Wanted(now, r)
	}
	out := KeySetAction{Do: a.Do, NoCache: a.NoCache, Until: a.Until, After: a.After}
	switch a.Do {
	case freshness.Use:
		out.Keys = s.keys
	case freshness.Refuse:
		out.Err = refuse(CodeKeysUnavailable, refusal)
	}
	return s, out
}
