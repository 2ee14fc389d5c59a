package test

import (
	"errors"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

// What the first version kept stands in a table with nonces; there it stays until
// its key is forgotten.
func TestWhatWasSpentBeforeTheUpgradeIsRefusedAfterIt(t *testing.T) {
	r := start(t)
	for _, kind := range []string{"durable", "d1"} {
		t.Run(kind, func(t *testing.T) {
			s := r.open(t, kind)
			var before [][64]byte
			for n := range byte(32) { // two in each of a key's objects
				before = append(before, [64]byte{n << 3, 1})
			}
			for _, n := range before {
				s.old(t, 1, n, ends.Unix())
			}
			s.old(t, 2, before[0], ends.Unix())
			if err := s.Admit(t.Context(), storetest.Key(1, "one", ends), storetest.Key(2, "two", ends), storetest.Key(3, "three", ends)); err != nil {
				t.Fatal(err)
			}
			check := func() {
				t.Helper()
				for _, n := range before {
					if err := s.Spend(t.Context(), 1, n); err != issuer.ErrAlreadySpent {
						t.Errorf("spent before the upgrade: %v", err)
					}
				}
				if err := s.Spend(t.Context(), 2, before[0]); err != issuer.ErrAlreadySpent {
					t.Errorf("spent before the upgrade with another key: %v", err)
				}
			}
			check()
			for _, id := range []uint32{2, 3} { // not spent with these
				if err := s.Spend(t.Context(), id, before[1]); err != nil {
					t.Error(err)
				}
				if err := s.Spend(t.Context(), id, before[1]); err != issuer.ErrAlreadySpent {
					t.Errorf("a replay: %v", err)
				}
			}
			r.restart(t)
			check()
			if keys, err := s.Purge(t.Context(), []issuer.TokenKey{{ID: 2}, {ID: 3}}, ends.AddDate(1, 0, 0)); err != nil || len(keys) != 1 {
				t.Errorf("purged %v, %v", keys, err)
			}
			for _, n := range before {
				if err := s.Spend(t.Context(), 1, n); err != issuer.ErrKeyForgotten {
					t.Errorf("after its key was forgotten: %v", err)
				}
			}
			if err := s.Spend(t.Context(), 2, before[0]); err != issuer.ErrAlreadySpent {
				t.Errorf("another key: %v", err)
			}
		})
	}
}

// Keys that left the ring before the upgrade were never admitted: in D1 their rows
// tell when they expired.
func TestKeysThatLeftBeforeTheUpgradeAreForgottenAndStayRefused(t *testing.T) {
	r := start(t)
	s := r.open(t, "d1")
	expired := now.Add(-2 * time.Hour)
	s.old(t, 1, [64]byte{1}, expired.Add(-time.Hour).Unix())
	s.old(t, 1, [64]byte{2}, expired.Unix())
	s.old(t, 2, [64]byte{1}, ends.Unix())
	if keys, err := s.Purge(t.Context(), nil, now); err != nil || len(keys) != 1 || keys[0] != 1 {
		t.Errorf("purged %v, %v; want key 1", keys, err)
	}
	var refused *issuer.KeyChangedError
	if err := s.Admit(t.Context(), storetest.Key(1, "one", ends)); !errors.As(err, &refused) || refused.Change != issuer.KeyForgotten {
		t.Errorf("a key whose rows are gone: %v", err)
	}
	if err := s.Spend(t.Context(), 1, [64]byte{2}); err != issuer.ErrKeyForgotten {
		t.Errorf("its token: %v", err)
	}
}

// The daily purge may come before the first request after the upgrade: what it learns
// from old rows must not stand against the key itself.
func TestAPurgeBeforeTheFirstRequestRefusesNoKey(t *testing.T) {
	r := start(t)
	s := r.open(t, "d1")
	s.old(t, 1, [64]byte{1}, ends.Unix())
	key := storetest.Key(1, "one", ends)
	if keys, err := s.Purge(t.Context(), []issuer.TokenKey{key}, now); err != nil || len(keys) != 0 {
		t.Errorf("purged %v, %v; want none", keys, err)
	}
	if err := s.Admit(t.Context(), key); err != nil {
		t.Fatalf("the key that was there all the time: %v", err)
	}
	if err := s.Spend(t.Context(), 1, [64]byte{1}); err != issuer.ErrAlreadySpent {
		t.Errorf("spent before the upgrade: %v", err)
	}
	var refused *issuer.KeyChangedError
	if err := s.Admit(t.Context(), storetest.Key(1, "another", ends)); !errors.As(err, &refused) || refused.Change != issuer.KeyReplaced {
		t.Errorf("another key under the id: %v", err)
	}
}

// An object of the first version that has forgotten its key says so in a row.
func TestAnObjectThatForgotBeforeTheUpgradeStaysRefused(t *testing.T) {
	r := start(t)
	s := r.open(t, "durable")
	s.do(t, "oldForgotten", object(1, [64]byte{7}))
	if err := s.Admit(t.Context(), storetest.Key(1, "one", ends)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Spend(t.Context(), 1, [64]byte{7}); err != issuer.ErrKeyForgotten {
			t.Errorf("%v", err)
		}
	}
}

// eventually waits until f is content. No verdict depends on how long it takes.
func eventually(t *testing.T, f func() bool) {
	t.Helper()
	for until := time.Now().Add(4 * time.Minute); !f(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("it did not come about")
		}
	}
}

