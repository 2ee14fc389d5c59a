package jws

import (
	"strings"
	"time"
)

// KeySetState is what a reader of tokens knows about one issuer's published
// keys, as a pure state machine: a state and an event at a time give the next
// state and what to do. It fetches nothing itself, so a Go server and a Worker,
// which fetch differently, decide alike. The zero value knows nothing. A state
// is a value: keep the one that Next returned.
//
// What it promises, if its actions are followed:
//   - A set is used until its max-age and no longer (unless StaleIfError says
//     otherwise), so a withdrawn key stops working then.
//   - Tokens that name unknown keys cause at most one fetch per cooldown.
//   - A new key that was published at least min(cooldown, max-age) before its
//     first use works at once.
//   - Bad signatures cause no fetch, and a server that fails is asked again
//     after 1, 2, 4, ... seconds, at most one cooldown apart.
//   - One fetch is under way at a time.
//   - A clock that was set back makes nobody wait for the time that it showed before.
type KeySetState struct {
	body    []byte // the JWK set as fetched
	keys    *KeySet
	expires int64 // times are in Unix milliseconds; 0 means never
	forced  int64 // when an unknown key last caused a fetch
	flight  int64 // when the fetch under way began; 0 if there is none
	retry   int64 // after a failure, when the next fetch may begin
	fails   int64
}

// KeySetRules are the settings of a KeySetState. The zero value has defaults.
type KeySetRules struct {
	// Cooldown is the least time between two fetches that unknown keys cause;
	// 0 means 30 s.
	Cooldown time.Duration
	// DefaultAge is how long a set is used if its answer names no age; 0 means 5
	// minutes.
	DefaultAge time.Duration
	// LongestAge bounds the age that an answer may name; 0 means 24 hours.
	LongestAge time.Duration
	// StaleIfError is for how long beyond its age a set is still used while
	// fetching fails. 0, the strict value, means not at all: nobody can keep a
	// withdrawn key alive by keeping the issuer unreachable.
	StaleIfError time.Duration
	// Timeout is how long a fetch may be under way before it counts as failed;
	// 0 means 10 s.
	Timeout time.Duration
}

// shortestAge keeps an answer without storage (no-store, max-age=0) from causing
// a fetch for every token.
const shortestAge = time.Second

func (r KeySetRules) cooldown() time.Duration   { return orDefault(r.Cooldown, 30*time.Second) }
func (r KeySetRules) defaultAge() time.Duration { return orDefault(r.DefaultAge, 5*time.Minute) }
func (r KeySetRules) longestAge() time.Duration { return orDefault(r.LongestAge, 24*time.Hour) }
func (r KeySetRules) timeout() time.Duration    { return orDefault(r.Timeout, 10*time.Second) }

func orDefault(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}

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
type KeySetDo uint8

const (
	// KeySetRefuse: refuse the token; KeySetAction.Err says why.
	KeySetRefuse KeySetDo = iota
	// KeySetUse: judge the token with KeySetAction.Keys.
	KeySetUse
	// KeySetFetch: fetch the set, past all caches if NoCache, and come back
	// with Fetched or FetchFailed.
	KeySetFetch
	// KeySetWait: a fetch is under way; ask again when it has ended, at the
	// latest at Until.
	KeySetWait
)

// KeySetAction is what Next wants done.
type KeySetAction struct {
	Do      KeySetDo
	Keys    *KeySet
	NoCache bool
	Until   time.Time
	Err     *Error
}

// CodeKeysUnavailable is the code of a refusal because the issuer's keys could
// not be fetched.
const CodeKeysUnavailable = "keys_unavailable"

// Next takes an event and returns the next state and what to do.
func (s KeySetState) Next(e KeySetEvent, now time.Time, r KeySetRules) (KeySetState, KeySetAction) {
	t := now.UnixMilli()
	s = s.setBack(t, r)
	if s.flight != 0 && t-s.flight >= r.timeout().Milliseconds() {
		s = s.failed(t, r) // whoever fetched never came back
	}
	switch e := e.(type) {
	case Fetched:
		return s.fetched(e, t, r)
	case FetchFailed:
		if s.flight != 0 {
			s = s.failed(t, r)
		}
		return s, s.useOrRefuse(t, r)
	case Missing:
		return s.missing(t, r)
	}
	if s.keys != nil && t < s.expires {
		return s, KeySetAction{Do: KeySetUse, Keys: s.keys}
	}
	return s.fetch(t, r, false)
}

