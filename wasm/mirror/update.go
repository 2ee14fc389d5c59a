package mirror

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// An Answer is what a listed issuer served at its key-commitment path, or why
// there is nothing.
type Answer struct {
	Issuer string // its origin
	Body   []byte // the commitment as it came
	Err    error  // set: there is no body
}

// Codes of events.
const (
	Taken      = "taken"      // an issuer's first document
	Added      = "added"      // a key was added
	Removed    = "removed"    // a key is no longer published: its tokens are dead
	Expired    = "expired"    // a key's time is over
	Shortened  = "shortened"  // a key expires earlier than it said
	Changed    = "changed"    // batch size or id alone
	Waits      = "waits"      // a change will be taken later: one new key in seven days, the rest once a day
	Unlisted   = "unlisted"   // an issuer was struck off the list
	Listed     = "listed"     // an issuer that was known is on the list again
	Prolonged  = "prolonged"  // refused: a key says that it expires later than it said
	Replaced   = "replaced"   // refused: another public key under a known id
	TooMany    = "too_many"   // refused: more than six keys
	Old        = "old"        // refused: a document older than the one that was taken last
	Malformed  = "malformed"  // refused: not a commitment
	Keyless    = "keyless"    // no key is left
	Unanswered = "unanswered" // nothing came
)

// An Event is one thing that an update saw.
type Event struct {
	Issuer  string `json:"issuer"`
	Code    string `json:"code"`
	Message string `json:"message"` // what happened and what it means
	// Trouble: something was refused or is missing, and somebody should look.
	Trouble bool `json:"trouble,omitempty"`
	// Again: the update before said the same.
	Again bool `json:"-"`
}

// Update takes in what the listed issuers served at now, one answer each, and
// returns the next state and the events. It does not change old. An issuer without
// an answer was struck off the list, and is not new when it comes back.
//
//   - The first document of an issuer is taken as it is.
//   - A key that is no longer published, or has expired, is gone at once.
//   - A key is added at most every seven days; of several, the one that expires
//     soonest. A key that was gone and comes back is an added one.
//   - A key may expire earlier than it said, and never later.
//   - Batch size, id and earlier expiries change once a day, and the first two with
//     every key: each change is another document that is kept for good.
//   - A document is refused whole, and nothing of it counts, if it is not a
//     commitment, has more than six live keys, another public key under an id
//     that is known, or a lower id than the document that was taken last while a key of
//     that lives (a copy that some cache has kept).
//   - An issuer that does not answer keeps its keys until they expire.
func Update(old State, answers []Answer, now time.Time) (State, []Event) {
	next := State{maps.Clone(old.issuers)}
	if next.issuers == nil {
		next.issuers = map[string]issuer{}
	}
	var events []Event
	for origin, i := range next.issuers {
		if i.live() != nil && !slices.ContainsFunc(answers, func(a Answer) bool { return a.Issuer == origin }) {
			answers = append(slices.Clip(answers), Answer{Issuer: origin, Err: errUnlisted})
		}
	}
	for _, a := range slices.SortedStableFunc(slices.Values(answers), func(a, b Answer) int { return cmp.Compare(a.Issuer, b.Issuer) }) {
		u := update{origin: a.Issuer, now: now}
		i := u.take(next.issuers[a.Issuer].clone(), a)
		if a.Err == nil && i.live() == nil {
			u.add(Keyless, true, "has no key that can be used, so the document does not name it")
		}
		i.Said = u.say(i.Said)
		next.issuers[a.Issuer] = i
		events = append(events, u.events...)
	}
	return next, events
}

var errUnlisted = errors.New("it is not on the list")

// update is one issuer's share of Update.
type update struct {
	origin string
	now    time.Time
	events []Event
}

func (u *update) add(code string, trouble bool, format string, args ...any) {
	u.events = append(u.events, Event{Issuer: u.origin, Code: code, Trouble: trouble, Message: fmt.Sprintf(format, args...)})
}

// say marks the events that the last update had too, and returns what the next
// one compares with: what lasts, since the other events happen once.
func (u *update) say(before []string) (said []string) {
	for n := range u.events {
		e := &u.events[n]
		if e.Trouble || e.Code == Waits || e.Code == Unlisted {
			line := e.Code + ": " + e.Message
			if e.Code == Unanswered {
				line = e.Code // its words have port numbers in them
			}
			e.Again = slices.Contains(before, line)
			said = append(said, line)
		}
	}
	return said
}

// stays says what an answer that cannot be used leaves.
func (i issuer) stays() string {
	if len(i.Keys) == 0 {
		return "and is unknown to this keeper until it does"
	}
	return "and keeps the keys that it had"
}

// take returns the issuer after its answer. i is the caller's own.
func (u *update) take(i issuer, a Answer) issuer {
	u.expire(&i)
	if a.Err != errUnlisted && slices.ContainsFunc(i.Said, func(s string) bool { return strings.HasPrefix(s, Unlisted) }) {
		u.add(Listed, false, "is on the list again, with the keys that it had")
	}
	if a.Err == errUnlisted {
		u.add(Unlisted, false, "is no longer on the list: the document does not name it, and its tokens stay unused")
		return i
	}
	if a.Err != nil {
		u.add(Unanswered, true, "did not answer with its key commitment, %s: %v", i.stays(), a.Err)
		return i
	}
	c, err := pst.ParseCommitments(a.Body)
	if err != nil {
		u.add(Malformed, true, "served something that is not a key commitment, %s: %v", i.stays(), err)
		return i
	}
	if !u.admissible(i, c) {
		return i
	}
	first := len(i.Keys) == 0
	may := first || !u.now.Before(i.Changed.Add(changeEvery))
	before := len(u.events)
	u.remove(&i, c, may)
	u.insert(&i, c, first)
	keys := slices.ContainsFunc(u.events[before:], func(e Event) bool { return e.Code == Removed || e.Code == Added })
	switch differs := i.ID != c.ID || i.BatchSize != c.BatchSize; {
	case first:
		i.ID, i.BatchSize = c.ID, c.BatchSize
	case differs && (may || keys):
		i.ID, i.BatchSize, i.Changed = c.ID, c.BatchSize, u.now.UTC()
		u.events = slices.Insert(u.events, before, Event{Issuer: u.origin, Code: Changed,
			Message: fmt.Sprintf("has commitment id %d and batch size %d", c.ID, c.BatchSize)})
	case differs:
		// Without the numbers, or an issuer could have a line of the log each hour.
		u.add(Waits, false, "has another commitment id or batch size, which will be taken later: once a day, and with a key")
	}
	return i
}

