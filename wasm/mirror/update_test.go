package mirror

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	hour = time.Hour
	day  = 24 * hour
)

func TestTheFirstDocumentIsTakenAsItIs(t *testing.T) {
	m := newMirrorOf(t)
	m.after(0, commitment(t, 3, published{id: 9}, published{id: 2}), Taken, Taken)
	if c := m.publishes(2, 9); c.ID != 3 || c.BatchSize != 10 {
		t.Errorf("%+v", c)
	}
	m.after(hour, commitment(t, 3, published{id: 9}, published{id: 2}))
}

func TestAKeyIsAddedAtMostEverySevenDays(t *testing.T) {
	m := newMirrorOf(t)
	one, two, three := published{id: 1}, published{id: 2}, published{id: 3, expiry: later.Add(-day)}
	m.after(0, commitment(t, 1, one), Taken)
	e := m.after(hour, commitment(t, 2, one, two), Changed, Waits)
	if e[1].Again || e[1].Trouble || !strings.Contains(e[1].Message, "2026-12-08 12:00:00") {
		t.Errorf("%+v", e)
	}
	if e := m.after(hour, commitment(t, 2, one, two), Waits); !e[0].Again {
		t.Error("the same is said twice")
	}
	m.publishes(1)
	// Of two that wait, the one that expires first.
	m.after(7*day-2*hour-time.Second, commitment(t, 2, one, two, three), Waits, Waits)
	m.publishes(1)
	m.after(time.Second, commitment(t, 2, one, two, three), Added, Waits)
	m.publishes(1, 3)
	m.after(7*day, commitment(t, 2, one, two, three), Added)
	m.publishes(1, 2, 3)
}

func TestARemovedKeyCountsAtOnce(t *testing.T) {
	m := newMirrorOf(t)
	one, two := published{id: 1}, published{id: 2}
	m.after(0, commitment(t, 1, one, two), Taken, Taken)
	m.after(hour, commitment(t, 2, two), Changed, Removed)
	m.publishes(2)
	// And comes back like any other added key.
	m.after(hour, commitment(t, 3, one, two), Waits, Waits)
	m.after(7*day, commitment(t, 3, one, two), Changed, Added)
	m.publishes(1, 2)
	// As fast as keys go and come, one is added in seven days.
	for n := uint32(0); n < 40; n++ {
		c := []published{one}
		if n%2 == 1 {
			c = []published{one, two}
		}
		m.now = m.now.Add(hour)
		m.state, _ = Update(m.state, []Answer{{Issuer: own, Body: commitment(t, 4+n, c...)}}, m.now)
	}
	m.publishes(1)
}

func TestANewKeyEachHourGetsNoNewKeys(t *testing.T) {
	m := newMirrorOf(t)
	m.after(0, commitment(t, 1, published{id: 1}), Taken)
	seen := map[string]bool{}
	for n := uint32(2); n < 2+14*24; n++ {
		m.now = m.now.Add(hour)
		m.state, _ = Update(m.state, []Answer{{Issuer: own, Body: commitment(t, n, published{id: n})}}, m.now)
		seen[string(m.state.Document([]string{own}))] = true
	}
	// The first key goes at once; then one key in each of two weeks, each gone
	// within the hour.
	if len(seen) != 3 {
		t.Errorf("%d documents in two weeks", len(seen))
	}
}

func TestAnotherPublicKeyUnderAKnownIDIsRefused(t *testing.T) {
	m := newMirrorOf(t)
	one, two := published{id: 1}, published{id: 2}
	m.after(0, commitment(t, 1, one, two), Taken, Taken)
	for range 2 {
		e := m.after(8*day, commitment(t, 2, published{id: 1, which: 1}), Replaced)
		if !e[0].Trouble || !strings.Contains(e[0].Message, "under the id 1") {
			t.Errorf("%+v", e)
		}
		m.publishes(1, 2) // nothing of such a document counts
	}
	// Also after the id was gone for a while.
	m.after(hour, commitment(t, 2, two), Changed, Removed)
	m.after(30*day, commitment(t, 3, published{id: 1, which: 1}, two), Replaced)
	m.publishes(2)
}

func TestMoreThanSixKeysAreRefused(t *testing.T) {
	var six, seven []published
	for id := uint32(1); id <= 7; id++ {
		seven = append(seven, published{id: id})
	}
	six = seven[:6]
	m := newMirrorOf(t)
	m.after(0, commitment(t, 1, seven...), TooMany, Keyless)
	m.publishes()
	m.after(hour, commitment(t, 1, six...), Taken, Taken, Taken, Taken, Taken, Taken)
	m.after(8*day, commitment(t, 2, seven...), TooMany)
	m.publishes(1, 2, 3, 4, 5, 6)
	// Those that have expired do not count.
	expired := slices.Clone(seven)
	expired[6].expiry = start
	m.after(hour, commitment(t, 2, expired...), Changed)
	m.publishes(1, 2, 3, 4, 5, 6)
}

