package people

import (
	"crypto/rand"
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
// newest first, behind the name under which the browser's guesses are counted. That
// name stays when the cookie's token changes: whoever has an account of their own
// could otherwise guess somebody else's password in a browser that both use, and sign
// in to their own whenever the guesses were used up.
const (
	deviceLasts    = 365 * 24 * time.Hour
	deviceAccounts = 10
)

// deviceName marks the name among the fields of a session; the marks are hexadecimal.
const deviceName = "@"

// device is the name of the browser of r if it signed in to the account of address
// before, or "".
func (p *People) device(r *http.Request, address string) (string, error) {
	name, marks, err := p.deviceSession(r)
	known := func(m string) bool { return slices.Contains(marks, m) }
	if err != nil || !slices.ContainsFunc(p.marksOf(address), known) {
		return "", err
	}
	return name, nil
}

// deviceSession is what the session of the cookie holds; nothing where there is none.
func (p *People) deviceSession(r *http.Request) (name string, marks []string, err error) {
	token := p.known.token(r)
	if token == "" {
		return "", nil, nil
	}
	data, err := p.c.Store.FindSession(r.Context(), p.known.kind, hashToken(token), p.c.Now())
	if errors.Is(err, directory.ErrNotFound) {
		return "", nil, nil
	}
	marks = strings.Fields(string(data))
	if len(marks) > 0 && strings.HasPrefix(marks[0], deviceName) {
		return marks[0], marks[1:], err
	}
	return deviceName + hashToken(token), marks, err // as sessions were written at first
}

// know remembers that the account signed in in this browser. The cookie gets a new
// token: who knew the old one knows nothing of the new.
func (p *People) know(w http.ResponseWriter, r *http.Request, a *directory.Account) error {
	name, marks, err := p.deviceSession(r)
	if err != nil {
		return err
	}
	if name == "" {
		name = deviceName + rand.Text()
	}
	same := p.marksOf(a.Email)
	marks = append(same[:1:1], slices.DeleteFunc(marks, func(m string) bool { return slices.Contains(same, m) })...)
	if err := p.forget(r, p.known); err != nil {
		return err
	}
	data := name + " " + strings.Join(marks[:min(len(marks), deviceAccounts)], " ")
	return p.give(r.Context(), w, p.known, data, deviceLasts)
}
