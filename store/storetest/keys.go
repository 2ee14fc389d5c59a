package storetest

import (
	"crypto/sha256"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
)

// keyEnds is when the tests' keys expire.
var keyEnds = spentNow.AddDate(0, 0, 90)

// Key is a token key for tests; name stands for its public half.
func Key(id uint32, name string, expires time.Time) issuer.TokenKey {
	return issuer.TokenKey{ID: id, Public: sha256.Sum256([]byte(name)), Expires: expires}
}

// Keys runs every promise about the keys that tokens are spent under.
func Keys(t *testing.T, open func(*testing.T) KeyStore) {
	runCases(t, open,
		storeCase[KeyStore]{"a key is admitted again as it was, and with an earlier expiry", keySame},
		storeCase[KeyStore]{"an expiry that was moved later is refused", keyProlonged},
		storeCase[KeyStore]{"another key under a known id is refused", keyReplaced},
		storeCase[KeyStore]{"where one key is refused none is admitted", keyAllOrNone},
		storeCase[KeyStore]{"a key of the ring is never forgotten, though the clock jumps ahead", keyOfTheRing},
		storeCase[KeyStore]{"a key that left the ring is remembered until the largest expiry and an hour more", keyGrace},
		storeCase[KeyStore]{"no token of a forgotten key is a first time, whatever its expiry becomes and the clock does", keyForgotten},
		storeCase[KeyStore]{"of spends beside a purge none is a first time twice", keyRace},
	)
}

func wantForgotten(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, issuer.ErrKeyForgotten) {
		t.Errorf("a token of a forgotten key: %v", err)
	}
}

func wantChange(t *testing.T, err error, id uint32, change issuer.KeyChange) {
	t.Helper()
	var refused *issuer.KeyChangedError
	if !errors.As(err, &refused) {
		t.Errorf("key %d was admitted (%v), want it refused as %s", id, err, change)
	} else if refused.ID != id || refused.Change != change {
		t.Errorf("key %d was refused as %s; want key %d as %s", refused.ID, refused.Change, id, change)
	}
}

func wantPurged(t *testing.T, s KeyStore, ring []issuer.TokenKey, now time.Time, want ...uint32) {
	t.Helper()
	got, err := s.Purge(t.Context(), ring, now)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("purged %v, %v; want %v", got, err, want)
	}
}

func keySame(t *testing.T, s KeyStore) {
	for _, expires := range []time.Time{keyEnds, keyEnds, keyEnds.Add(-time.Hour), keyEnds.Add(-time.Second), keyEnds} {
		must(t, s.Admit(t.Context(), Key(1, "one", expires)))
	}
	must(t, s.Admit(t.Context()))
	must(t, s.Spend(t.Context(), 1, nonce(1)))
	wantSpent(t, s.Spend(t.Context(), 1, nonce(1)))
}

func keyProlonged(t *testing.T, s KeyStore) {
	must(t, s.Admit(t.Context(), Key(1, "one", keyEnds)))
	must(t, s.Spend(t.Context(), 1, nonce(1)))
	for range 2 {
		wantChange(t, s.Admit(t.Context(), Key(1, "one", keyEnds.Add(time.Second))), 1, issuer.KeyProlonged)
		must(t, s.Admit(t.Context(), Key(1, "one", keyEnds.Add(-time.Hour))))
	}
	wantSpent(t, s.Spend(t.Context(), 1, nonce(1)))
}

func keyReplaced(t *testing.T, s KeyStore) {
	must(t, s.Admit(t.Context(), Key(1, "one", keyEnds)))
	wantChange(t, s.Admit(t.Context(), Key(1, "another", keyEnds)), 1, issuer.KeyReplaced)
	wantChange(t, s.Admit(t.Context(), Key(1, "another", keyEnds.Add(-time.Hour))), 1, issuer.KeyReplaced)
	must(t, s.Admit(t.Context(), Key(1, "one", keyEnds)))
}

func keyAllOrNone(t *testing.T, s KeyStore) {
	must(t, s.Admit(t.Context(), Key(1, "one", keyEnds)))
	wantChange(t, s.Admit(t.Context(), Key(2, "typo", keyEnds), Key(1, "another", keyEnds)), 1, issuer.KeyReplaced)
	must(t, s.Admit(t.Context(), Key(2, "two", keyEnds.Add(time.Hour)), Key(1, "one", keyEnds)))
}

