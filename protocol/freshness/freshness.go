// Package freshness decides when a document that somebody publishes over HTTP, a key
// set or a discovery document, is fetched, for how long it counts (RFC 9111 section
// 4.2), and what happens while it cannot be had.
//
// It is a state machine that fetches nothing and knows nothing of the document: a
// state and what happened at a time give the next state and what to do. So a Go server
// and a Worker, which fetch differently, decide alike.
package freshness

import "time"

// State is what is known of one document. The zero value knows nothing. A state is a
// value: keep the one that came back.
//
// What it promises, if its actions are followed:
//   - A document is used until its max-age and no longer, unless StaleIfError says
//     otherwise.
//   - Whoever misses something in it causes at most one fetch per cooldown.
//   - A server that fails is asked again after 1, 2, 4, ... seconds, at most one
//     cooldown apart.
//   - One fetch is under way at a time.
//   - A clock that was set back makes nobody wait for the time that it showed before.
type State struct {
	expires int64 // times are in Unix milliseconds; 0: there is no document
	life    int64 // milliseconds for which the document was good when it came
	forced  int64 // when somebody who missed something last caused a fetch
	flight  int64 // when the fetch under way began; 0 if there is none
	retry   int64 // after a failure, when the next fetch may begin
	fails   int64
}

// Rules are the settings of a State. The zero value has defaults.
type Rules struct {
	// Cooldown is the least time between two fetches because something was missing,
	// for key sets because of unknown keys; 0 means 30 s.
	Cooldown time.Duration
	// DefaultAge is how long a document is used if its answer names no age; 0 means
	// 5 minutes.
	DefaultAge time.Duration
	// ShortestAge is how long a document is used at least, whatever its answer says
	// (no-store, max-age=0); 0 means 1 s. It keeps such an answer from causing a
	// fetch for every use.
	ShortestAge time.Duration
	// LongestAge bounds the age that an answer may name; 0 means 24 hours.
	LongestAge time.Duration
	// StaleIfError is for how long beyond its age a document is still used while
	// fetching fails. 0, the strict value, means not at all: nobody can keep a
	// withdrawn key alive by keeping the issuer unreachable.
	StaleIfError time.Duration
	// Timeout is how long a fetch may be under way before it counts as failed;
	// 0 means 10 s.
	Timeout time.Duration
}

// WaitAtMost is how long a fetch may be under way.
func (r Rules) WaitAtMost() time.Duration { return orDefault(r.Timeout, 10*time.Second) }

func (r Rules) cooldown() int64    { return orDefault(r.Cooldown, 30*time.Second).Milliseconds() }
func (r Rules) defaultAge() int64  { return orDefault(r.DefaultAge, 5*time.Minute).Milliseconds() }
func (r Rules) shortestAge() int64 { return orDefault(r.ShortestAge, time.Second).Milliseconds() }
func (r Rules) longestAge() int64  { return orDefault(r.LongestAge, 24*time.Hour).Milliseconds() }
func (r Rules) timeout() int64     { return r.WaitAtMost().Milliseconds() }

func orDefault(d, def time.Duration) time.Duration {
	if d <= 0 {
		return def
	}
	return d
}

// Do says what to do next.
type Do uint8

const (
	// Refuse: there is no document that may be used, and it is not to be fetched now.
	Refuse Do = iota
	// Use the document that came last.
	Use
	// Fetch it, past all caches if Action.NoCache, and come back with Fetched or
	// Failed.
	Fetch
	// Wait: a fetch is under way; ask again when it has ended, at the latest at
	// Action.Until.
	Wait
)

// Action is what is to be done.
type Action struct {
	Do      Do
	NoCache bool
	// Ahead, with Use: little of the document's life is left. A caller that can fetch
	// beside its work calls Begin and does so; others lose nothing.
	Ahead bool
	Until time.Time
	After time.Duration // with Refuse: when it is worth asking again
}

// Wanted: somebody needs the document.
func (s State) Wanted(now time.Time, r Rules) (State, Action) {
	t := now.UnixMilli()
	s = s.settle(t, r)
	if s.good(t) {
		ahead := s.expires-t <= s.life/10 && s.flight == 0 && t >= s.retry
		return s, Action{Do: Use, Ahead: ahead}
	}
	return s.fetch(t, r, false)
}

