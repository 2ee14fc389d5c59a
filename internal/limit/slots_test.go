package limit

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// work enters, works for a time and leaves; it returns how long it waited.
func work(s *Slots, ctx context.Context, c Caller, takes time.Duration) (waited time.Duration, err error) {
	began := time.Now()
	place, err := s.Enter(ctx, c, began)
	waited = time.Since(began)
	if err != nil {
		return waited, err
	}
	time.Sleep(takes)
	place.Leave(time.Now())
	return waited, nil
}

func stranger(network string, i int) Caller {
	return Caller{From: Of(network), Self: Of(network, strconv.Itoa(i))}
}

func idle(t *testing.T, s *Slots) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != 0 || len(s.queue) != 0 || len(s.waiting) != 0 || s.known != 0 {
		t.Errorf("%d at work, %d in the queue, %d networks, %d known", s.running, len(s.queue), len(s.waiting), s.known)
	}
}

const takes = 36 * time.Millisecond

func TestNobodyWaitsLongerThanThePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(2, 2*time.Second, takes)
		got := make(chan error)
		for i := range 1000 {
			go func() {
				waited, err := work(s, t.Context(), stranger(strconv.Itoa(i%7), i), takes)
				if waited > 2*time.Second+takes {
					t.Errorf("waited %v", waited)
				}
				got <- err
			}()
		}
		in, last := 0, time.Duration(0)
		for range 1000 {
			var busy *Busy
			if err := <-got; err == nil {
				in++
			} else if !errors.As(err, &busy) || busy.After < time.Second || busy.After > time.Minute || busy.After%time.Second != 0 {
				t.Fatalf("%v", err)
			} else {
				last = max(last, busy.After)
			}
		}
		if in != 2+111 {
			t.Errorf("%d were let in", in)
		}
		if last < 16*time.Second { // 887 of them, 55 a second
			t.Errorf("all are told to come back within %v", last)
		}
		idle(t, s)
	})
}

func TestTheQueueIsShorterWhereTheWorkIsLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(2, 2*time.Second, takes)
		for range 50 {
			if _, err := work(s, t.Context(), stranger("a", 0), 500*time.Millisecond); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.length(); n != 8 {
			t.Errorf("%d may wait for work of half a second", n)
		}
		for range 50 {
			if _, err := work(s, t.Context(), stranger("a", 0), 7*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		if n := s.length(); n != 1 {
			t.Errorf("%d may wait for work of 7 seconds", n)
		}
		if n := NewSlots(0, 0, 0).length(); n != 1 {
			t.Errorf("a queue that nothing is said about holds %d", n)
		}
	})
}

// flood keeps the queue full from one network until the context ends.
func flood(ctx context.Context, s *Slots, c func(i int) Caller, rate int, takes time.Duration) {
	for i := 0; ctx.Err() == nil; i++ {
		go func() { _, _ = work(s, ctx, c(i), takes) }()
		time.Sleep(time.Second / time.Duration(rate))
	}
}

func TestOneNetworkCannotHoldTheQueue(t *testing.T) {
	for name, c := range map[string]struct {
		flood func(i int) Caller
		tries int // that somebody from elsewhere needs
		who   Standing
	}{
		"one network":           {func(i int) Caller { return stranger("flood", i) }, 1, Stranger},
		"ten networks":          {func(i int) Caller { return stranger("flood"+strconv.Itoa(i%10), i) }, 1, Stranger},
		"suspects everywhere":   {func(i int) Caller { c := stranger(strconv.Itoa(i), i); c.Standing = Suspect; return c }, 1, Stranger},
		"a network of its own":  {func(i int) Caller { return stranger(strconv.Itoa(i), i) }, 2, Stranger},
		"the same network":      {func(i int) Caller { return stranger("me", i+1) }, 2, Stranger},
		"everywhere, and known": {func(i int) Caller { return stranger(strconv.Itoa(i), i) }, 1, Known},
		"a known browser":       {func(i int) Caller { return Caller{Of("bad"), Of("bad"), Known} }, 1, Stranger},
		"everywhere, and one known browser": {func(i int) Caller {
			if i%2 == 0 {
				return Caller{Of("bad"), Of("bad"), Known}
			}
			return stranger(strconv.Itoa(i), i)
		}, 1, Known},
		"many known browsers": {func(i int) Caller {
			return Caller{Of("bad", strconv.Itoa(i)), Of("bad", strconv.Itoa(i)), Known}
		}, 2, Stranger},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := NewSlots(2, 2*time.Second, takes)
				ctx, cancel := context.WithCancel(t.Context())
				go flood(ctx, s, c.flood, 200, takes) // 55 can be served
				time.Sleep(10 * time.Second)
				for i := range 20 {
					me := stranger("me", -i)
					me.Standing = c.who
					tries := 1
					for ; tries < 10; tries++ {
						_, err := work(s, ctx, me, takes)
						var busy *Busy
						if !errors.As(err, &busy) {
							break
						}
						time.Sleep(busy.After)
					}
					if tries > c.tries {
						t.Errorf("needed %d tries", tries)
					}
				}
				cancel()
				time.Sleep(time.Minute)
				idle(t, s)
			})
		})
	}
}

func TestWhoGivesUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(1, 2*time.Second, takes)
		place, err := s.Enter(t.Context(), stranger("a", 0), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan error)
		for i := range 10 {
			go func() {
				_, err := work(s, ctx, stranger("a", i), takes)
				got <- err
			}()
		}
		synctest.Wait()
		// The turn comes at the same moment as the end: the place must not be lost.
		s.mu.Lock()
		cancel()
		s.pass(time.Now())
		s.mu.Unlock()
		_ = place
		for range 10 {
			if err := <-got; err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		}
		synctest.Wait()
		idle(t, s)
		if _, err := work(s, t.Context(), stranger("a", 0), takes); err != nil {
			t.Error(err)
		}
	})
}
