package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// rpLife is how long the nonces of these tests are good for.
const rpLife = 10 * time.Minute

func rpUse(t *testing.T, s RPStore, nonce string, made, now time.Time, want error) {
	t.Helper()
	if err := s.UseNonce(context.Background(), rpHash(nonce), made, made.Add(rpLife), now); !errors.Is(err, want) {
		t.Errorf("using %s: got %v, want %v", nonce, err, want)
	}
}

func rpCheck(t *testing.T, s RPStore, nonce string, made time.Time, want error) {
	t.Helper()
	if err := s.CheckNonce(context.Background(), rpHash(nonce), made); !errors.Is(err, want) {
		t.Errorf("checking %s: got %v, want %v", nonce, err, want)
	}
}

func rpSweep(t *testing.T, s RPStore, now time.Time) {
	t.Helper()
	rpMust(t, s.SweepNonces(context.Background(), now))
}

func rpNonceOnce(t *testing.T, s RPStore) {
	rpUse(t, s, "n", rpNow, rpNow, nil)
	rpUse(t, s, "n", rpNow, rpNow, rpserver.ErrNonceUsed)
	rpUse(t, s, "m", rpNow, rpNow, nil)
	rpUse(t, s, "n", rpNow, rpNow.Add(rpLife), rpserver.ErrNonceUsed) // rather than expired
	rpUse(t, s, "n", rpNow.Add(time.Second), rpNow, rpserver.ErrNonceUsed)
}

func rpNonceCheck(t *testing.T, s RPStore) {
	rpCheck(t, s, "n", rpNow, nil)
	rpCheck(t, s, "n", rpNow, nil)
	rpUse(t, s, "n", rpNow, rpNow, nil)
	rpCheck(t, s, "n", rpNow, rpserver.ErrNonceUsed)
	rpCheck(t, s, "m", rpNow, nil)
}

func rpNonceExpiry(t *testing.T, s RPStore) {
	end := rpNow.Add(rpLife)
	rpUse(t, s, "n", rpNow, end, rpserver.ErrNonceExpired)
	rpUse(t, s, "n", rpNow, end.Add(time.Minute), rpserver.ErrNonceExpired)
	rpUse(t, s, "n", rpNow, end.Add(-time.Millisecond), nil)
}

// rpRace lets many use one nonce at the same moment; of says which store each takes.
func rpRace(t *testing.T, nonce string, of func(i int) RPStore) {
	t.Helper()
	var got, used atomic.Int32
	rpTogether(50, func(i int) {
		switch err := of(i).UseNonce(context.Background(), rpHash(nonce), rpNow, rpNow.Add(rpLife), rpNow); {
		case err == nil:
			got.Add(1)
		case errors.Is(err, rpserver.ErrNonceUsed):
			used.Add(1)
		default:
			t.Error(err)
		}
	})
	if got.Load() != 1 || used.Load() != 49 {
		t.Errorf("%s: taken %d times, found used %d times", nonce, got.Load(), used.Load())
	}
}

func rpNonceRace(t *testing.T, s RPStore) {
	rpRace(t, "n", func(int) RPStore { return s })
}

// Before the store was made another one may have been in its place, and the nonce
// used there.
func rpNonceOld(t *testing.T, s RPStore) {
	made := rpNow.Add(-2 * time.Hour)
	rpUse(t, s, "n", made, made.Add(time.Minute), rpserver.ErrNonceUnknown)
	rpUse(t, s, "n", made, rpNow, rpserver.ErrNonceUnknown) // rather than expired
	rpCheck(t, s, "n", made, rpserver.ErrNonceUnknown)
}

func rpNonceKeep(t *testing.T, s RPStore) {
	rpUse(t, s, "n", rpNow, rpNow, nil)
	rpSweep(t, s, rpNow.Add(rpLife+time.Hour))
	rpUse(t, s, "n", rpNow, rpNow.Add(rpLife+time.Hour), rpserver.ErrNonceUsed)
	rpCheck(t, s, "n", rpNow, rpserver.ErrNonceUsed)
	rpUse(t, s, "fresh", rpNow.Add(rpLife), rpNow.Add(rpLife), nil)
}

