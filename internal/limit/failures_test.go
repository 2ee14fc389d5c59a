package limit

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// fails begins and ends an attempt that fails.
func fails(t *testing.T, f *Failures, k Key, now time.Time, want time.Duration) {
	t.Helper()
	if wait := f.Begin(k, now); wait != want {
		t.Fatalf("waits %v, want %v", wait, want)
	}
	if want == 0 {
		f.End(k, true, now)
	}
}

func TestWaitingDoublesWithEachFailure(t *testing.T) {
	f, k, now := NewFailures(Backoff{Free: 3, Step: time.Minute, Max: 10 * time.Minute}), Of("k"), noon
	for range 3 {
		fails(t, f, k, now, 0)
	}
	// The waiting counts as time in which failures are forgotten.
	for _, wait := range []time.Duration{1, 2, 4, 8, 8, 8, 8, 10, 10, 10} {
		wait *= time.Minute
		fails(t, f, k, now, wait)
		fails(t, f, k, now.Add(wait-1), 1) // a refusal costs nothing
		if n := f.Count(k, now); n > 7 {
			t.Fatalf("%d failures are remembered", n)
		}
		now = now.Add(wait)
		fails(t, f, k, now, 0)
	}
	fails(t, f, Of("other"), now, 0)
	now = now.Add(70 * time.Minute)
	if n := f.Count(k, now); n != 0 {
		t.Errorf("%d failures are not forgotten", n)
	}
	for range 3 {
		fails(t, f, k, now, 0)
	}
	f.Forget(k)
	fails(t, f, k, now, 0)
}

func TestOnlyAFailureCounts(t *testing.T) {
	f, k := NewFailures(Backoff{Free: 2, Step: time.Minute, Max: time.Hour}), Of("k")
	for range 1000 {
		fails(t, f, Of("noise"), noon, f.Begin(Of("noise"), noon))
		if wait := f.Begin(k, noon); wait != 0 {
			t.Fatalf("waits %v", wait)
		}
		f.End(k, false, noon.Add(7*time.Second)) // however long it took
	}
	if len(f.flying) > 1 {
		t.Errorf("%d attempts are under way", len(f.flying))
	}
}

func TestParallelGuessesGainNothing(t *testing.T) {
	f, k := NewFailures(Backoff{Free: 5, Step: time.Minute, Max: time.Hour}), Of("k")
	begin := func(now time.Time) (n int) {
		for range 100 {
			if wait := f.Begin(k, now); wait == 0 {
				n++
			} else if wait != inFlight && n > 0 {
				t.Fatalf("waits %v", wait)
			}
		}
		return n
	}
	end := func(n int, now time.Time) {
		for range n {
			f.End(k, true, now)
		}
	}
	n := begin(noon)
	end(n, noon)
	if n != 5 {
		t.Errorf("%d at once", n)
	}
	if n := begin(noon); n != 0 {
		t.Errorf("%d after all failed", n)
	}
	later := noon.Add(time.Minute)
	if n := begin(later); n != 1 {
		t.Errorf("%d at once after waiting", n)
	}
	end(1, later)
	if n := begin(later.Add(time.Minute)); n != 0 {
		t.Errorf("%d before the longer wait is over", n)
	}
	if len(f.flying) != 0 {
		t.Errorf("%d keys are under way", len(f.flying))
	}
}

func TestAClockThatWasSetBackLocksNobodyOut(t *testing.T) {
	f, k := NewFailures(Backoff{Free: 1, Step: time.Minute, Max: time.Hour}), Of("k")
	for range 50 {
		f.Fail(k, noon)
	}
	if wait := f.Begin(k, noon.Add(-100*24*time.Hour)); wait <= 0 || wait > time.Hour {
		t.Errorf("waits %v", wait)
	}
}

func TestCountsOfThoseWhoAreNotHeldBackEndSomewhere(t *testing.T) {
	f, k := NewFailures(crowd), Of("k")
	for range 100_000 {
		f.Fail(k, noon)
	}
	if n := f.Count(k, noon.Add(20*time.Minute)); n != 0 {
		t.Errorf("%d failures after 20 minutes", n)
	}
}

func TestABackoffThatSaysNothingIsStrict(t *testing.T) {
	f, k := NewFailures(Backoff{}), Of("k")
	fails(t, f, k, noon, 0)
	fails(t, f, k, noon, time.Second)
	fails(t, f, k, noon.Add(time.Second), 0)
}
