package limit

import (
	"net/netip"
	"time"
)

// How often a password may be guessed.
//
// A stranger is a browser that never signed in to the account. Strangers together
// get wide: 30 guesses at once, 9 more within nine hours, then one
// every 6 hours. That is at most 160 guesses in any 30 days, 1,500 in a year, from
// however many addresses; NIST SP 800-63B-4 section 3.2.2 allows 100 in a row. The
// list of the thousand most used passwords is out of reach where those are refused
// at sign-up anyway.
//
// Of these a single network gets few: 10 at once, 10 more within a day, then one
// every 12 hours, 80 in 30 days. Its first 20 are less than the 30 that cost
// nobody any waiting, and its one every 12 hours less than the one every 6 that is
// forgotten: one network that guesses without end never makes the owner wait who
// comes from elsewhere, in whatever browser.
//
// A browser that signed in to the account before has 10 of its own at once, then
// waits from 1 minute to 1 hour, and has all back when it gets in. The owner gets in
// there whoever guesses, from wherever. Somebody else at that browser has guesses
// too, 16 and one an hour; the bound is looser since a person who holds the
// owner's device was let at it, and since it is the owner's way in.
//
// Nobody is locked out for good. In a new browser, while several networks guess,
// the owner competes with them for an attempt every 6 hours; a browser that is known
// is the way then.
var (
	wide   = Backoff{Free: 30, Step: time.Minute, Max: 6 * time.Hour}
	narrow = Backoff{Free: 10, Step: time.Minute, Max: 12 * time.Hour}
	device = Backoff{Free: 10, Step: time.Minute, Max: time.Hour}
)

// crowd is what may fail in one network before its strangers are suspects: 100, and
// one more every 6 seconds. It refuses nobody: a school or a carrier has one
// address, and who guesses there must not shut out who knows. Suspects only wait
// behind others where there is too much to do (Slots). What a network can guess is
// bounded by the accounts: the numbers above hold for each of them.
var crowd = Backoff{Free: 100, Step: 6 * time.Second, Max: 6 * time.Second}

// SignIns holds back those who guess passwords, and not those who know them. It is
// for concurrent use.
type SignIns struct {
	wide, narrow, device, crowd *Failures
}

// NewSignIns makes SignIns that have seen no failure.
func NewSignIns() *SignIns {
	return &SignIns{NewFailures(wide), NewFailures(narrow), NewFailures(device), NewFailures(crowd)}
}

// Attempt is somebody who wants to sign in with a password.
type Attempt struct {
	// Account is the address as it is looked up (lower case), whether or not there
	// is such an account: how long to wait must not tell.
	Account string
	// From is the network.
	From netip.Prefix
	// Device names the browser if it proved, by a cookie of its own, that it signed
	// in to this account before; otherwise it is empty.
	Device string
}

// Try is an attempt that may go on. End it with Right or Wrong; after either, and
// before, Void does nothing or ends it without a verdict, so defer that.
type Try struct {
	s      *SignIns
	caller Caller
	own    Key // of the device, or of the account in this network
	all    Key // of the account; only of strangers
	from   Key
	known  bool
	ended  bool
}

// Begin lets an attempt go on, or says how long to wait (429 with Retry-After).
func (s *SignIns) Begin(a Attempt, now time.Time) (*Try, time.Duration) {
	from := Of("network", a.From.String())
	self := Of("account in network", a.Account, a.From.String())
	if a.Device != "" {
		own := Of("account in browser", a.Account, a.Device)
		if s.device.Begin(own, now) == 0 {
			return &Try{s: s, own: own, from: from, known: true, caller: Caller{own, own, Known}}, 0
		}
		// It may do what it could do without its cookie.
	}
	if wait := s.narrow.Begin(self, now); wait > 0 {
		return nil, wait
	}
	all := Of("account", a.Account)
	if wait := s.wide.Begin(all, now); wait > 0 {
		s.narrow.End(self, false, now)
		return nil, wait
	}
	t := &Try{s: s, own: self, all: all, from: from, caller: Caller{from, self, Stranger}}
	if s.crowd.Count(from, now) >= crowd.Free {
		t.caller.Standing = Suspect
	}
	return t, 0
}

// Caller is who asks for a place in Slots.
func (t *Try) Caller() Caller { return t.caller }

// Right ends the attempt: the password is right. That forgives a known browser its
// failures. It forgives strangers none, or each time that the owner signs in
// somebody could guess anew.
func (t *Try) Right(now time.Time) {
	if t.known && !t.ended {
		t.s.device.Forget(t.own)
	}
	t.end(false, now)
}

// Wrong ends the attempt: the password is wrong.
func (t *Try) Wrong(now time.Time) { t.end(true, now) }

// Void ends the attempt without a verdict: too much to do, nobody waits any more,
// a store that does not answer.
func (t *Try) Void(now time.Time) { t.end(false, now) }

func (t *Try) end(wrong bool, now time.Time) {
	if t.ended {
		return
	}
	t.ended = true
	if t.known {
		t.s.device.End(t.own, wrong, now)
	} else {
		t.s.narrow.End(t.own, wrong, now)
		t.s.wide.End(t.all, wrong, now)
	}
	if wrong {
		t.s.crowd.Fail(t.from, now)
	}
}
