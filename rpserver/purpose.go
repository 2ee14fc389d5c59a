package rpserver

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// purpose is what a sign-in by redirect is for. Most are for nothing else than to sign
// in. Somebody who is signed in may also
//   - link another identity (?link=1): what comes back becomes a way to sign in as the
//     same user;
//   - confirm who they are (?max_age=SECONDS): what comes back must be about the same
//     person, and not older than that;
//   - agree to more scopes (?scope=SCOPE): what comes back must be about the same person.
//
// The last three are bound to the sign-in as well as to the browser, so that what was
// begun by one person does not end as another one's.
type purpose struct {
	label  label
	signIn *SignIn   // nil: nobody has to be signed in
	maxAge string    // seconds, "" without
	scopes []string  // besides those that each sign-in asks for
	made   time.Time // when it was begun
}

// bound is what the state is bound to.
func (y purpose) bound(browser string) string {
	if y.signIn == nil || browser == "" {
		return browser
	}
	return browser + "\x00" + y.signIn.ID
}

// written is what the state holds: where to go on to and, before it, the age that was
// asked for.
func (y purpose) written(path string) string {
	if y.label != labelConfirm {
		return path
	}
	return y.maxAge + " " + path
}

// startFor is where somebody starts again with the same purpose.
func (rp *RP) startFor(y purpose, p *provider, back string) string {
	start := rp.startAt(p, back)
	if y.label == labelLink {
		start += "&" + url.Values{"link": {"1"}}.Encode()
	}
	if y.maxAge != "" {
		start += "&" + url.Values{"max_age": {y.maxAge}}.Encode()
	}
	if len(y.scopes) > 0 { // known until the provider is asked; the state does not hold them
		start += "&" + url.Values{"scope": {strings.Join(y.scopes, " ")}}.Encode()
	}
	return start
}

var (
	errNotLinkable = web.NewProblem(http.StatusNotFound, "linking_unsupported", "This site knows one way to sign in for each person.")
	errFromHere    = web.NewProblem(http.StatusForbidden, "cross_origin_request",
		"This begins with a link on one of this site's own pages, and not with another site's or with a typed address.")
	errScope = web.NewProblem(http.StatusBadRequest, "scope_unknown", "This site does not ask for that (MoreScopes).")
	errAge   = web.NewProblem(http.StatusBadRequest, "max_age_malformed", "max_age must be a number of seconds, below ten digits.")
)

// hasPurpose tells whether a sign-in is begun for more than to sign in.
func hasPurpose(q url.Values) bool { return q.Has("link") || q.Has("max_age") || q.Has("scope") }

// readPurpose reads what a sign-in is begun for. To link and to ask for more is for the
// site's own pages: another site could give somebody a second identity that is its own.
func (rp *RP) readPurpose(r *http.Request, p *provider, q url.Values) (purpose, error) {
	if !hasPurpose(q) {
		return purpose{label: labelState}, nil
	}
	link, age, scope := q.Has("link"), q.Get("max_age"), q.Get("scope")
	s, ok := rp.SignedIn(r)
	if !ok {
		return purpose{}, errSignInRequired
	}
	if (link || scope != "") && r.Header.Get("Sec-Fetch-Site") != "same-origin" {
		return purpose{}, errFromHere
	}
	if link {
		if rp.identities == nil {
			return purpose{}, errNotLinkable
		}
		if at := rp.providerOf(s); !rp.linkStale && at.confirms(s) && !rp.isFresh(s, linkFresh) {
			return purpose{}, rp.confirmFirst(r, at, q)
		}
		return purpose{label: labelLink, signIn: s}, nil
	}
	y := purpose{label: labelConfirm, signIn: s, maxAge: age, scopes: strings.Fields(scope)}
	if age != "" {
		if _, err := strconv.ParseUint(age, 10, 31); err != nil || len(age) >= maxAgeText-1 {
			return purpose{}, errAge
		}
	}
	for _, one := range y.scopes {
		if !slices.Contains(p.MoreScopes, one) && !slices.Contains(p.scopes(), one) {
			return purpose{}, errScope
		}
	}
	return y, nil
}

// openAttempt opens a state of any purpose. Who is signed in now must be who was when it
// was sealed: with another sign-in the state is as if it were another browser's.
func (rp *RP) openAttempt(r *http.Request, p *provider, state string) (*sealed, purpose, bool) {
	for _, l := range []label{labelState, labelLink, labelConfirm} {
		s, ok := rp.open(sealedFor{l, p.Name}, state)
		if !ok {
			continue
		}
		y := purpose{label: l, made: s.made}
		if l == labelState {
			return s, y, true
		}
		if y.signIn, ok = rp.SignedIn(r); !ok {
			y.signIn = &SignIn{}
		}
		if l == labelConfirm {
			y.maxAge, s.path, _ = strings.Cut(s.path, " ")
		}
		return s, y, true
	}
	return nil, purpose{}, false
}

var (
	errOtherPerson = web.NewProblem(http.StatusForbidden, "other_person",
		"You signed in as somebody else than you are here. Sign out first, or choose the same account.")
	errNotConfirmed = web.NewProblem(http.StatusForbidden, "not_confirmed",
		"The identity provider did not ask you again, or does not say when it did. Start again.")
	errIdentityTaken = web.NewProblem(http.StatusForbidden, "identity_taken",
		"Somebody signs in here with that account already. If it is you, sign in with it, and close that account first.")
)

// link gives an identity that was proved just now to the user whose sign-in this is.
func (rp *RP) link(r *http.Request, s *SignIn, person Identity, now time.Time) error {
	err := rp.identities.Link(r.Context(), s.UserID, person, now)
	if errors.Is(err, ErrIdentityTaken) {
		return errIdentityTaken
	}
	if err == nil {
		rp.log.InfoContext(r.Context(), "relying party: identity linked", "issuer", person.Issuer, "user", s.UserID)
	}
	return err
}

// confirmed judges a sign-in of somebody who is signed in (OpenID Connect Core 1.0 section
// 3.1.3.7, step 12). A provider that was asked for an age must say in auth_time how old
// its own is.
func (rp *RP) confirmed(p *provider, id *oidc.IDToken, person Identity, y purpose) error {
	if y.label != labelConfirm {
		return nil
	}
	if person.Issuer != y.signIn.Issuer || person.Subject != y.signIn.Subject {
		return errOtherPerson
	}
	if y.maxAge == "" {
		return nil
	}
	age, err := strconv.ParseInt(y.maxAge, 10, 32)
	if err != nil {
		return err
	}
	oldest := y.made.Add(-time.Duration(age)*time.Second - max(p.Skew, time.Minute)) // for clocks that differ
	if id.AuthTime == 0 || time.Unix(id.AuthTime, 0).Before(oldest) {
		return errNotConfirmed
	}
	return nil
}
