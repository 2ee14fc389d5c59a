package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

var idpAuthorizationCases = []struct {
	name string
	run  func(*testing.T, directory.Store)
}{
	{"an authorization comes back as it was added", idpAuthorizationRoundTrip},
	{"the authorizations of an account are listed oldest first until they end", idpAuthorizationsListed},
	{"of more authorizations than are kept the oldest end", idpAuthorizationsBounded},
	{"a revocation takes those that fit, once", idpRevoke},
	{"a revocation of all there are is refused", idpRevokeAll},
	{"an authorization's code works once and is known afterwards", idpAuthorizationCodeOnce},
	{"an authorization's code is bound to its time and its authorization", idpAuthorizationCodeBound},
	{"of many who take an authorization's code one gets it", idpAuthorizationCodeRace},
	{"refresh tokens are given only where they are wanted", idpNotRefreshable},
	{"a refresh token is replaced once", idpRotate},
	{"of many who replace a refresh token one does", idpRotateRace},
	{"nothing is taken or replaced after a revocation", idpRevokedIsOver},
	{"a sweep forgets authorizations that had expired", idpAuthorizationsSwept},
}

func hashOf(v any) [32]byte { return sha256.Sum256(fmt.Append(nil, v)) }

// idpAuthorization is the n-th authorization of an account.
func idpAuthorization(n int, account string) directory.Authorization {
	return directory.Authorization{
		ID: fmt.Sprintf("authorization-%02d", n), Account: account, Client: "shop", SignIn: "sign-in-1", SessionID: "sid",
		Scopes: []string{"openid", "email"}, Claims: `{"id_token":{"name":null}}`, Resource: "https://api.example",
		AuthTime: idpNow.Add(-time.Hour), AMR: []string{"pwd"}, Refreshable: true,
		Created: idpNow.Add(time.Duration(n) * time.Second), Expires: idpNow.Add(24 * time.Hour),
		Code: directory.AuthorizationCode{
			Hash: hashOf(n), Expires: idpNow.Add(time.Minute),
			RedirectURI: "https://shop.example/callback", Challenge: "challenge", Nonce: "nonce",
		},
	}
}

func idpAuthorize(t *testing.T, s directory.Store, a directory.Authorization) directory.Authorization {
	t.Helper()
	must(t, s.AddAuthorization(context.Background(), a))
	return a
}

func wantAuthorization(t *testing.T, s directory.Store, want directory.Authorization) {
	t.Helper()
	got, err := s.Authorization(context.Background(), want.ID)
	must(t, err)
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("authorization = %+v\nwant            %+v", *got, want)
	}
}

