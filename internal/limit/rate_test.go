package limit

import (
	"testing"
	"time"
)

func TestABurstThenOnePerInterval(t *testing.T) {
	now := noon
	r := NewRate(2, time.Minute)
	take := func(key string, want bool) {
		t.Helper()
		wait := r.Take(Of(key), now)
		if (wait == 0) != want {
			t.Fatalf("%q waits %v", key, wait)
		}
		if wait < 0 || wait > time.Minute {
			t.Fatalf("wait = %v", wait)
		}
	}
	take("a", true)
	take("a", true)
	take("a", false)
	take("a", false) // a refusal costs nothing
	take("b", true)
	now = now.Add(59 * time.Second)
	take("a", false)
	now = now.Add(time.Second)
	take("a", true)
	take("a", false)
	now = now.Add(time.Hour)
	take("a", true)
	take("a", true)
	take("a", false)
	now = now.Add(-time.Hour) // a clock that was set back
	if wait := r.Take(Of("a"), now); wait > time.Minute {
		t.Errorf("waits %v", wait)
	}
}

func TestARateOfNothingAllowsNothing(t *testing.T) {
	if wait := NewRate(0, time.Second).Take(Of("k"), noon); wait != time.Second {
		t.Errorf("waits %v", wait)
	}
}

func TestSoManyADay(t *testing.T) {
	p, now := NewPerDay(3), noon
	for range 3 {
		if wait := p.Take(Of("a"), now); wait != 0 {
			t.Fatalf("waits %v", wait)
		}
		now = now.Add(time.Hour)
	}
	if wait := p.Take(Of("a"), now); wait != 9*time.Hour {
		t.Errorf("waits %v at %v", wait, now)
	}
	if p.Take(Of("b"), now) != 0 {
		t.Error("another has to wait too")
	}
	if p.Take(Of("a"), now.Add(9*time.Hour)) != 0 {
		t.Error("the next day brings nothing")
	}
	if NewPerDay(0).Take(Of("a"), now) == 0 {
		t.Error("none a day allows one")
	}
}

func TestWhatIsGivenBackCanBeTakenAgain(t *testing.T) {
	now := noon
	r, a := NewRate(2, time.Minute), Of("a")
	takes := func(want int) {
		t.Helper()
		got := 0
		for r.Take(a, now) == 0 {
			got++
		}
		if got != want {
			t.Fatalf("%d, want %d", got, want)
		}
	}
	r.Return(a, now) // nothing was taken
	takes(2)
	r.Return(a, now)
	takes(1)
	r.Return(a, now)
	r.Return(a, now)
	r.Return(a, now) // more than was taken
	takes(2)
	r.Return(Of("b"), now)
	now = now.Add(time.Minute) // one came back by itself
	r.Return(a, now)
	takes(2)
	now = now.Add(time.Hour)
	r.Return(a, now)
	takes(2)
}

func TestADayGetsBackWhatDidNotComeToBe(t *testing.T) {
	p, now, k := NewPerDay(2), noon, Of("a")
	p.Return(k, now) // nothing was taken
	two := func(at time.Time) {
		t.Helper()
		for i, refused := range []bool{false, false, true} {
			if got := p.Take(k, at) != 0; got != refused {
				t.Fatalf("take %d: refused is %v", i+1, got)
			}
		}
	}
	for range 5 {
		two(now)
		p.Return(k, now)
		p.Return(k, now)
	}
	p.Take(k, now)
	tomorrow := now.Add(24 * time.Hour)
	p.Return(k, tomorrow) // it was of another day
	two(tomorrow)
}
