package limit

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// mostWaiting bounds a queue also where the work is very short.
	mostWaiting = 1024
	// farthest is for how long ahead those who are turned away are given a time,
	// in multiples of the patience.
	farthest = 30
	// remembered is how long somebody who was turned away is let in before others.
	remembered = 2 * time.Minute
	// ahead is how many waiting attempts of one known caller go before strangers.
	ahead = 2
)

// Standing is how much is known for a caller. Who has the highest leaves a full
// queue first.
type Standing int

// The standings.
const (
	Known    Standing = -1 // was here before and proves it
	Stranger Standing = 0
	Suspect  Standing = 1 // comes from where much fails
)

// Caller is who wants work done.
type Caller struct {
	From     Key // whom the queue is shared out to: a network, a known browser
	Self     Key // who is remembered when turned away: a person in a network
	Standing Standing
}

// Busy says that there is more work than can be done soon: 503 with Retry-After.
type Busy struct {
	After time.Duration // whole seconds
}

// Error says when to come back.
func (b *Busy) Error() string { return fmt.Sprintf("limit: too much to do; come back in %v", b.After) }

// Slots caps work in flight: room for some at once, and a queue, in the order of
// arrival, of as many as can be expected to have their turn within a time. It is
// for concurrent use.
//
// Who comes to a full queue takes the place of somebody of lower standing, or else
// of somebody from where more wait than from here, so that no network holds the
// queue against the others. Those who were turned away get times to come back at
// that lie as far apart as the work is long. Who comes back then goes before those
// who were turned away less often, so that whoever does as told is in after two or
// three attempts, hardly ever more, while twice as many come as can be served; who
// comes back earlier is as new.
type Slots struct {
	room     int
	patience time.Duration

	mu       sync.Mutex
	each     time.Duration // how long the work takes, on average
	running  int
	queue    []*waiter   // not empty only while there is no room
	waiting  map[Key]int // in the queue, by Caller.From
	known    int         // in the queue with Known
	promised int64       // the last time that somebody was told to come back at
	away     *table      // who was turned away
}

type waiter struct {
	Caller
	turned int        // how often it was turned away and waited as told
	turn   chan error // nil, or a *Busy
	slot   *Slot      // with a nil turn
}

// Slot is a place at work; Leave it once.
type Slot struct {
	s     *Slots
	began time.Time
}

// NewSlots makes room for some at once and a queue for a time. each is how long the
// work takes, until it was seen how long it takes.
func NewSlots(room int, patience, each time.Duration) *Slots {
	return &Slots{room: max(1, room), patience: patience, each: max(each, time.Microsecond),
		waiting: map[Key]int{}, away: newTable(tableSize)}
}

// Enter waits for its turn. The error is a *Busy or the context's own.
func (s *Slots) Enter(ctx context.Context, c Caller, now time.Time) (*Slot, error) {
	s.mu.Lock()
	if s.running < s.room {
		s.running++
		s.mu.Unlock()
		return &Slot{s, now}, nil
	}
	w := &waiter{Caller: c, turn: make(chan error, 1)}
	if e := s.away.find(c.Self); e != nil && e.until > now.UnixNano() {
		w.turned = int(e.value)
		if told(e) > now.UnixNano() {
			w.turned-- // as before it was told
		}
	}
	// Being known is worth two places, and half the queue to all who are known.
	if c.Standing == Known && (s.waiting[c.From] >= ahead || s.known >= s.length()/2) {
		w.Standing = Stranger
	}
	if len(s.queue) >= s.length() && !s.displace(w, now) {
		busy := s.turnAway(w, now)
		s.mu.Unlock()
		return nil, busy
	}
	s.queue = append(s.queue, w)
	s.tally(w, 1)
	s.mu.Unlock()

	select {
	case err := <-w.turn:
		return w.slot, err
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case err := <-w.turn:
		if err == nil {
			s.pass(w.slot.began)
		}
	default:
		s.drop(w)
	}
	return nil, ctx.Err()
}

// Leave makes room for the next.
func (p *Slot) Leave(now time.Time) {
	s := p.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if took := now.Sub(p.began); took > 0 {
		s.each = max(s.each+(took-s.each)/8, time.Microsecond)
	}
	s.pass(now)
}

// length is how many can expect their turn in time; one at least, however long the
// work takes.
func (s *Slots) length() int {
	return int(min(max(int64(s.patience)*int64(s.room)/int64(s.each), 1), mostWaiting))
}

// pass gives a place to the first in the queue.
func (s *Slots) pass(now time.Time) {
	if len(s.queue) == 0 {
		s.running--
		return
	}
	w := s.queue[0]
	s.drop(w)
	w.slot = &Slot{s, now}
	w.turn <- nil
}

// displace turns somebody in the queue away if w goes before them.
func (s *Slots) displace(w *waiter, now time.Time) bool {
	var last *waiter
	for i := len(s.queue) - 1; i >= 0; i-- { // the newest first
		if q := s.queue[i]; last == nil || before(last, q, s.waiting[last.From], s.waiting[q.From]) {
			last = q
		}
	}
	// As many as there would be with w in the place of last.
	of, own := s.waiting[last.From], s.waiting[w.From]+1
	if last.From == w.From {
		own = of
	}
	if !before(w, last, own, of) {
		return false
	}
	s.drop(last)
	last.turn <- s.turnAway(last, now)
	return true
}

// before tells whether a goes before b, where as many as these wait from where
// they come from.
func before(a, b *waiter, fromA, fromB int) bool {
	if a.Standing != b.Standing {
		return a.Standing < b.Standing
	}
	if fromA != fromB {
		return fromA < fromB
	}
	return a.turned > b.turned
}

func (s *Slots) drop(w *waiter) {
	for i, q := range s.queue {
		if q == w {
			s.queue = append(s.queue[:i], s.queue[i+1:]...)
			s.tally(w, -1)
			return
		}
	}
}

func (s *Slots) tally(w *waiter, n int) {
	if s.waiting[w.From] += n; s.waiting[w.From] == 0 {
		delete(s.waiting, w.From)
	}
	if w.Standing == Known {
		s.known += n
	}
}

// turnAway remembers who is turned away and finds the time to come back at. Who
// came before their time gains nothing for having asked.
func (s *Slots) turnAway(w *waiter, now time.Time) *Busy {
	// A fifth of the work is promised to nobody, or those who come back, by the
	// whole second, would find the queue full of their like.
	at, step := now.UnixNano(), int64(s.each)*5/4/int64(s.room)
	s.promised = min(max(s.promised, at+step*int64(len(s.queue)))+step, at+farthest*int64(s.patience))
	if e := s.away.find(w.Self); e == nil || told(e) <= at {
		s.away.put(w.Self, int64(w.turned+1), s.promised+int64(remembered), w.turned+1, at)
	}
	after := time.Duration(s.promised - at)
	return &Busy{max((after + time.Second - 1).Truncate(time.Second), time.Second)}
}

// told is when who was turned away was told to come back.
func told(e *slot) int64 { return e.until - int64(remembered) }