func (u *update) expire(i *issuer) {
	for n := range i.Keys {
		k := &i.Keys[n]
		over := k.Expiry <= u.now.UnixMicro()
		if over && !k.Over && !k.Gone {
			u.add(Expired, false, "key %d has expired", k.ID)
		}
		k.Over = over // and not forever: a clock that was wrong is set right
	}
	if i.Added.After(u.now) {
		i.Added = u.now.UTC()
	}
	if i.Changed.After(u.now) {
		i.Changed = u.now.UTC()
	}
}

// admissible tells whether anything of the document may count.
func (u *update) admissible(i issuer, c *pst.Commitment) bool {
	live := 0
	for _, k := range c.Keys {
		if k.Expiry > u.now.UnixMicro() {
			live++
		}
		if n, ok := i.find(k.PublicKey.ID()); ok && !bytes.Equal(i.Keys[n].Y, k.PublicKey.Bytes()) {
			u.add(Replaced, true, "has another public key under the id %d, which is refused with the whole document: "+
				"a new key needs an id that was never used", k.PublicKey.ID())
			return false
		}
	}
	switch {
	case live > pst.MaxKeys:
		u.add(TooMany, true, "has %d live keys, and no more than %d are taken: each would be a crowd of its own. The whole document is refused", live, pst.MaxKeys)
		return false
	// Where no key lives, a lower id counts: a number that was served once by mistake
	// would otherwise shut the issuer out for good.
	case c.ID < i.ID && i.live() != nil:
		u.add(Old, true, "served commitment id %d after %d, so this is an older copy, and nothing of it counts: "+
			"look at its caches, and raise id with every change", c.ID, i.ID)
		return false
	}
	return true
}

// remove counts what makes the crowd of a key's holders no smaller: keys that are
// gone, at once, and earlier expiries where those may change, or where the key ends.
func (u *update) remove(i *issuer, c *pst.Commitment, may bool) {
	published := map[uint32]int64{}
	for _, k := range c.Keys {
		published[k.PublicKey.ID()] = k.Expiry
	}
	for n := range i.Keys {
		k := &i.Keys[n]
		if k.Gone {
			continue
		}
		switch expiry, ok := published[k.ID]; {
		case !ok:
			k.Gone = true
			if !k.Over {
				u.add(Removed, false, "key %d is no longer published: its tokens are dead", k.ID)
			}
		case expiry < k.Expiry && !may && expiry > u.now.UnixMicro():
			u.add(Waits, false, "key %d expires earlier, which will be taken later: once a day", k.ID)
		case expiry < k.Expiry:
			k.Expiry = expiry
			k.Over = expiry <= u.now.UnixMicro()
			i.Changed = u.now.UTC()
			u.add(Shortened, false, "key %d expires earlier, on %s", k.ID, date(expiry))
		case expiry > k.Expiry:
			u.prolonged(*k, expiry)
		}
	}
}

func (u *update) prolonged(k key, expiry int64) {
	u.add(Prolonged, true, "key %d says that it expires on %s, and keeps %s, as it said before: "+
		"a key whose time is over needs a successor", k.ID, date(expiry), date(k.Expiry))
}

// insert adds the keys that are new, all of an issuer's first document, else one.
func (u *update) insert(i *issuer, c *pst.Commitment, first bool) {
	var fresh []key
	for _, k := range c.Keys {
		f := key{ID: k.PublicKey.ID(), Y: k.PublicKey.Bytes(), Expiry: k.Expiry}
		if n, known := i.find(f.ID); known {
			if !i.Keys[n].Gone {
				continue
			}
			f.Expiry = min(f.Expiry, i.Keys[n].Expiry)
		}
		switch {
		case f.Expiry > u.now.UnixMicro():
			fresh = append(fresh, f)
		case k.Expiry > u.now.UnixMicro():
			u.prolonged(f, k.Expiry)
		}
	}
	slices.SortFunc(fresh, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.Expiry, b.Expiry), cmp.Compare(a.ID, b.ID))
	})
	wait := i.Added.Add(AddEvery)
	for _, f := range fresh {
		if !first && u.now.Before(wait) {
			u.add(Waits, false, "key %d is new and will be taken after %s: one key is added in seven days", f.ID, wait.UTC().Format(time.DateTime))
			continue
		}
		n, known := i.find(f.ID)
		if known {
			i.Keys[n] = f
		} else {
			i.Keys = slices.Insert(i.Keys, n, f)
		}
		i.Added = u.now.UTC()
		if first {
			u.add(Taken, false, "key %d, which expires on %s, is among its first", f.ID, date(f.Expiry))
			continue
		}
		u.add(Added, false, "key %d, which expires on %s, was added", f.ID, date(f.Expiry))
		wait = i.Added.Add(AddEvery)
	}
}

func date(microseconds int64) string {
	return time.UnixMicro(microseconds).UTC().Format(time.DateOnly)
}