func keyOfTheRing(t *testing.T, s KeyStore) {
	ring := []issuer.TokenKey{Key(1, "one", keyEnds), Key(2, "two", keyEnds)}
	must(t, s.Admit(t.Context(), ring...))
	must(t, s.Spend(t.Context(), 1, nonce(1)))
	must(t, s.Spend(t.Context(), 2, nonce(1)))
	wantPurged(t, s, ring, keyEnds.AddDate(50, 0, 0))
	wantSpent(t, s.Spend(t.Context(), 1, nonce(1)))
	must(t, s.Spend(t.Context(), 1, nonce(2)))
	// The clock is right again; nothing was lost by that it was not.
	wantPurged(t, s, ring[:1], spentNow)
	wantSpent(t, s.Spend(t.Context(), 2, nonce(1)))
	// An expiry that was moved earlier does not make the store forget earlier.
	must(t, s.Admit(t.Context(), Key(2, "two", spentNow)))
	wantPurged(t, s, nil, spentNow.AddDate(0, 0, 1))
	wantSpent(t, s.Spend(t.Context(), 2, nonce(1)))
}

func keyGrace(t *testing.T, s KeyStore) {
	must(t, s.Admit(t.Context(), Key(1, "one", keyEnds), Key(2, "two", keyEnds.Add(time.Hour))))
	must(t, s.Spend(t.Context(), 1, nonce(1)))
	must(t, s.Spend(t.Context(), 2, nonce(1)))
	wantPurged(t, s, nil, keyEnds.Add(issuer.SpentGrace))
	wantSpent(t, s.Spend(t.Context(), 1, nonce(1)))
	wantPurged(t, s, nil, keyEnds.Add(issuer.SpentGrace+time.Second), 1)
	wantForgotten(t, s.Spend(t.Context(), 1, nonce(1)))
	wantSpent(t, s.Spend(t.Context(), 2, nonce(1)))
	wantPurged(t, s, nil, keyEnds.Add(issuer.SpentGrace+time.Second))
}

func keyForgotten(t *testing.T, s KeyStore) {
	must(t, s.Admit(t.Context(), Key(1, "one", keyEnds), Key(2, "two", keyEnds)))
	must(t, s.Spend(t.Context(), 1, nonce(1)))
	wantPurged(t, s, []issuer.TokenKey{Key(2, "two", keyEnds)}, keyEnds.AddDate(1, 0, 0), 1)
	for _, k := range []issuer.TokenKey{
		Key(1, "one", keyEnds), Key(1, "one", keyEnds.AddDate(10, 0, 0)), Key(1, "one", keyEnds.AddDate(0, 0, -30)), Key(1, "another", keyEnds),
	} {
		wantChange(t, s.Admit(t.Context(), k), 1, issuer.KeyForgotten)
		wantForgotten(t, s.Spend(t.Context(), 1, nonce(1)))
		wantForgotten(t, s.Spend(t.Context(), 1, nonce(2)))
	}
	// The clock goes back to when the key lived, and the key is in the ring again.
	wantPurged(t, s, []issuer.TokenKey{Key(1, "one", keyEnds)}, spentNow)
	wantForgotten(t, s.Spend(t.Context(), 1, nonce(1)))
	must(t, s.Spend(t.Context(), 2, nonce(1)))
	wantSpent(t, s.Spend(t.Context(), 2, nonce(1)))
}

func keyRace(t *testing.T, s KeyStore) {
	must(t, s.Admit(t.Context(), Key(1, "one", keyEnds)))
	for n := range byte(4) {
		must(t, s.Spend(t.Context(), 1, nonce(n)))
	}
	var first [8]atomic.Int32
	parallel(40, func(i int) {
		if i == 20 {
			if _, err := s.Purge(t.Context(), nil, keyEnds.AddDate(1, 0, 0)); err != nil {
				t.Error(err)
			}
			return
		}
		switch err := s.Spend(t.Context(), 1, nonce(byte(i%8))); {
		case err == nil:
			first[i%8].Add(1)
		case !errors.Is(err, issuer.ErrAlreadySpent) && !errors.Is(err, issuer.ErrKeyForgotten):
			t.Error(err)
		}
	})
	for n := range first {
		if got := first[n].Load(); got > 1 || n < 4 && got > 0 {
			t.Errorf("token %d was a first time %d times", n, got)
		}
		wantForgotten(t, s.Spend(t.Context(), 1, nonce(byte(n))))
	}
}
