package rpserver_test

import (
	"context"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// seeing tells a test what a site's own users are decided by.
type seeing struct {
	rpserver.Store
	id rpserver.Identity
}

func (s *seeing) SignIn(ctx context.Context, id rpserver.Identity, now time.Time) (*rpserver.User, bool, error) {
	s.id = id
	return s.Store.SignIn(ctx, id, now)
}

// A site lets the people of one domain in, or believes a verified address. What a claim
// becomes when characters that nobody sees are taken out of it, the provider never said.
func TestWhatDecidesIsNotMadeOfSomethingElse(t *testing.T) {
	for name, c := range map[string]struct {
		claims map[string]any
		email  string
		ok     bool
		hd     string
	}{
		"as it should be":     {map[string]any{"email": "ada@shop.example", "email_verified": true, "hd": "shop.example"}, "ada@shop.example", true, "shop.example"},
		"a NUL in the domain": {map[string]any{"email": "ada@shop.example", "email_verified": true, "hd": "shop\x00.example"}, "ada@shop.example", true, ""},
		"a NUL in an address": {map[string]any{"email": "ad\x00a@shop.example", "email_verified": true, "hd": "shop.example"}, "ada@shop.example", false, "shop.example"},
		"a line end":          {map[string]any{"email": "ada@shop.example\n", "email_verified": true, "hd": "shop.example\r\n"}, "ada@shop.example", false, ""},
	} {
		idp := idptest.New(t, idptest.WithPerson(idptest.Person{Subject: ada, Claims: c.claims}))
		users := &seeing{}
		a := newAway(t, idp, nil, func(cfg *rpserver.Config) { users.Store = cfg.Store; cfg.Users = users })
		a.as(ada)
		if users.id.Email != c.email || users.id.EmailVerified != c.ok || users.id.HostedDomain != c.hd {
			t.Errorf("%s: %+v", name, users.id)
		}
	}
}
