package people

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// A browser that signed in to an account before is known by a third cookie, which
// opens nothing: it only keeps somebody who guesses elsewhere from making the owner
// wait. Its session lists the accounts, as keyed hashes of their addresses, the
// newest first.
const (
	deviceLasts    = 365 * 24 * time.Hour
	deviceAccounts = 10
)

// device is the name of the browser of r if it signed in to the account of address
// before, or "".
func (p *People) device(r *http.Request, address string) (string, error) {
	token, marks, err := p.deviceMarks(r)
	known := func(m string) bool { return slices.Contains(marks, m) }
	if err != nil || !slices.ContainsFunc(p.marksOf(address), known) {
		return "", err
	}
	return hashToken(token), nil
}

func (p *People) deviceMarks(r *http.Request) (token string, marks []string, err error) {
	if token = p.known.token(r); token == "" {
		return "", nil, nil
	}
	data, err := p.c.Store.FindSession(r.Context(), p.known.kind, hashToken(token), p.c.Now())
	if errors.Is(err, directory.ErrNotFound) {
		return "", nil, nil
	}
	return token, strings.Fields(string(data)), err
}

// know remembers that the account signed in in this browser. The cookie gets a new
// token: who knew the old one knows nothing of the new.
func (p *People) know(w http.ResponseWriter, r *http.Request, a *directory.Account) error {
	_, marks, err := p.deviceMarks(r)
	if err != nil {
		return err
	}
	same := p.marksOf(a.Email)
	marks = append(same[:1:1], slices.DeleteFunc(marks, func(m string) bool { return slices.Contains(same, m) })...)
	if err := p.forget(r, p.known); err != nil {
		return err
	}
	return p.give(r.Context(), w, p.known, strings.Join(marks[:min(len(marks), deviceAccounts)], " "), deviceLasts)
}
