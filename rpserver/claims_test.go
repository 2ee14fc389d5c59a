package rpserver_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// editors is a UserStore that lets in who is in a group, as the ID token says.
type editors struct{ rpserver.Store }

func (s editors) SignIn(ctx context.Context, id rpserver.Identity, now time.Time) (*rpserver.User, bool, error) {
	var claims struct{ Groups []string }
	if err := json.Unmarshal([]byte(id.Claims), &claims); err != nil {
		return nil, false, err
	}
	if !slices.Contains(claims.Groups, "editors") {
		return nil, false, rpserver.Refuse("no_editor", "This is for editors.")
	}
	return s.Store.SignIn(ctx, id, now)
}

func TestAUserStoreReadsTheClaimsOfTheProvider(t *testing.T) {
	idp := idptest.New(t)
	a := newAway(t, idp, nil, func(c *rpserver.Config) { c.Users = editors{c.Store} })
	idp.SignsIn(idptest.Person{Subject: ada, Groups: []string{"authors", "editors"}})
	a.as(ada)
	ids, err := a.rows.Identities(t.Context(), userOf(t, a))
	if err != nil || len(ids) != 1 || ids[0].Claims != "" {
		t.Errorf("the store keeps %+v, %v", ids, err)
	}
	a.newBrowser()
	idp.SignsIn(idptest.Person{Subject: "grace", Groups: []string{"authors"}})
	a.refused("no_editor")
}