func wantAuthorizations(t *testing.T, got []directory.Authorization, want ...string) {
	t.Helper()
	ids := map[string]bool{}
	for _, a := range got {
		ids[a.ID] = true
	}
	for _, id := range want {
		if !ids[id] {
			t.Errorf("%s is missing", id)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d authorizations, want %d", len(got), len(want))
	}
}

func idpAuthorizationRoundTrip(t *testing.T, s directory.Store) {
	a := idpCreate(t, s, 1)
	want := idpAuthorize(t, s, idpAuthorization(1, a.ID))
	wantAuthorization(t, s, want)
	bare := idpAuthorize(t, s, directory.Authorization{
		ID: "bare", Account: a.ID, Client: "shop", Scopes: []string{}, AMR: []string{}, Created: idpNow, Expires: idpNow.Add(time.Hour),
	})
	wantAuthorization(t, s, bare)
	bare.Code.Nonce = "another"
	if err := s.AddAuthorization(context.Background(), bare); err == nil {
		t.Error("an id that is there was accepted")
	}
	bare.ID = ""
	if err := s.AddAuthorization(context.Background(), bare); err == nil {
		t.Error("no id was accepted")
	}
	for _, id := range []string{"", "nobody's", "\x00", "' OR 1=1 --"} {
		_, err := s.Authorization(context.Background(), id)
		wantNotFound(t, err)
	}
}

func idpAuthorizationsListed(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a, b := idpCreate(t, s, 1), idpCreate(t, s, 2)
	second, first, over := idpAuthorization(2, a.ID), idpAuthorization(1, a.ID), idpAuthorization(3, a.ID)
	over.Expires = idpNow.Add(time.Minute)
	for _, one := range []directory.Authorization{second, first, over, idpAuthorization(4, b.ID)} {
		idpAuthorize(t, s, one)
	}
	got, err := s.AuthorizationsOf(ctx, a.ID, over.Expires)
	must(t, err)
	if !reflect.DeepEqual(got, []directory.Authorization{first, second}) {
		t.Errorf("got %+v", got)
	}
	got, err = s.AuthorizationsOf(ctx, a.ID, over.Expires.Add(-time.Millisecond))
	must(t, err)
	wantAuthorizations(t, got, first.ID, second.ID, over.ID)
	_, err = s.RevokeAuthorizations(ctx, directory.Authorizations{ID: first.ID}, idpNow)
	must(t, err)
	got, err = s.AuthorizationsOf(ctx, a.ID, over.Expires)
	must(t, err)
	wantAuthorizations(t, got, second.ID)
}

func idpAuthorizationsBounded(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a := idpCreate(t, s, 1)
	other := idpAuthorization(0, a.ID)
	other.ID, other.Client = "of another client", "wiki"
	idpAuthorize(t, s, other)
	for n := range directory.MaxAuthorizations + 3 {
		one := idpAuthorization(n, a.ID)
		one.ID = fmt.Sprintf("authorization-%03d", n)
		idpAuthorize(t, s, one)
	}
	got, err := s.AuthorizationsOf(ctx, a.ID, idpNow)
	must(t, err)
	if len(got) != directory.MaxAuthorizations+1 || got[0].ID != other.ID || got[1].ID != "authorization-003" {
		t.Errorf("%d, the oldest are %s and %s", len(got), got[0].ID, got[1].ID)
	}
	// One whose clock is behind is no victim of its own: it is the newest.
	late := idpAuthorization(1, a.ID)
	late.ID, late.Created = "late", idpNow.Add(-time.Hour)
	idpAuthorize(t, s, late)
	wantAuthorization(t, s, late)
}

func idpRevoke(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a, b := idpCreate(t, s, 1), idpCreate(t, s, 2)
	at := idpNow.Add(time.Minute)
	add := func(n int, account, client, signIn string, offline bool) string {
		one := idpAuthorization(n, account)
		one.Client, one.SignIn, one.Offline = client, signIn, offline
		one.Refresh = directory.RefreshToken{Family: hashOf("f"), Current: hashOf("c"), At: idpNow, Answer: []byte("sealed")}
		return idpAuthorize(t, s, one).ID
	}
	shop1, shop2 := add(1, a.ID, "shop", "one", false), add(2, a.ID, "shop", "two", false)
	shopOffline := add(3, a.ID, "shop", "one", true)
	wiki := add(4, a.ID, "wiki", "one", false)
	others := add(5, b.ID, "shop", "three", false)
	for _, c := range []struct {
		w    directory.Authorizations
		want []string
	}{
		{directory.Authorizations{ID: shop1, Account: b.ID}, nil},
		{directory.Authorizations{ID: shop1, Client: "wiki"}, nil},
		{directory.Authorizations{ID: "' OR 1=1 --"}, nil},
		{directory.Authorizations{SignIn: "one", OnlineAlone: true}, []string{shop1, wiki}},
		{directory.Authorizations{SignIn: "one", OnlineAlone: true}, nil},
		{directory.Authorizations{Account: a.ID, Client: "shop"}, []string{shop2, shopOffline}},
		{directory.Authorizations{Account: b.ID}, []string{others}},
	} {
		got, err := s.RevokeAuthorizations(ctx, c.w, at)
		must(t, err)
		wantAuthorizations(t, got, c.want...)
		for _, one := range got {
			if !one.Revoked.Equal(at) || one.Refresh.Answer != nil {
				t.Errorf("%s: revoked %v, answer %q", one.ID, one.Revoked, one.Refresh.Answer)
			}
			wantAuthorization(t, s, one)
		}
	}
}

func idpRevokeAll(t *testing.T, s directory.Store) {
	a := idpCreate(t, s, 1)
	want := idpAuthorize(t, s, idpAuthorization(1, a.ID))
	for _, w := range []directory.Authorizations{{}, {Client: "shop"}, {OnlineAlone: true}} {
		if got, err := s.RevokeAuthorizations(context.Background(), w, idpNow); err == nil || got != nil {
			t.Errorf("%+v: %v, %v", w, got, err)
		}
	}
	wantAuthorization(t, s, want)
}

func idpFirst(n any) directory.RefreshToken {
	return directory.RefreshToken{Family: hashOf("family"), Current: hashOf(n), At: idpNow}
}

func idpAuthorizationCodeOnce(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a := idpCreate(t, s, 1)
	want := idpAuthorize(t, s, idpAuthorization(1, a.ID))
	now := idpNow.Add(time.Second)
	got, err := s.TakeAuthorizationCode(ctx, want.ID, want.Code.Hash, now, idpFirst("first"))
	must(t, err)
	want.Code.Used, want.Refresh = now, idpFirst("first")
	if !reflect.DeepEqual(*got, want) {
		t.Errorf("authorization = %+v\nwant            %+v", *got, want)
	}
	for _, later := range []time.Duration{0, time.Minute, time.Hour, 48 * time.Hour} {
		got, err = s.TakeAuthorizationCode(ctx, want.ID, want.Code.Hash, now.Add(later), idpFirst("second"))
		if !errors.Is(err, directory.ErrCodeUsed) || !errors.Is(err, directory.ErrNotFound) || got == nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("after %v: %+v, %v", later, got, err)
		}
	}
	_, err = s.RevokeAuthorizations(ctx, directory.Authorizations{ID: want.ID}, now)
	must(t, err)
	if _, err = s.TakeAuthorizationCode(ctx, want.ID, want.Code.Hash, now, idpFirst("third")); !errors.Is(err, directory.ErrCodeUsed) {
		t.Errorf("after the revocation: %v", err)
	}
}

