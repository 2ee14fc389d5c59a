package limit

import (
	"sync"
	"time"
)

// Backoff says how long a key waits after its failures: not at all after fewer
// than Free, Step after the Free-th, twice as long after each further one, Max at
// most. One failure is forgotten every Max; success forgets none.
//
// Whoever does nothing but fail therefore gets Free + log2(Max/Step) attempts and
// then one every Max, and whoever waits Max is let in again, always.
type Backoff struct {
	Free      int
	Step, Max time.Duration
}

// Failures counts what failed, by key, after the verdict: what is right, or was
// never judged, costs nothing, however long it took. It is for concurrent use.
type Failures struct {
	b      Backoff
	mu     sync.Mutex
	table  *table
	flying map[Key]int // attempts without a verdict; as many as there are callers
}

// inFlight is the wait where all that a key may still fail is being tried just
// now: a verdict takes some hundredths of a second.
const inFlight = time.Second

// NewFailures makes an empty Failures. Where b says nothing it is strict: one
// failure, then one attempt a second at most.
func NewFailures(b Backoff) *Failures {
	b.Step = max(b.Step, time.Second)
	b.Max = max(b.Max, b.Step)
	return &Failures{b: b, table: newTable(tableSize), flying: map[Key]int{}}
}

// Begin says how long key has to wait; 0: it may try now, and End is to be called
// once. As many attempts may be under way at once as could all fail without making
// one wait, and always one: parallel guesses gain nothing over guesses in a row.
func (f *Failures) Begin(key Key, now time.Time) (wait time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, next := f.state(key, now.UnixNano())
	switch {
	case next > 0:
		return next
	case f.flying[key] >= max(1, f.b.Free-n):
		return inFlight
	}
	f.flying[key]++
	return 0
}

// End ends an attempt that Begin let through.
func (f *Failures) End(key Key, failed bool, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flying[key]--; f.flying[key] <= 0 {
		delete(f.flying, key)
	}
	if failed {
		f.fail(key, now.UnixNano())
	}
}

// Fail counts a failure of a key whose attempts are not held back.
func (f *Failures) Fail(key Key, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail(key, now.UnixNano())
}

// Count is how many failures of key are not forgotten.
func (f *Failures) Count(key Key, now time.Time) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, _ := f.state(key, now.UnixNano())
	return n
}

// Forget forgets the failures of a key.
func (f *Failures) Forget(key Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.table.remove(key)
}

// state gives the failures that are not forgotten and how long to wait. An entry's
// until is when the last failure is forgotten, its value when the next attempt may
// be.
func (f *Failures) state(key Key, now int64) (n int, wait time.Duration) {
	s := f.table.find(key)
	if s == nil || s.until <= now {
		return 0, 0
	}
	forget := int64(f.b.Max)
	n = int((s.until - now + forget - 1) / forget)
	// A clock that was set back makes nobody wait longer than Max.
	return n, time.Duration(min(max(s.value-now, 0), forget))
}

func (f *Failures) fail(key Key, now int64) {
	until := now
	if s := f.table.find(key); s != nil && s.until > now {
		until = s.until
	}
	until += int64(f.b.Max)
	// Of a key that nobody holds back (Fail) the count ends somewhere too.
	until = min(until, now+int64(f.b.Max)*int64(f.b.Free+64))
	n := int((until - now + int64(f.b.Max) - 1) / int64(f.b.Max))
	next := now
	if over := n - f.b.Free; over >= 0 {
		next += int64(f.b.wait(over))
	}
	f.table.put(key, next, until, n, now)
}

// wait is Step, doubled so many times, or Max.
func (b Backoff) wait(doubled int) time.Duration {
	d := b.Step
	for range doubled {
		if d >= b.Max/2 {
			return b.Max
		}
		d *= 2
	}
	return min(d, b.Max)
}