func rpNonceForget(t *testing.T, s RPStore) {
	rpUse(t, s, "n", rpNow, rpNow, nil)
	rpUse(t, s, "last", rpNow.Add(rpLife), rpNow.Add(rpLife), nil)
	later := rpNow.Add(rpLife + time.Hour + time.Millisecond)
	rpSweep(t, s, later)
	// A process whose clock is behind takes the nonce for a good one still.
	for _, now := range []time.Time{rpNow, rpNow.Add(time.Minute), later.Add(-time.Minute), later} {
		rpUse(t, s, "n", rpNow, now, rpserver.ErrNonceUnknown)
	}
	rpCheck(t, s, "n", rpNow, rpserver.ErrNonceUnknown)
	rpUse(t, s, "never used", rpNow, rpNow, rpserver.ErrNonceUnknown)
	rpUse(t, s, "last", rpNow.Add(rpLife), rpNow.Add(rpLife), rpserver.ErrNonceUsed)
	// People who are about to sign in notice nothing of a sweep a minute ahead of them.
	rpUse(t, s, "under way", later.Add(-rpLife), later.Add(-time.Minute), nil)
	// A row that tells of a later expiry, of a process with other settings, protects as well.
	rpMust(t, s.UseNonce(context.Background(), rpHash("long"), later, later.Add(time.Hour), later))
	rpSweep(t, s, later.Add(90*time.Minute))
	rpUse(t, s, "long", later, later, rpserver.ErrNonceUsed)
	rpSweep(t, s, later.Add(3*time.Hour))
	rpUse(t, s, "long", later, later, rpserver.ErrNonceUnknown)
}

func rpNonceEpoch(t *testing.T, s RPStore) {
	rpSweep(t, s, rpNow.Add(3*time.Hour))
	rpSweep(t, s, rpNow) // a process whose clock is behind
	rpUse(t, s, "n", rpNow.Add(time.Hour), rpNow.Add(time.Hour), rpserver.ErrNonceUnknown)
	rpUse(t, s, "n", rpNow.Add(2*time.Hour), rpNow.Add(2*time.Hour), nil) // made at the epoch itself
}

func rpNonceSweepRace(t *testing.T, s RPStore) {
	const nonces = 5
	var got [nonces]atomic.Int32
	rpTogether(40, func(i int) {
		if i%4 == 0 {
			if err := s.SweepNonces(context.Background(), rpNow.Add(rpLife+time.Hour+time.Second)); err != nil {
				t.Error(err)
			}
		}
		n := i % nonces
		err := s.UseNonce(context.Background(), rpHash(fmt.Sprint("n", n)), rpNow, rpNow.Add(rpLife), rpNow)
		if err == nil {
			got[n].Add(1)
		} else if !errors.Is(err, rpserver.ErrNonceUsed) && !errors.Is(err, rpserver.ErrNonceUnknown) {
			t.Error(err)
		}
	})
	for n := range got {
		if got[n].Load() > 1 {
			t.Errorf("nonce %d was used %d times", n, got[n].Load())
		}
	}
}

// RPShared runs what holds for two handles of one store: two processes of a site,
// or one before and after a restart. open makes a store and gives two handles to
// it.
func RPShared(t *testing.T, open func(*testing.T) [2]RPStore) {
	t.Run("of many users of one nonce in two processes one gets it", func(t *testing.T) {
		s := open(t)
		rpRace(t, "n", func(i int) RPStore { return s[i%2] })
	})
	t.Run("what one process used or swept is refused by the other", func(t *testing.T) {
		s := open(t)
		ahead := time.Minute // the clock of the second one
		rpUse(t, s[0], "a", rpNow, rpNow, nil)
		rpUse(t, s[1], "a", rpNow, rpNow.Add(ahead), rpserver.ErrNonceUsed)
		rpUse(t, s[1], "b", rpNow.Add(ahead), rpNow.Add(ahead), nil)
		rpUse(t, s[0], "b", rpNow.Add(ahead), rpNow, rpserver.ErrNonceUsed)
		end := rpNow.Add(rpLife + time.Hour)
		rpSweep(t, s[1], end.Add(ahead))
		rpUse(t, s[0], "a", rpNow, end, rpserver.ErrNonceUnknown)
		rpUse(t, s[0], "a", rpNow, rpNow, rpserver.ErrNonceUnknown)
		rpUse(t, s[0], "b", rpNow.Add(ahead), end, rpserver.ErrNonceUsed)
	})
	t.Run("of many holders in two processes one gets the lease", func(t *testing.T) {
		s := open(t)
		rpLeaseRaceOf(t, s[:]...)
	})
}
