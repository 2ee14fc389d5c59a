package rpserver_test

import (
	"errors"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// Somebody else linked their identity to ada's account and is signed in by it, in their own
// browser. Ada takes it away, and they are out.
func TestWhoeverSignedInByAnUnlinkedIdentityIsOut(t *testing.T) {
	second := idptest.New(t, idptest.WithPerson(idptest.Person{Subject: "mallory"}))
	second.Quirk(func(q *idptest.Quirks) { q.Answers.RefreshAlways = true })
	a := twoProviders(t, second)
	a.open(a.URL + withFirst)
	user := userOf(t, a)
	a.open(a.through(withSecond + "&link=1"))
	own := a.http
	a.newBrowser()
	if p := a.open(a.URL + withSecond); p.body != "mallory" {
		t.Fatal(p)
	}
	if err := a.rp.Unlink(t.Context(), user, second.Issuer, "mallory"); err != nil {
		t.Fatal(err)
	}
	if who := a.who(); who != "nobody" {
		t.Errorf("%s is signed in still", who)
	}
	a.logged("identity unlinked", second.Issuer, user, "sign_ins=1")
	second.Await(idptest.Revocation, 1)
	theirs := a.http
	a.http = own
	if who := a.who(); who != ada {
		t.Errorf("ada's own sign-in: %s", who)
	}
	a.http = theirs
	if p := a.open(a.URL + withSecond); p.body != "mallory" {
		t.Errorf("%d %s", p.status, p.code)
	}
	if all, err := a.rows.SignInsOf(t.Context(), user, a.idp.Now()); err != nil || len(all) != 1 {
		t.Errorf("%d sign-ins of ada's, %v", len(all), err)
	}
	// What is there no more is no error, the last one is, and nothing set means nobody.
	if err := a.rp.Unlink(t.Context(), user, second.Issuer, "mallory"); err != nil {
		t.Error(err)
	}
	if err := a.rp.Unlink(t.Context(), user, a.idp.Issuer, ada); !errors.Is(err, rpserver.ErrLastIdentity) {
		t.Error(err)
	}
	for _, who := range [][3]string{{"", a.idp.Issuer, ada}, {user, "", ada}, {user, a.idp.Issuer, ""}} {
		if err := a.rp.Unlink(t.Context(), who[0], who[1], who[2]); !errors.Is(err, rpserver.ErrNoUser) {
			t.Errorf("%q: %v", who, err)
		}
	}
	a.http = own
	if who := a.who(); who != ada {
		t.Errorf("ada's own sign-in: %s", who)
	}
}

func TestASiteWithoutIdentitiesUnlinksNone(t *testing.T) {
	a := newAway(t, idptest.New(t), nil, func(c *rpserver.Config) { c.Users = &customers{} })
	if err := a.rp.Unlink(t.Context(), "1", a.idp.Issuer, ada); err == nil {
		t.Error("it says that it did")
	}
}