func TestAKeyMayExpireEarlierButNeverLater(t *testing.T) {
	m := newMirrorOf(t)
	until := func(at time.Time) []byte { return commitment(t, 1, published{id: 1, expiry: at}, published{id: 2}) }
	m.after(0, until(start.Add(30*day)), Taken, Taken)
	if e := m.after(hour, until(start.Add(60*day)), Prolonged); !e[0].Trouble {
		t.Errorf("%+v", e)
	}
	if c := m.publishes(1, 2); c.Keys[0].Expiry != start.Add(30*day).UnixMicro() {
		t.Error("a later expiry was taken")
	}
	m.after(hour, until(start.Add(20*day)), Shortened)
	if c := m.publishes(1, 2); c.Keys[0].Expiry != start.Add(20*day).UnixMicro() {
		t.Error("an earlier expiry was not taken")
	}
	m.after(hour, until(start.Add(30*day)), Prolonged)
	// Gone and back: it keeps what it said.
	m.after(8*day, commitment(t, 1, published{id: 2}), Removed)
	m.after(hour, until(start.Add(90*day)), Added)
	if c := m.publishes(1, 2); c.Keys[0].Expiry != start.Add(20*day).UnixMicro() {
		t.Error("a key that came back took a later expiry with it")
	}
	m.after(20*day, until(start.Add(90*day)), Expired, Prolonged)
	m.publishes(2)
	m.after(hour, commitment(t, 1, published{id: 2}))
	m.after(hour, until(start.Add(90*day)), Prolonged)
	m.publishes(2)
	// To expire at once is to be removed.
	m.after(hour, commitment(t, 1, published{id: 2, expiry: start}), Shortened, Keyless)
	m.publishes()
}

func TestExpiredKeysAreDropped(t *testing.T) {
	m := newMirrorOf(t)
	body := commitment(t, 1, published{id: 1, expiry: start.Add(day)}, published{id: 2, expiry: start.Add(2 * day)}, published{id: 3, expiry: start})
	m.after(0, body, Taken, Taken)
	m.publishes(1, 2)
	m.after(day-time.Microsecond, body)
	m.publishes(1, 2)
	m.after(time.Microsecond, body, Expired)
	m.publishes(2)
	// Also of an issuer that does not answer.
	m.answered(day, Answer{Issuer: own, Err: errors.New("no route")}, Expired, Unanswered)
	m.publishes()
	// A clock that was wrong is set right.
	m.after(-2*day, body)
	m.publishes(1, 2)
}

func TestAClockThatWasAheadStopsAnAdditionForSevenDaysAtMost(t *testing.T) {
	m := newMirrorOf(t)
	far := start.AddDate(10, 0, 0)
	one, two, three := published{id: 1, expiry: far.AddDate(1, 0, 0)}, published{id: 2, expiry: far.AddDate(1, 0, 0)}, published{id: 3}
	m.after(0, commitment(t, 1, one), Taken)
	m.after(far.Sub(start), commitment(t, 1, one, two), Added)
	m.after(start.Sub(far), commitment(t, 1, one, two, three), Waits)
	m.after(7*day, commitment(t, 1, one, two, three), Added)
	m.publishes(1, 2, 3)
}

func TestADamagedStateIsRefused(t *testing.T) {
	m := newMirrorOf(t)
	m.after(0, commitment(t, 1, published{id: 1}, published{id: 2}), Taken, Taken)
	good, err := json.Marshal(m.state)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseState(good); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]string{
		"empty": "", "cut": string(good[:len(good)-1]), "trailing": string(good) + "{}", "another version": strings.Replace(string(good), `"bonafides_mirror":1`, `"bonafides_mirror":2`, 1),
		"no issuers": `{"bonafides_mirror":1}`, "an unknown member": `{"bonafides_mirror":1,"issuers":{},"x":1}`,
		"no origin": strings.Replace(string(good), own, own+"/", 1), "an id that is not the key's": strings.Replace(string(good), `"id":2,"Y"`, `"id":3,"Y"`, 1),
		"not sorted": strings.Replace(string(good), `"id":1,"Y"`, `"id":7,"Y"`, 1), "batch size 0": strings.Replace(string(good), `"batchsize":10`, `"batchsize":0`, 1),
	} {
		if _, err := ParseState([]byte(b)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if s, err := ParseState([]byte(`{"bonafides_mirror":1,"issuers":{}}`)); err != nil || string(s.Document(nil)) != `{"bonafides":1,"issuers":{}}` {
		t.Errorf("%v %s", err, s.Document(nil))
	}
}