// setBack drops what lies further ahead than it can have been noted: the clock was set
// back since. Less than that is what clocks of several instances differ by.
func (s KeySetState) setBack(t int64, r KeySetRules) KeySetState {
	cooldown := r.cooldown().Milliseconds()
	if s.expires > t+max(r.longestAge(), shortestAge).Milliseconds() {
		s.expires = t
	}
	if s.forced > t+cooldown {
		s.forced = 0
	}
	if s.retry > t+cooldown {
		s.retry = 0
	}
	if s.flight > t+r.timeout().Milliseconds() {
		s = s.failed(t, r)
	}
	return s
}

// fetch begins a fetch if none is under way and no failure forbids it.
func (s KeySetState) fetch(t int64, r KeySetRules, force bool) (KeySetState, KeySetAction) {
	switch {
	case s.flight != 0:
		return s, KeySetAction{Do: KeySetWait, Until: time.UnixMilli(s.flight + r.timeout().Milliseconds())}
	case t < s.retry:
		return s, s.useOrRefuse(t, r)
	}
	s.flight = t
	if force {
		s.forced = t
	}
	return s, KeySetAction{Do: KeySetFetch, NoCache: force}
}

func (s KeySetState) missing(t int64, r KeySetRules) (KeySetState, KeySetAction) {
	if s.keys == nil || t >= s.expires {
		return s.fetch(t, r, false)
	}
	if s.forced != 0 && t-s.forced < r.cooldown().Milliseconds() && s.flight == 0 {
		return s, KeySetAction{Do: KeySetUse, Keys: s.keys}
	}
	return s.fetch(t, r, true)
}

func (s KeySetState) fetched(e Fetched, t int64, r KeySetRules) (KeySetState, KeySetAction) {
	keys, err := ParseKeySet(e.Body)
	if err != nil { // an answer that is no key set is no answer
		s = s.failed(t, r)
		a := s.useOrRefuse(t, r)
		if a.Do == KeySetRefuse {
			a.Err = refuse(CodeKeysUnavailable, "what the issuer publishes as its keys is no key set")
		}
		return s, a
	}
	s.body, s.keys = append([]byte(nil), e.Body...), keys
	s.expires = t + age(e.CacheControl, e.Age, r).Milliseconds()
	s.flight, s.retry, s.fails = 0, 0, 0
	return s, KeySetAction{Do: KeySetUse, Keys: keys}
}

func (s KeySetState) failed(t int64, r KeySetRules) KeySetState {
	s.flight = 0
	wait := r.cooldown().Milliseconds()
	if s.fails < 16 { // 1 s, 2 s, 4 s, ...
		wait = min(wait, 1000<<s.fails)
		s.fails++
	}
	s.retry = t + wait
	return s
}

// useOrRefuse answers when no fetch may begin: with the set if it may still be
// used, with a refusal if not.
func (s KeySetState) useOrRefuse(t int64, r KeySetRules) KeySetAction {
	if s.keys != nil && t < s.expires+max(0, r.StaleIfError.Milliseconds()) {
		return KeySetAction{Do: KeySetUse, Keys: s.keys}
	}
	return KeySetAction{Do: KeySetRefuse,
		Err: refuse(CodeKeysUnavailable, "the issuer's keys cannot be fetched now: try again later")}
}

// age returns how long an answer may be used (RFC 9111 sections 4.2 and 5.2.2).
// Of several or unreadable directives the strictest counts.
func age(cacheControl, ageHeader string, r KeySetRules) time.Duration {
	life, named := r.longestAge(), false
	for _, directive := range strings.Split(cacheControl, ",") {
		name, value, _ := strings.Cut(strings.Trim(directive, " \t"), "=")
		switch {
		case isWord(name, "no-store"), isWord(name, "no-cache"):
			return shortestAge
		case isWord(name, "max-age"):
			d, ok := seconds(strings.Trim(value, `"`))
			if !ok {
				return shortestAge
			}
			life, named = min(life, d), true
		}
	}
	if !named {
		life = min(life, r.defaultAge())
	}
	if d, ok := seconds(strings.Trim(ageHeader, " \t")); ok {
		life -= d
	}
	return max(life, shortestAge)
}

// isWord compares in ASCII without regard to case; word is in lower case.
func isWord(s, word string) bool {
	if len(s) != len(word) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// seconds reads delta-seconds (RFC 9111 section 1.2.2), values beyond a year as
// a year.
func seconds(s string) (time.Duration, bool) {
	const most = 365 * 24 * 3600
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		if n = n*10 + int(c); n > most {
			n = most
		}
	}
	return time.Duration(n) * time.Second, s != ""
}
