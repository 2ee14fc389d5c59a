package tokens

import (
	"net/http"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// SignOut signs accounts out of the browser of a page's request, and ends what clients
// have of these sign-ins and that does not outlive them. left says how many accounts are
// still signed in there.
func (t *Tokens) SignOut(w http.ResponseWriter, r *http.Request, accounts ...string) (left int, err error) {
	for _, account := range accounts {
		s, err := t.c.People.SignInHere(r, account)
		if err != nil {
			return 0, err
		}
		if s.ID == "" {
			continue
		}
		// First, so that nothing is left if one of them fails: the person can sign out again.
		_, err = t.c.Store.RevokeAuthorizations(r.Context(), directory.Authorizations{SignIn: s.ID, OnlineAlone: true}, t.c.Now())
		if err != nil {
			return 0, err
		}
	}
	return t.c.People.End(w, r, accounts...)
}
