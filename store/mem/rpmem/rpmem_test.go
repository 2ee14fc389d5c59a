package rpmem_test

import (
	"errors"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
	"github.com/bonafides-dev/bonafides/store/storetest"
)

func TestRP(t *testing.T) {
	storetest.RP(t, func(*testing.T) storetest.RPStore { return new(rpmem.Store) })
}

func TestRPOfNew(t *testing.T) {
	storetest.RP(t, func(*testing.T) storetest.RPStore { return rpmem.New(time.Now()) })
}

// What was used before a restart is forgotten, and so it is refused.
func TestAStoreInThePlaceOfAnotherRefusesWhatThatOneKnew(t *testing.T) {
	made := time.Now()
	hash := [32]byte{1}
	use := func(s *rpmem.Store, now time.Time) error {
		return s.UseNonce(t.Context(), hash, made, made.Add(time.Hour), now)
	}
	if err := use(rpmem.New(made), made); err != nil {
		t.Fatal(err)
	}
	if err := use(rpmem.New(made.Add(time.Nanosecond)), made.Add(time.Second)); !errors.Is(err, rpserver.ErrNonceUnknown) {
		t.Errorf("after a restart: %v", err)
	}
	// The zero value is as old as the process, whenever it is used first.
	if err := use(new(rpmem.Store), made); err != nil {
		t.Errorf("in this process: %v", err)
	}
	made = made.Add(-time.Hour)
	if err := use(new(rpmem.Store), made); !errors.Is(err, rpserver.ErrNonceUnknown) {
		t.Errorf("of the process before: %v", err)
	}
}
