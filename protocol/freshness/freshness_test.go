package freshness

import (
	"testing"
	"time"
)

var start = time.Unix(1_700_000_000, 0)

// server answers a State and counts how often it is asked.
type server struct {
	t       *testing.T
	s       State
	now     time.Time
	rules   Rules
	down    bool
	cache   string
	fetches int
	noCache int
}

func newServer(t *testing.T) *server { return &server{t: t, now: start, cache: "max-age=60"} }

func (m *server) wait(d time.Duration) { m.now = m.now.Add(d) }

func (m *server) follow(s State, a Action) Action {
	m.s = s
	if a.Do == Fetch {
		m.fetches++
		if a.NoCache {
			m.noCache++
		}
		if m.down {
			m.s, a = m.s.Failed(m.now, m.rules)
		} else {
			m.s = m.s.Fetched(m.cache, "", m.now, m.rules)
			a = Action{Do: Use}
		}
	}
	return a
}

func (m *server) wanted() Action  { return m.follow(m.s.Wanted(m.now, m.rules)) }
func (m *server) missing() Action { return m.follow(m.s.Missing(m.now, m.rules)) }

func (m *server) want(a Action, do Do, fetches int) {
	m.t.Helper()
	if a.Do != do || m.fetches != fetches {
		m.t.Errorf("after %v: %+v and %d fetches, want %d and %d", m.now.Sub(start), a, m.fetches, do, fetches)
	}
}

func TestADocumentIsKeptForItsAge(t *testing.T) {
	m := newServer(t)
	m.want(m.wanted(), Use, 1)
	m.wait(time.Minute - time.Millisecond)
	m.want(m.wanted(), Use, 1)
	m.wait(time.Millisecond)
	m.want(m.wanted(), Use, 2)
	m.down = true
	m.wait(time.Minute)
	m.want(m.wanted(), Refuse, 3)
}

func TestWhatIsMissedIsLookedForOncePerCooldown(t *testing.T) {
	m := newServer(t)
	m.cache = "max-age=3600"
	m.want(m.missing(), Use, 1) // there was nothing: an ordinary fetch
	for range 3 {
		m.want(m.missing(), Use, 2)
	}
	m.wait(30 * time.Second)
	m.want(m.missing(), Use, 3)
	if m.noCache != 2 {
		t.Errorf("%d fetches went past caches", m.noCache)
	}
}

func TestAStateThatIsStaleIsUsedWhereARuleAllowsIt(t *testing.T) {
	m := newServer(t)
	m.rules.StaleIfError = time.Hour
	m.wanted()
	m.down = true
	m.wait(time.Minute)
	m.want(m.wanted(), Use, 2)
	m.want(m.wanted(), Use, 2) // the server is left alone meanwhile
	m.wait(time.Hour - time.Millisecond)
	m.want(m.wanted(), Use, 3)
	m.wait(time.Millisecond)
	m.want(m.wanted(), Refuse, 3)
}

func TestARefusalSaysWhenToAskAgain(t *testing.T) {
	m := newServer(t)
	m.down = true
	for i, after := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30} {
		a := m.wanted()
		if m.want(a, Refuse, i+1); a.After != after*time.Second {
			t.Errorf("failure %d: after %v, want %ds", i+1, a.After, after)
		}
		m.wait(a.After - time.Millisecond)
		if a := m.wanted(); a.Do != Refuse || a.After != time.Millisecond || m.fetches != i+1 {
			t.Errorf("a moment early: %+v and %d fetches", a, m.fetches)
		}
		m.wait(time.Millisecond)
	}
	for range 20 { // the count of failures does not run away
		m.wait(time.Hour)
		m.wanted()
	}
	m.down = false
	m.wait(time.Hour)
	m.want(m.wanted(), Use, 29)
	m.down = true
	m.wait(time.Hour)
	if a := m.wanted(); a.After != time.Second {
		t.Errorf("well in between, and then down: after %v", a.After)
	}
}

func TestTheLastTenthOfALifeIsTheTimeToFetchAhead(t *testing.T) {
	m := newServer(t)
	m.wanted()
	m.wait(54*time.Second - time.Millisecond)
	if a := m.wanted(); a.Ahead {
		t.Errorf("too early: %+v", a)
	}
	m.wait(time.Millisecond)
	if a := m.wanted(); a.Do != Use || !a.Ahead {
		t.Fatalf("%+v", a)
	}
	m.s = m.s.Begin(m.now)
	if a := m.wanted(); a.Do != Use || a.Ahead {
		t.Errorf("a second one at once: %+v", a)
	}
	if a := m.missing(); a.Do != Wait {
		t.Errorf("%+v", a)
	}
	var a Action
	if m.s, a = m.s.Failed(m.now, m.rules); a.Do != Use {
		t.Errorf("a failure ahead of time took the document away: %+v", a)
	}
	if a := m.wanted(); a.Ahead {
		t.Errorf("at once after a failure: %+v", a)
	}
	m.wait(time.Second)
	if a := m.wanted(); !a.Ahead {
		t.Errorf("a second after a failure: %+v", a)
	}
	m.down = true
	m.wait(5 * time.Second)
	m.want(m.wanted(), Refuse, 2) // and never past its life
}