// wantNoCode wants ErrNotFound and no word of a use before.
func wantNoCode(t *testing.T, a *directory.Authorization, err error) {
	t.Helper()
	if a != nil || !errors.Is(err, directory.ErrNotFound) || errors.Is(err, directory.ErrCodeUsed) {
		t.Errorf("got %+v, %v", a, err)
	}
}

func idpAuthorizationCodeBound(t *testing.T, s directory.Store) {
	ctx := context.Background()
	a := idpCreate(t, s, 1)
	one, other := idpAuthorize(t, s, idpAuthorization(1, a.ID)), idpAuthorize(t, s, idpAuthorization(2, a.ID))
	none := idpAuthorization(3, a.ID)
	none.Code = directory.AuthorizationCode{}
	idpAuthorize(t, s, none)
	for _, c := range []struct {
		id   string
		hash [32]byte
		now  time.Time
	}{
		{one.ID, other.Code.Hash, idpNow}, {one.ID, hashOf("guess"), idpNow}, {one.ID, [32]byte{}, idpNow},
		{one.ID, one.Code.Hash, one.Code.Expires}, {"nobody's", one.Code.Hash, idpNow}, {"", one.Code.Hash, idpNow}, {"\x00", one.Code.Hash, idpNow},
		{none.ID, [32]byte{}, idpNow}, {none.ID, [32]byte{}, time.Time{}},
	} {
		got, err := s.TakeAuthorizationCode(ctx, c.id, c.hash, c.now, idpFirst(1))
		wantNoCode(t, got, err)
	}
	if _, err := s.TakeAuthorizationCode(ctx, one.ID, one.Code.Hash, one.Code.Expires.Add(-time.Millisecond), idpFirst(1)); err != nil {
		t.Error(err)
	}
	got, err := s.TakeAuthorizationCode(ctx, one.ID, other.Code.Hash, idpNow, idpFirst(1))
	wantNoCode(t, got, err) // a guess at a used one is no use of it
	wantAuthorization(t, s, other)
}

func idpAuthorizationCodeRace(t *testing.T, s directory.Store) {
	a := idpCreate(t, s, 1)
	for round := range 5 {
		one := idpAuthorize(t, s, idpAuthorization(round, a.ID))
		var won atomic.Int32
		var family atomic.Pointer[[32]byte]
		parallel(24, func(i int) {
			got, err := s.TakeAuthorizationCode(context.Background(), one.ID, one.Code.Hash, idpNow, idpFirst(i))
			switch {
			case err == nil:
				won.Add(1)
				family.Store(&got.Refresh.Current)
			case !errors.Is(err, directory.ErrCodeUsed):
				t.Errorf("error = %v", err)
			}
		})
		if won.Load() != 1 {
			t.Fatalf("%d takers got the code", won.Load())
		}
		if got, err := s.Authorization(context.Background(), one.ID); err != nil || got.Refresh.Current != *family.Load() {
			t.Errorf("the refresh token is another taker's, %v", err)
		}
	}
}

func idpNotRefreshable(t *testing.T, s directory.Store) {
	a := idpCreate(t, s, 1)
	one := idpAuthorization(1, a.ID)
	one.Refreshable = false
	idpAuthorize(t, s, one)
	_, err := s.TakeAuthorizationCode(context.Background(), one.ID, one.Code.Hash, idpNow, idpFirst(1))
	must(t, err)
	one.Code.Used = idpNow
	wantAuthorization(t, s, one)
	wantNotFound(t, s.RotateRefreshToken(context.Background(), one.ID, hashOf(1), hashOf(2), nil, idpNow))
	wantNotFound(t, s.RotateRefreshToken(context.Background(), one.ID, [32]byte{}, hashOf(2), nil, idpNow))
}
