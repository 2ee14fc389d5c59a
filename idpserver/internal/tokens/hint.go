package tokens

import (
	"slices"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// Hint is an ID token of ours that comes back (OpenID Connect Core 1.0 section
// 3.1.2.1, RP-Initiated Logout 1.0 section 2). It says whom a client means. It signs
// nobody in, so it may have expired.
type Hint struct {
	Account   string
	Client    string
	SessionID string // may be empty
}

// SetKeys gives the published keys, with which hints are checked.
func (t *Tokens) SetKeys(published *jws.KeySet) { t.published.Store(published) }

// ReadHint checks an ID token that this provider signed with a key that it still
// publishes.
func (t *Tokens) ReadHint(token string) (Hint, bool) {
	m, err := jws.Verify(token, t.published.Load(), jws.Policy{Algorithms: t.signing(), Types: []string{"JWT"}})
	if err != nil {
		return Hint{}, false
	}
	v, err := strictjson.Parse(m.Payload, strictjson.Limits{})
	if err != nil {
		return Hint{}, false
	}
	iss, _ := v.Get("iss").Text()
	sub, hasSub := v.Get("sub").Text()
	aud, hasAud := v.Get("aud").Text()
	sid, _ := v.Get("sid").Text()
	return Hint{sub, aud, sid}, hasSub && hasAud && iss == t.c.Issuer
}

// signing are the algorithms of the published keys.
func (t *Tokens) signing() (all []jws.Algorithm) {
	for _, s := range *t.signers.Load() {
		if !slices.Contains(all, s.Algorithm()) {
			all = append(all, s.Algorithm())
		}
	}
	return all
}
