package keyring

import (
	"errors"
	"slices"
	"strconv"
	"time"
)

// Rules say how the keys of a ring follow each other.
type Rules struct {
	// Ahead publishes a key before it signs: for keys that others know from a
	// document that they fetch now and then. Without it a rotation makes the key
	// that signs from then on.
	Ahead bool
	// Notice is for how long a key is published before it signs.
	Notice time.Duration
	// Every is the time between rotations of keys that are made with an expiry: a
	// key signs for one such time, and what it signed is good for another. 0: keys
	// get one when they retire.
	Every time.Duration
	// Keep is for how long a key that has no expiry stays once it signs no more.
	Keep time.Duration
	// Most is how many keys can be published at a time; 0 is no bound.
	Most int
}

// lastID is the highest id from which a rotation goes on: it makes two at most.
const lastID = 1<<32 - 3

var errIDs = errors.New("there are no key ids left above 4294967293")

// Rotate gives every key its next state: the next key signs, the one that signed is
// retired, a new next key is wanted, expired keys are gone. It is a function of what
// it is given: keys that are to be made have an empty Text in the ring that it
// returns, and whoever knows the kind makes them. Where there is no next key yet, one
// is wanted and nothing else changes; a ring without keys begins with what it needs.
func Rotate(r Ring, now time.Time, rules Rules) (Ring, error) {
	now = now.UTC().Round(0) // it goes into the text
	out := r
	out.Keys = nil
	for _, k := range r.Keys {
		if k.State == Retired && k.Expires.IsZero() { // nobody knows since when
			k.Expires = now.Add(rules.Keep)
		}
		if k.Role(now) != Expired {
			out.Keys = append(out.Keys, k)
		}
	}
	if r.highest() > lastID {
		return r, errIDs
	}
	id := r.highest() + 1
	next, signs := out.next(now), out.current() >= 0
	switch {
	// Nothing can be signed until another key does; whoever does not know it yet
	// loses no more than is lost already.
	case next >= 0 && !signs:
		out.promote(next, now, rules)
	case next >= 0:
		if err := out.Keys[next].known(now, rules.Notice); err != nil {
			return r, err
		}
		out.promote(next, now, rules)
	case !signs || !rules.Ahead:
		out.begin(id, now, rules)
		id++
	}
	if n := len(out.Keys) + wanted(rules); rules.Most > 0 && n > rules.Most {
		return r, out.full(n, rules)
	}
	if rules.Ahead {
		out.addNext(id, now, rules)
	}
	return out.changed(), nil
}

func wanted(rules Rules) int {
	if rules.Ahead {
		return 1
	}
	return 0
}

// Withdraw drops a key at once, for one that somebody else has. Its successor signs
// if it was the one that signed, however new that is.
func Withdraw(r Ring, id uint32, now time.Time, rules Rules) (Ring, error) {
	gone := slices.IndexFunc(r.Keys, func(k Key) bool { return k.ID == id })
	if gone < 0 {
		return r, errors.New("there is no key " + number(id))
	}
	now = now.UTC().Round(0)
	out := r
	out.Keys = slices.Clone(r.Keys)
	was, next := r.Keys[gone].Role(now), r.next(now)
	if was == Expired {
		return r, errors.New("key " + number(id) + " has expired: its signatures are worth nothing already, and a rotation drops it")
	}
	if r.highest() > lastID {
		return r, errIDs
	}
	made := r.highest() + 1
	switch {
	case was == Current && next >= 0:
		out.promote(next, now, rules)
	case was == Current:
		out.begin(made, now, rules)
		made++
	}
	out.Keys = slices.DeleteFunc(out.Keys, func(k Key) bool { return k.ID == id })
	// A withdrawal never waits for room; the next rotation makes what is missing.
	if was != Retired && rules.Ahead && (rules.Most == 0 || len(out.Keys) < rules.Most) {
		out.addNext(made, now, rules)
	}
	return out.changed(), nil
}

// changed raises the number under which token keys are published.
func (r Ring) changed() Ring {
	if r.Kind == Token {
		r.Commitment++
	}
	return r
}

func (r Ring) highest() (id uint32) {
	for _, k := range r.Keys {
		id = max(id, k.ID)
	}
	return id
}

// promote makes the i-th key the one that signs and puts it first; the others keep
// their order.
func (r *Ring) promote(i int, now time.Time, rules Rules) {
	r.retire(now, rules)
	k := r.Keys[i]
	k.State = Current
	r.Keys = slices.Insert(slices.Delete(r.Keys, i, i+1), 0, k)
}

// begin puts a new key first, which signs at once.
func (r *Ring) begin(id uint32, now time.Time, rules Rules) {
	r.retire(now, rules)
	k := Key{ID: id, State: Current, Published: now}
	if rules.Every > 0 {
		k.Expires = after(now, 2, rules.Every)
	}
	r.Keys = slices.Insert(r.Keys, 0, k)
}

// after adds turns one by one: three long ones are more than a Duration holds.
func after(t time.Time, turns int, every time.Duration) time.Time {
	for range turns {
		t = t.Add(every)
	}
	return t
}

func (r *Ring) retire(now time.Time, rules Rules) {
	if i := r.current(); i >= 0 {
		k := &r.Keys[i]
		k.State = Retired
		if k.Expires.IsZero() {
			k.Expires = now.Add(rules.Keep)
		}
	}
}

// addNext wants the key that signs after the current one. It expires later by one
// turn at least.
func (r *Ring) addNext(id uint32, now time.Time, rules Rules) {
	k := Key{ID: id, State: Next, Published: now}
	if rules.Every > 0 {
		k.Expires = after(now, 3, rules.Every)
		if least := r.Current().Expires.Add(rules.Every); k.Expires.Before(least) {
			k.Expires = least
		}
	}
	r.Keys = append(r.Keys, k)
}

// known refuses a key that others may not have heard of: they refuse what it signs.
func (k Key) known(now time.Time, notice time.Duration) error {
	if k.Published.IsZero() && notice > 0 {
		return errors.New("the ring does not say since when key " + number(k.ID) + " is published. Write it into its line after the state, as published=" +
			stamp(now) + ", or rotate with no notice")
	}
	if from := k.Published.Add(notice); now.Before(from) {
		return errors.New("key " + number(k.ID) + " is published since " + stamp(k.Published) +
			" only; who has not heard of it refuses what it signs. Rotate after " + stamp(from) + ", or now with a shorter notice (-notice 0d: none)")
	}
	return nil
}

func (r Ring) full(n int, rules Rules) error {
	soonest := time.Time{}
	for _, k := range r.Keys {
		if !k.Expires.IsZero() && (soonest.IsZero() || k.Expires.Before(soonest)) {
			soonest = k.Expires
		}
	}
	return errors.New("there are " + strconv.Itoa(n-1) + " keys that have not expired, and no more than " + strconv.Itoa(rules.Most) +
		" can be published. The first of them expires at " + stamp(soonest) + ": rotate after that")
}
