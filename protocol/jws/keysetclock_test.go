package jws

import (
	"testing"
	"time"
)

// A machine that starts with a clock that is ahead, as one whose hardware keeps local
// time, has its clock set back once it asked the network. What was noted before lies in
// the future then, and nobody must wait for it.
func TestAClockThatIsSetBackHoldsNothingUp(t *testing.T) {
	const ahead = 48 * time.Hour
	t.Run("a fetch that failed", func(t *testing.T) {
		m := newMachine(t)
		m.publish = nil // with that clock no certificate was good
		if code := m.token("k1"); code != CodeKeysUnavailable {
			t.Fatalf("refusal %q", code)
		}
		m.now, m.publish = m.now.Add(-ahead), setOf("k1")
		if code := m.token("k1"); code != "" {
			t.Errorf("refusal %q", code)
		}
	})
	t.Run("an unknown key", func(t *testing.T) {
		m := newMachine(t)
		m.cache = "max-age=86400"
		m.token("k1")
		m.token("unknown")
		m.now, m.publish = m.now.Add(-ahead), setOf("k1", "k2")
		if code := m.token("k2"); code != "" {
			t.Errorf("refusal %q", code)
		}
	})
	t.Run("a withdrawn key", func(t *testing.T) {
		m := newMachine(t)
		m.token("k1")
		m.now, m.publish = m.now.Add(-ahead), setOf("k2")
		if code := m.token("k1"); code != CodeKeyUnknown {
			t.Errorf("refusal %q", code)
		}
	})
	t.Run("a fetch of somebody who is gone", func(t *testing.T) {
		m := newMachine(t)
		var a KeySetAction
		m.state, a = m.state.Next(Wanted{}, m.now, m.rules)
		if a.Do != KeySetFetch {
			t.Fatalf("%+v", a)
		}
		m.now = m.now.Add(-ahead)
		m.token("k1") // counts as a failure, after which the issuer is asked a second later
		m.now = m.now.Add(time.Second)
		if code := m.token("k1"); code != "" {
			t.Errorf("refusal %q", code)
		}
	})
	t.Run("clocks a little apart", func(t *testing.T) { // two instances with one state
		m := newMachine(t)
		m.token("k1")
		m.token("unknown")
		m.now = m.now.Add(-time.Second)
		fetches := m.fetches
		m.token("k1")
		m.token("unknown")
		if m.fetches != fetches {
			t.Errorf("%d more fetches", m.fetches-fetches)
		}
	})
}
