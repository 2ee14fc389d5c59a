package limit

import (
	"net/netip"
	"strconv"
	"testing"
	"time"
)

func network(i int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 32)
}

// guess goes on as fast as it is let to, from one network after another, and
// counts.
func guess(s *SignIns, networks, perNetwork int, device string, from, until time.Time) (guesses int) {
	for now := from; now.Before(until); {
		next := until
		for i := range networks {
			for range perNetwork {
				try, wait := s.Begin(Attempt{Account: "ada@idp.example", From: network(i), Device: device}, now)
				if wait > 0 {
					if at := now.Add(wait); at.Before(next) {
						next = at
					}
					break
				}
				try.Wrong(now)
				guesses++
			}
		}
		now = next
	}
	return guesses
}

func TestHowOftenAPasswordCanBeGuessedInAMonth(t *testing.T) {
	const month = 30 * 24 * time.Hour
	for name, c := range map[string]struct{ networks, least, most int }{
		"one network": {1, 70, 80}, "three": {3, 130, 160}, "two hundred": {200, 150, 160},
	} {
		n := guess(NewSignIns(), c.networks, 1000, "", noon, noon.Add(month))
		if n < c.least || n > c.most {
			t.Errorf("%s: %d guesses", name, n)
		}
		t.Logf("%s: %d guesses in 30 days", name, n)
	}
	s := NewSignIns()
	guess(s, 50, 1000, "", noon, noon.Add(month))
	if n := guess(s, 50, 1000, "", noon.Add(month), noon.Add(2*month)); n > 121 {
		t.Errorf("%d guesses in the second month", n)
	}
	year := guess(NewSignIns(), 50, 1000, "", noon, noon.Add(365*24*time.Hour))
	if t.Logf("%d guesses in a year", year); year > 1500 {
		t.Errorf("%d guesses in a year", year)
	}
}

func lets(s *SignIns, a Attempt, now time.Time) bool {
	try, wait := s.Begin(a, now)
	if wait > 0 {
		return false
	}
	try.Right(now)
	return true
}

func TestOneNetworkNeverMakesTheOwnerWaitElsewhere(t *testing.T) {
	s, at := NewSignIns(), noon
	for range 400 { // all that it can, for a hundred days
		next := at.Add(6 * time.Hour)
		guess(s, 1, 1000, "", at, next)
		at = next
		if !lets(s, Attempt{Account: "ada@idp.example", From: network(99)}, at) {
			t.Fatalf("the owner waits at %v", at)
		}
	}
}

func TestTheOwnersBrowserIsLetInWhoeverGuesses(t *testing.T) {
	s := NewSignIns()
	owner := Attempt{Account: "ada@idp.example", From: network(0), Device: "ada's"}
	now := noon
	for range 1000 { // the owner's own network among them
		guess(s, 100, 20, "", now, now.Add(time.Minute))
		if !lets(s, owner, now) {
			t.Fatalf("the owner waits at %v", now)
		}
		now = now.Add(time.Hour)
	}
	stranger := Attempt{Account: owner.Account, From: network(1)}
	if lets(s, stranger, now) {
		t.Error("a stranger is let in; nobody guessed enough here")
	}
	// A cookie of another account's is no help: the browser is a stranger.
	if other := (Attempt{Account: "bob@idp.example", From: network(0), Device: "ada's"}); !lets(s, other, now) {
		t.Error("guessing at one account makes another wait")
	}
}

func TestNobodyIsLockedOutForGood(t *testing.T) {
	s := NewSignIns()
	guess(s, 50, 20, "", noon, noon.Add(90*24*time.Hour))
	after := noon.Add(90 * 24 * time.Hour).Add(6 * time.Hour)
	if !lets(s, Attempt{Account: "ada@idp.example", From: network(2000)}, after) {
		t.Error("whoever waits six hours after the last guess is not let in")
	}
}

func TestAKnownBrowserMayMistypeAndGuessesLittle(t *testing.T) {
	s, now := NewSignIns(), noon
	me := Attempt{Account: "ada@idp.example", From: network(1), Device: "ada's"}
	for range 50 { // nine wrong, one right, day after day, and never a wait
		for range 9 {
			try, wait := s.Begin(me, now)
			if wait > 0 {
				t.Fatalf("waits %v", wait)
			}
			try.Wrong(now)
		}
		if !lets(s, me, now) {
			t.Fatal("the right one waits")
		}
	}
	// Without a right one, what the cookie adds to a stranger's guesses is bounded.
	n := guess(NewSignIns(), 1, 1000, "ada's", noon, noon.Add(24*time.Hour))
	if n > 16+24+21 {
		t.Errorf("%d guesses in a day with the owner's cookie", n)
	}
	t.Logf("%d guesses in a day with the owner's cookie", n)
}

func TestANetworkWhereMuchFailsIsSuspectAndNotRefused(t *testing.T) {
	s := NewSignIns()
	for i := range 5000 {
		try, wait := s.Begin(Attempt{Account: strconv.Itoa(i), From: network(1)}, noon)
		if wait > 0 {
			t.Fatalf("attempt %d waits %v", i, wait)
		}
		if want := i >= crowd.Free; (try.Caller().Standing == Suspect) != want {
			t.Fatalf("attempt %d: %v", i, try.Caller().Standing)
		}
		try.Wrong(noon)
	}
	known, _ := s.Begin(Attempt{Account: "ada", From: network(1), Device: "ada's"}, noon)
	if known.Caller().Standing != Known {
		t.Error("a known browser is not known where others fail")
	}
	elsewhere, _ := s.Begin(Attempt{Account: "ada", From: network(2)}, noon)
	if elsewhere.Caller().Standing != Stranger {
		t.Error("a network is suspect because of another")
	}
}

func TestAnAttemptWithoutAVerdictCostsNothing(t *testing.T) {
	s, a := NewSignIns(), Attempt{Account: "ada@idp.example", From: network(1)}
	for range 1000 {
		try, wait := s.Begin(a, noon)
		if wait > 0 {
			t.Fatalf("waits %v", wait)
		}
		try.Void(noon)
		try.Wrong(noon) // too late
	}
	for range 9 {
		try, _ := s.Begin(a, noon)
		try.Wrong(noon)
		try.Wrong(noon) // once is enough
		try.Void(noon)
	}
	if !lets(s, a, noon) {
		t.Error("nine failures count as more")
	}
	for name, f := range map[string]*Failures{"wide": s.wide, "narrow": s.narrow, "device": s.device} {
		if len(f.flying) != 0 {
			t.Errorf("%s: %d are under way", name, len(f.flying))
		}
	}
}