// Missing: somebody used the document and missed something that may have been
// published since.
func (s State) Missing(now time.Time, r Rules) (State, Action) {
	t := now.UnixMilli()
	s = s.settle(t, r)
	if s.good(t) && s.forced != 0 && t-s.forced < r.cooldown() && s.flight == 0 {
		return s, Action{Do: Use}
	}
	return s.fetch(t, r, s.good(t))
}

// Begin: a fetch begins now although nobody waits for it, see Action.Ahead.
func (s State) Begin(now time.Time) State {
	s.flight = now.UnixMilli()
	return s
}

// Fetched: the server answered with a document that can be read. cacheControl and
// ageHeader are the answer's headers Cache-Control (several joined by commas) and Age,
// empty if it had none.
func (s State) Fetched(cacheControl, ageHeader string, now time.Time, r Rules) State {
	t := now.UnixMilli()
	s.life = age(cacheControl, ageHeader, r)
	s.expires = t + s.life
	s.flight, s.retry, s.fails = 0, 0, 0
	return s
}

// Failed: there was no answer, or none that is a document.
func (s State) Failed(now time.Time, r Rules) (State, Action) {
	t := now.UnixMilli()
	s = s.settle(t, r)
	if s.flight != 0 {
		s = s.failed(t, r)
	}
	return s, s.useOrRefuse(t, r)
}

func (s State) good(t int64) bool { return t < s.expires }

// settle ends a fetch whose caller never came back, and drops what lies further ahead
// than it can have been noted: the clock was set back since. Less than that is what
// clocks of several instances differ by.
func (s State) settle(t int64, r Rules) State {
	life := max(r.longestAge(), r.shortestAge())
	if s.life != 0 {
		life = min(life, s.life+r.cooldown())
	}
	if s.expires > t+life {
		s.expires = t
	}
	if s.forced > t+r.cooldown() {
		s.forced = 0
	}
	if s.retry > t+r.cooldown() {
		s.retry = 0
	}
	if s.flight != 0 && (t-s.flight >= r.timeout() || s.flight > t+r.timeout()) {
		s = s.failed(t, r)
	}
	return s
}

// fetch begins a fetch if none is under way and no failure forbids it.
func (s State) fetch(t int64, r Rules, force bool) (State, Action) {
	switch {
	case s.flight != 0:
		return s, Action{Do: Wait, Until: time.UnixMilli(s.flight + r.timeout())}
	case t < s.retry:
		return s, s.useOrRefuse(t, r)
	}
	s.flight = t
	if force {
		s.forced = t
	}
	return s, Action{Do: Fetch, NoCache: force}
}

func (s State) failed(t int64, r Rules) State {
	s.flight = 0
	wait := r.cooldown()
	if s.fails < 16 { // 1 s, 2 s, 4 s, ...
		wait = min(wait, 1000<<s.fails)
		s.fails++
	}
	s.retry = t + wait
	return s
}

// useOrRefuse answers when no fetch may begin: with the document if it may still be
// used, with a refusal if not.
func (s State) useOrRefuse(t int64, r Rules) Action {
	if s.expires != 0 && t < s.expires+max(0, r.StaleIfError.Milliseconds()) {
		return Action{Do: Use}
	}
	return Action{Do: Refuse, After: time.Duration(max(0, s.retry-t)) * time.Millisecond}
}

// Without is the state of somebody who has lost the document.
func (s State) Without() State {
	s.expires, s.life = 0, 0
	return s
}

// Field is one number of a State, for storage.
type Field struct {
	Name  string
	Value *int64
}

// Fields are the numbers of a state, each under a name that does not change. None is
// negative, and those that are 0 need not be kept.
func (s *State) Fields() []Field {
	return []Field{{"expires", &s.expires}, {"life", &s.life}, {"forced", &s.forced}, {"flight", &s.flight}, {"retry", &s.retry}, {"fails", &s.fails}}
}
