package limit

import (
	"sync"
	"time"
)

// Rate allows each key a burst and then one event per interval. It is for
// concurrent use.
type Rate struct {
	burst int
	every time.Duration
	mu    sync.Mutex
	table *table
}

// NewRate makes a Rate in which all keys have their burst.
func NewRate(burst int, every time.Duration) *Rate {
	return &Rate{burst: burst, every: every, table: newTable(tableSize)}
}

// Take takes one event of key, or says how long until there is one. A refusal costs
// nothing.
func (r *Rate) Take(key Key, now time.Time) (wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, every := now.UnixNano(), int64(r.every)
	// An entry's until is when the key has its burst again.
	full := at
	if s := r.table.find(key); s != nil && s.until > at {
		// A clock that was set back makes nobody wait longer than for a burst.
		full = min(s.until, at+every*int64(r.burst))
	}
	full += every
	if over := full - at - every*int64(r.burst); over > 0 {
		return time.Duration(over)
	}
	r.table.put(key, 0, full, int((full-at+every-1)/every), at)
	return 0
}

// Return gives back an event that was taken and did not come to be, in whatever order
// the events ended. A key never has more than its burst.
func (r *Rate) Return(key Key, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, every := now.UnixNano(), int64(r.every)
	s := r.table.find(key)
	switch {
	case s == nil || s.until <= at: // it has its burst
	case s.until-every <= at:
		r.table.remove(key)
	default:
		full := s.until - every
		r.table.put(key, 0, full, int((full-at+every-1)/every), at)
	}
}