func TestOneFetchIsUnderWayAtATime(t *testing.T) {
	var r Rules
	s, a := State{}.Wanted(start, r)
	if a.Do != Fetch {
		t.Fatalf("%+v", a)
	}
	if s, a = s.Wanted(start, r); a.Do != Wait || !a.Until.Equal(start.Add(10*time.Second)) {
		t.Fatalf("%+v", a)
	}
	late := start.Add(10 * time.Second)
	if s, a = s.Wanted(late, r); a.Do != Refuse || a.After != time.Second {
		t.Fatalf("whoever fetched never came back: %+v", a)
	}
	if s, a = s.Wanted(late.Add(time.Second), r); a.Do != Fetch {
		t.Fatalf("%+v", a)
	}
	s = s.Fetched("", "", late.Add(2*time.Second), r) // a late answer is one all the same
	if _, a = s.Failed(late.Add(3*time.Second), r); a.Do != Use {
		t.Fatalf("a late failure takes nothing away: %+v", a)
	}
}

func TestAClockThatIsSetBack(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*server)
		back   time.Duration
		do     Do // of the next wish
		more   int
	}{
		"a failure":                         {func(m *server) { m.down = true; m.wanted(); m.down = false }, 48 * time.Hour, Use, 1},
		"a document":                        {func(m *server) { m.wanted() }, 48 * time.Hour, Use, 1},
		"a document, by an hour":            {func(m *server) { m.wanted() }, time.Hour, Use, 1},
		"a document, by a second":           {func(m *server) { m.wanted() }, time.Second, Use, 0},
		"a fetch of somebody who left":      {func(m *server) { m.s, _ = m.s.Wanted(m.now, m.rules) }, 48 * time.Hour, Refuse, 0},
		"a fetch of somebody here":          {func(m *server) { m.s, _ = m.s.Wanted(m.now, m.rules) }, time.Second, Wait, 0},
		"a state from before lives, stored": {func(m *server) { m.wanted(); m.s.life = 0 }, 48 * time.Hour, Use, 1},
	} {
		m := newServer(t)
		c.before(m)
		fetches := m.fetches
		m.wait(-c.back)
		if a := m.wanted(); a.Do != c.do || m.fetches-fetches != c.more {
			t.Errorf("%s: %+v and %d fetches, want %d and %d", name, a, m.fetches-fetches, c.do, c.more)
		}
	}
	m := newServer(t)
	m.cache = "max-age=86400"
	m.wanted()
	m.missing()
	m.wait(-48 * time.Hour)
	m.wanted()
	m.want(m.missing(), Use, 4)
}

func TestAge(t *testing.T) {
	rules := Rules{DefaultAge: 300 * time.Second, LongestAge: time.Hour}
	for _, test := range []struct {
		cacheControl, age string
		want              time.Duration
	}{
		{"", "", 300 * time.Second},
		{"public", "", 300 * time.Second},
		{"max-age=60", "", time.Minute},
		{"public, MAX-AGE=60, must-revalidate", "", time.Minute},
		{`max-age="60"`, "", time.Minute},
		{"max-age=60", "20", 40 * time.Second},
		{"max-age=60", "soon", time.Minute},
		{"max-age=60", "100", time.Second},
		{"max-age=60,max-age=30", "", 30 * time.Second},
		{"max-age=0", "", time.Second},
		{"max-age=", "", time.Second},
		{"max-age", "", time.Second},
		{"max-age=-5", "", time.Second},
		{"max-age=x", "", time.Second},
		{"no-store", "", time.Second},
		{"no-cache, max-age=60", "", time.Second},
		{"max-age=7200", "", time.Hour},
		{"max-age=99999999999999999999999", "", time.Hour},
		{"s-maxage=10", "", 300 * time.Second},
	} {
		if got := age(test.cacheControl, test.age, rules); got != test.want.Milliseconds() {
			t.Errorf("%q, age %q: %d ms, want %v", test.cacheControl, test.age, got, test.want)
		}
	}
	if got := age("", "", Rules{LongestAge: time.Minute}); got != 60_000 {
		t.Errorf("the default age is above the longest: %d ms", got)
	}
	if got := age("no-store", "", Rules{ShortestAge: time.Minute}); got != 60_000 {
		t.Errorf("the shortest age: %d ms", got)
	}
}

func TestFieldsHoldAllOfAState(t *testing.T) {
	m := newServer(t)
	m.rules.StaleIfError = time.Hour
	m.wanted()
	m.missing()
	m.down = true
	m.wait(time.Minute)
	m.wanted()
	m.s = m.s.Begin(m.now)
	var again State
	for i, f := range m.s.Fields() {
		if *f.Value <= 0 {
			t.Errorf("%s is %d", f.Name, *f.Value)
		}
		*again.Fields()[i].Value = *f.Value
	}
	if again != m.s {
		t.Errorf("%+v, was %+v", again, m.s)
	}
	lost := m.s.Without()
	if _, a := lost.Wanted(m.now.Add(time.Second), m.rules); a.Do != Wait {
		t.Errorf("lost the document and the fetch that is under way: %+v", a)
	}
	if _, a := lost.Failed(m.now, m.rules); a.Do != Refuse {
		t.Errorf("a document that is lost is used: %+v", a)
	}
}