// The keys' object forgets by its alarm, an hour after a key that is no longer in
// the secret has expired. A key that is in it stays, expired or not.
func TestDurableObjectsForgetByThemselves(t *testing.T) {
	r := start(t) // with keys 1 and 2 in ISSUER_KEYS
	s := r.open(t, "durable")
	soon := time.Now().Add(-issuer.SpentGrace).Add(3 * time.Second).Truncate(time.Second)
	if err := s.Admit(t.Context(), storetest.Key(1, "one", soon), storetest.Key(3, "three", soon), storetest.Key(4, "four", ends)); err != nil {
		t.Fatal(err)
	}
	for _, id := range []uint32{1, 3, 4} {
		if err := s.Spend(t.Context(), id, [64]byte{7}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() bool {
		err := s.Spend(t.Context(), 3, [64]byte{7})
		if err != issuer.ErrAlreadySpent && err != issuer.ErrKeyForgotten {
			t.Fatalf("key 3: %v", err)
		}
		return err == issuer.ErrKeyForgotten
	})
	for _, n := range [][64]byte{{7}, {7, 1}, {0xf0}} {
		if err := s.Spend(t.Context(), 3, n); err != issuer.ErrKeyForgotten {
			t.Errorf("key 3, %x: %v", n[:2], err)
		}
	}
	r.restart(t)
	for id, want := range map[uint32]error{1: issuer.ErrAlreadySpent, 3: issuer.ErrKeyForgotten, 4: issuer.ErrAlreadySpent} {
		if err := s.Spend(t.Context(), id, [64]byte{7}); err != want {
			t.Errorf("key %d: %v, want %v", id, err, want)
		}
	}
	// An object of the first version rings by its own alarm.
	s.old(t, 9, [64]byte{1}, soon.Unix()-5)
	s.do(t, "ring", object(9, [64]byte{1}), time.Now().UnixMilli())
	eventually(t, func() bool {
		var refused *issuer.KeyChangedError
		err := s.Admit(t.Context(), storetest.Key(9, "nine", soon))
		return errors.As(err, &refused) && refused.Change == issuer.KeyForgotten
	})
	if err := s.Spend(t.Context(), 9, [64]byte{1}); err != issuer.ErrKeyForgotten {
		t.Errorf("key 9: %v", err)
	}
}

// An object that crashes after any statement of forgetting refuses what was spent.
func TestACrashWhileAKeyIsForgottenLosesNoTombstone(t *testing.T) {
	r := start(t)
	crashed := 0
	for _, where := range []string{"keys", object(1, [64]byte{7})} {
		for after := range 4 { // statements of forgetting
			s := r.open(t, "durable")
			if err := s.Admit(t.Context(), storetest.Key(1, "one", now)); err != nil {
				t.Fatal(err)
			}
			s.old(t, 1, [64]byte{7, 1}, now.Unix())
			if err := s.Spend(t.Context(), 1, [64]byte{7}); err != nil {
				t.Fatal(err)
			}
			s.do(t, "crash", where, after)
			if _, err := s.Purge(t.Context(), nil, now.AddDate(1, 0, 0)); err != nil {
				crashed++
			}
			for _, n := range [][64]byte{{7}, {7, 1}} {
				err := s.Spend(t.Context(), 1, n)
				if err == nil {
					t.Errorf("after a crash of %q after %d statements a token was spent twice", where, after)
				}
			}
			// The next run goes on, unless the crash is still to come.
			_ = s.call(t.Context(), new(any), "crash", where, 1<<30)
			if _, err := s.Purge(t.Context(), nil, now.AddDate(1, 0, 0)); err != nil {
				t.Error(err)
			}
			for _, n := range [][64]byte{{7}, {7, 1}, {7, 2}} {
				if err := s.Spend(t.Context(), 1, n); err != issuer.ErrKeyForgotten {
					t.Errorf("crash of %q after %d statements, and once more: %v", where, after, err)
				}
			}
		}
	}
	if crashed < 5 {
		t.Errorf("only %d runs crashed", crashed)
	}
}
