package storetest

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// idpTaken adds an authorization and takes its code, so that it has a refresh token.
func idpTaken(t *testing.T, s directory.Store, n int, account string) directory.Authorization {
	t.Helper()
	one := idpAuthorize(t, s, idpAuthorization(n, account))
	_, err := s.TakeAuthorizationCode(context.Background(), one.ID, one.Code.Hash, idpNow, idpFirst("first"))
	must(t, err)
	one.Code.Used, one.Refresh = idpNow, idpFirst("first")
	return one
}

func idpRotate(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a := idpCreate(t, s, 1)
	one, other := idpTaken(t, s, 1, a.ID), idpTaken(t, s, 2, a.ID)
	first, second, third := hashOf("first"), hashOf("second"), hashOf("third")
	at := idpNow.Add(time.Minute)
	for _, c := range []struct {
		id   string
		from [32]byte
		now  time.Time
	}{
		{one.ID, hashOf("guess"), at}, {one.ID, [32]byte{}, at}, {one.ID, first, one.Expires}, {"nobody's", first, at}, {"\x00", first, at},
	} {
		wantNotFound(t, s.RotateRefreshToken(ctx, c.id, c.from, second, []byte("no"), c.now))
	}
	wantAuthorization(t, s, one)
	must(t, s.RotateRefreshToken(ctx, one.ID, first, second, []byte("sealed"), at))
	wantNotFound(t, s.RotateRefreshToken(ctx, one.ID, first, third, []byte("no"), at))
	one.Refresh.Current, one.Refresh.Previous, one.Refresh.At, one.Refresh.Answer = second, first, at, []byte("sealed")
	wantAuthorization(t, s, one)
	must(t, s.RotateRefreshToken(ctx, one.ID, second, third, nil, one.Expires.Add(-time.Millisecond)))
	one.Refresh.Current, one.Refresh.Previous, one.Refresh.At, one.Refresh.Answer = third, second, one.Expires.Add(-time.Millisecond), nil
	wantAuthorization(t, s, one)
	wantAuthorization(t, s, other)
}

func idpRotateRace(t *testing.T, s directory.Store) {
	a := idpCreate(t, s, 1)
	one := idpTaken(t, s, 1, a.ID)
	from := one.Refresh.Current
	for round := range 5 {
		var won atomic.Int32
		var to atomic.Pointer[[32]byte]
		parallel(24, func(i int) {
			mine := hashOf([]int{round, i})
			switch err := s.RotateRefreshToken(context.Background(), one.ID, from, mine, []byte{byte(i)}, idpNow); {
			case err == nil:
				won.Add(1)
				to.Store(&mine)
			case !errors.Is(err, directory.ErrNotFound):
				t.Errorf("error = %v", err)
			}
		})
		got, err := s.Authorization(context.Background(), one.ID)
		must(t, err)
		if won.Load() != 1 || got.Refresh.Current != *to.Load() || got.Refresh.Previous != from {
			t.Fatalf("%d replaced it, and it is %+v", won.Load(), got.Refresh)
		}
		from = *to.Load()
	}
}

// A revocation comes before everything that is asked after it, also among many at once.
func idpRevokedIsOver(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a := idpCreate(t, s, 1)
	untaken, taken := idpAuthorize(t, s, idpAuthorization(1, a.ID)), idpTaken(t, s, 2, a.ID)
	var revoked atomic.Bool
	from := hashOf("first")
	parallel(24, func(i int) {
		if i == 12 {
			if _, err := s.RevokeAuthorizations(ctx, directory.Authorizations{Account: a.ID}, idpNow); err != nil {
				t.Error(err)
			}
			revoked.Store(true)
			return
		}
		before := revoked.Load()
		_, err := s.TakeAuthorizationCode(ctx, untaken.ID, untaken.Code.Hash, idpNow, idpFirst(i))
		if before && err == nil || err != nil && !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("code after the revocation (%v): %v", before, err)
		}
		err = s.RotateRefreshToken(ctx, taken.ID, from, from, nil, idpNow)
		if before && err == nil || err != nil && !errors.Is(err, directory.ErrNotFound) {
			t.Errorf("refresh after the revocation (%v): %v", before, err)
		}
	})
	wantNotFound(t, s.RotateRefreshToken(ctx, taken.ID, from, hashOf("no"), nil, idpNow))
	_, err := s.TakeAuthorizationCode(ctx, untaken.ID, untaken.Code.Hash, idpNow, idpFirst("late"))
	wantNotFound(t, err)
}

func idpAuthorizationsSwept(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a := idpCreate(t, s, 1)
	dead, live, revoked := idpAuthorization(1, a.ID), idpAuthorization(2, a.ID), idpAuthorization(3, a.ID)
	dead.Expires, live.Expires = idpNow, idpNow.Add(time.Millisecond)
	for _, one := range []directory.Authorization{dead, live, revoked} {
		idpAuthorize(t, s, one)
	}
	_, err := s.RevokeAuthorizations(ctx, directory.Authorizations{ID: revoked.ID}, idpNow)
	must(t, err)
	must(t, s.Sweep(ctx, idpNow))
	_, err = s.Authorization(ctx, dead.ID)
	wantNotFound(t, err)
	wantAuthorization(t, s, live)
	got, err := s.Authorization(ctx, revoked.ID) // its code may still be shown again
	must(t, err)
	if got.Revoked.IsZero() {
		t.Error("not revoked")
	}
	idpAuthorize(t, s, dead) // all of it is gone
}
