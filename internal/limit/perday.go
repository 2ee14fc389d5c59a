package limit

import (
	"sync"
	"time"
)

// PerDay allows each key a number of events per day (UTC): mails to one address. It
// is for concurrent use.
type PerDay struct {
	most  int
	mu    sync.Mutex
	table *table
}

// NewPerDay makes a PerDay of which nothing is used.
func NewPerDay(most int) *PerDay { return &PerDay{most: most, table: newTable(tableSize)} }

const day = int64(24 * time.Hour)

// Take takes one event of key, or says how long until the next day.
func (p *PerDay) Take(key Key, now time.Time) (wait time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := now.UnixNano()
	end := at - at%day + day
	used := 0
	if s := p.table.find(key); s != nil && s.until == end {
		used = int(s.value)
	}
	if used >= p.most {
		return time.Duration(end - at)
	}
	p.table.put(key, int64(used+1), end, used+1, at)
	return 0
}

// Return gives back an event of the same day that was taken and did not come to be.
func (p *PerDay) Return(key Key, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := now.UnixNano()
	s := p.table.find(key)
	switch {
	case s == nil || s.until <= at:
	case s.value <= 1:
		p.table.remove(key)
	default:
		p.table.put(key, s.value-1, s.until, int(s.value-1), at)
	}
}
