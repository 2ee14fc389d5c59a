package jws

import (
	"bytes"
	"testing"
	"time"
)

// machine drives a KeySetState against a pretended issuer and counts fetches.
type machine struct {
	t       *testing.T
	state   KeySetState
	now     time.Time
	rules   KeySetRules
	publish []byte // nil: the issuer does not answer
	cache   string
	fetches int
	noCache int
}

func newMachine(t *testing.T) *machine {
	return &machine{t: t, now: time.Unix(1_700_000_000, 0), publish: setOf("k1"), cache: "max-age=60"}
}

func setOf(kids ...string) []byte {
	b := []byte(`{"keys":[`)
	for i, kid := range kids {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"kty":"OKP","crv":"Ed25519","x":"`+edPublic+`","kid":"`+kid+`"}`...)
	}
	return append(b, `]}`...)
}

func (m *machine) next(e KeySetEvent) KeySetAction {
	var a KeySetAction
	m.state, a = m.state.Next(e, m.now, m.rules)
	for a.Do == KeySetFetch {
		m.fetches++
		if a.NoCache {
			m.noCache++
		}
		if m.publish == nil {
			m.state, a = m.state.Next(FetchFailed{}, m.now, m.rules)
		} else {
			m.state, a = m.state.Next(Fetched{m.publish, m.cache, ""}, m.now, m.rules)
		}
	}
	return a
}

// token judges a token of kid as a caller would, and reports its refusal.
func (m *machine) token(kid string) string {
	a := m.next(Wanted{})
	if a.Do == KeySetRefuse {
		return a.Err.Code
	}
	_, err := Verify(edToken(`{"alg":"EdDSA","kid":"`+kid+`"}`, "p"), a.Keys, anyJWT)
	if refusedAs(err) == CodeKeyUnknown {
		if a = m.next(Missing{}); a.Do == KeySetRefuse {
			return a.Err.Code
		}
		_, err = Verify(edToken(`{"alg":"EdDSA","kid":"`+kid+`"}`, "p"), a.Keys, anyJWT)
	}
	return refusedAs(err)
}

func (m *machine) want(kid, code string, fetches int) {
	m.t.Helper()
	if got := m.token(kid); got != code || m.fetches != fetches {
		m.t.Errorf("token of %s: %q after %d fetches, want %q after %d", kid, got, m.fetches, code, fetches)
	}
}

func (m *machine) wait(d time.Duration) { m.now = m.now.Add(d) }

func TestKeySetIsFetchedOnceAndKeptForItsAge(t *testing.T) {
	m := newMachine(t)
	m.want("k1", "", 1)
	for range 100 {
		m.want("k1", "", 1)
	}
	m.wait(59 * time.Second)
	m.want("k1", "", 1)
	m.wait(time.Second)
	m.want("k1", "", 2)
}

func TestUnknownKeysCauseOneFetchPerCooldown(t *testing.T) {
	m := newMachine(t)
	m.cache = "max-age=86400"
	m.want("k1", "", 1)
	for range 100 {
		m.want("evil", CodeKeyUnknown, 2)
	}
	m.wait(29 * time.Second)
	m.want("evil", CodeKeyUnknown, 2)
	m.wait(time.Second)
	for range 100 {
		m.want("evil", CodeKeyUnknown, 3)
	}
	if m.noCache != 2 {
		t.Errorf("%d of the fetches asked for a fresh answer, want 2", m.noCache)
	}
}

func TestWithdrawnKeyIsRefusedAfterMaxAge(t *testing.T) {
	m := newMachine(t)
	m.want("k1", "", 1)
	m.publish = setOf("k2")
	m.wait(59 * time.Second)
	m.want("k1", "", 1)
	m.wait(2 * time.Second)
	m.want("k1", CodeKeyUnknown, 3) // the set had expired, then one fetch for the unknown key
	m.want("k2", "", 3)
}

func TestWithdrawnKeyIsRefusedWhenTheIssuerIsUnreachable(t *testing.T) {
	m := newMachine(t)
	m.want("k1", "", 1)
	m.publish = nil
	m.wait(time.Minute)
	m.want("k1", CodeKeysUnavailable, 2)

	m = newMachine(t)
	m.rules.StaleIfError = time.Hour
	m.want("k1", "", 1)
	m.publish = nil
	m.wait(time.Minute)
	m.want("k1", "", 2)
	m.wait(time.Hour)
	m.want("k1", CodeKeysUnavailable, 3)
}

func TestNewKeyWorksAtOnce(t *testing.T) {
	// Published before its first use by min(cooldown, max-age), while an
	// attacker has used up the forced fetch.
	for _, cache := range []string{"max-age=1", "max-age=86400"} {
		m := newMachine(t)
		m.cache = cache
		m.want("k1", "", 1)
		m.want("evil", CodeKeyUnknown, 2)
		m.publish = setOf("k1", "k2")
		if cache == "max-age=1" {
			m.wait(time.Second)
		} else {
			m.wait(30 * time.Second)
		}
		m.want("k2", "", 3)
	}
	// And without an attacker, even right after the first fetch.
	m := newMachine(t)
	m.want("k1", "", 1)
	m.publish = setOf("k1", "k2")
	m.want("k2", "", 2)
}

func TestFailingIssuerIsAskedLessAndLess(t *testing.T) {
	m := newMachine(t)
	m.publish = nil
	m.want("k1", CodeKeysUnavailable, 1)
	m.want("k1", CodeKeysUnavailable, 1)
	if a := m.next(Wanted{}); a.After != time.Second {
		t.Errorf("the refusal says to ask again after %v", a.After)
	}
	fetches := 1
	for _, wait := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		m.wait(wait*time.Second - time.Millisecond)
		m.want("k1", CodeKeysUnavailable, fetches)
		m.wait(time.Millisecond)
		fetches++
		m.want("k1", CodeKeysUnavailable, fetches)
	}
	m.publish = setOf("k1")
	m.wait(30 * time.Second)
	m.want("k1", "", fetches+1)
	for range 20 { // the count of failures does not run away
		m.publish = nil
		m.wait(time.Hour)
		m.token("k1")
	}
}

func TestAnswerThatIsNoKeySet(t *testing.T) {
	m := newMachine(t)
	m.publish = []byte(`<html>`)
	m.want("k1", CodeKeysUnavailable, 1)
	m.rules.StaleIfError = time.Hour
	m.publish = setOf("k1")
	m.wait(time.Second)
	m.want("k1", "", 2)
	m.publish = []byte(`{"keys":[],"keys":[]}`)
	m.wait(time.Minute)
	m.want("k1", "", 3) // the old set, while the new one cannot be read
}

func TestOneFetchAtATime(t *testing.T) {
	m := newMachine(t)
	s, a := m.state.Next(Wanted{}, m.now, m.rules)
	if a.Do != KeySetFetch {
		t.Fatal("no fetch")
	}
	for _, e := range []KeySetEvent{Wanted{}, Missing{}} {
		var b KeySetAction
		if s, b = s.Next(e, m.now, m.rules); b.Do != KeySetWait || !b.Until.Equal(m.now.Add(10*time.Second)) {
			t.Fatalf("%+v", b)
		}
	}
	// Whoever fetched died: after the timeout somebody else may, once the
	// failure's delay is over.
	late := m.now.Add(10 * time.Second)
	if s, a = s.Next(Wanted{}, late, m.rules); a.Do != KeySetRefuse {
		t.Fatalf("%+v", a)
	}
	if s, a = s.Next(Wanted{}, late.Add(time.Second), m.rules); a.Do != KeySetFetch {
		t.Fatalf("%+v", a)
	}
	// A late answer of the first is an answer all the same.
	if s, a = s.Next(Fetched{Body: setOf("k1")}, late.Add(2*time.Second), m.rules); a.Do != KeySetUse {
		t.Fatalf("%+v", a)
	}
	// And a late failure of the second takes nothing away.
	if _, a = s.Next(FetchFailed{}, late.Add(3*time.Second), m.rules); a.Do != KeySetUse {
		t.Fatalf("%+v", a)
	}
}

func TestSetWithRoomForAMissingKeyIsUsedWhileFetching(t *testing.T) {
	m := newMachine(t)
	m.want("k1", "", 1)
	s, a := m.state.Next(Missing{}, m.now, m.rules)
	if a.Do != KeySetFetch || !a.NoCache {
		t.Fatalf("%+v", a)
	}
	if _, a = s.Next(Wanted{}, m.now, m.rules); a.Do != KeySetUse {
		t.Fatalf("tokens of known keys wait for a fetch that they do not need: %+v", a)
	}
	if _, a = s.Next(Missing{}, m.now, m.rules); a.Do != KeySetWait {
		t.Fatalf("%+v", a)
	}
}

func TestEvents(t *testing.T) {
	for _, e := range []KeySetEvent{Wanted{}, Missing{}, Fetched{}, FetchFailed{}} {
		e.keySetEvent()
	}
}

// Every step of a run is the same when the state goes through storage.
func TestStateSurvivesStorage(t *testing.T) {
	stored := newMachine(t)
	kept := newMachine(t)
	step := func(e KeySetEvent, wait time.Duration) {
		t.Helper()
		stored.wait(wait)
		kept.wait(wait)
		state, err := ParseKeySetState(stored.state.Bytes())
		if !bytes.Equal(state.Document(), stored.state.Document()) {
			t.Errorf("the document came back as %s", state.Document())
		}
		if err != nil {
			t.Fatal(err)
		}
		var a, b KeySetAction
		stored.state, a = state.Next(e, stored.now, stored.rules)
		kept.state, b = kept.state.Next(e, kept.now, kept.rules)
		if a.Do != b.Do || a.NoCache != b.NoCache || !a.Until.Equal(b.Until) || (a.Keys == nil) != (b.Keys == nil) || (a.Err == nil) != (b.Err == nil) {
			t.Fatalf("%T: %+v, kept in memory %+v", e, a, b)
		}
		if a.Keys != nil && len(a.Keys.Keys()) != len(b.Keys.Keys()) {
			t.Fatal("keys were lost")
		}
	}
	step(Wanted{}, 0)
	step(Wanted{}, time.Second)
	step(FetchFailed{}, time.Second)
	step(Wanted{}, 0)
	step(Wanted{}, time.Second)
	step(Fetched{setOf("k1", "k2"), "max-age=60", ""}, time.Second)
	step(Wanted{}, time.Second)
	step(Missing{}, time.Second)
	step(Fetched{setOf("k1"), "max-age=60", ""}, time.Second)
	step(Missing{}, time.Second)
	step(Missing{}, 30*time.Second)
	step(FetchFailed{}, time.Second)
	step(Wanted{}, time.Minute)
}

func TestStoredStatesRefused(t *testing.T) {
	for name, doc := range map[string]string{
		"empty": ``, "no version": `{}`, "another version": `{"v":2}`, "duplicate": `{"v":1,"v":1}`, "nested": `{"v":1,"set":{"keys":[]}}`,
		"no set": `{"v":1,"set":"x"}`, "set a number": `{"v":1,"set":5}`, "negative": `{"v":1,"expires":-1}`, "no number": `{"v":1,"flight":"1"}`,
	} {
		if s, err := ParseKeySetState([]byte(doc)); refusedAs(err) != CodeKeySet || s.keys != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s, err := ParseKeySetState([]byte(`{"v":1}`)); err != nil || s.keys != nil {
		t.Errorf("the state that knows nothing: %v", err)
	}
	// Times without a set must not make a set of nothing count.
	s, err := ParseKeySetState([]byte(`{"v":1,"expires":1700000060000}`))
	if _, a := s.Next(Wanted{}, time.Unix(1_700_000_000, 0), KeySetRules{}); err != nil || a.Do != KeySetFetch {
		t.Errorf("times alone: %+v %v", a, err)
	}
}
