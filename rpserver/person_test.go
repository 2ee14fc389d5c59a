package rpserver_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// thin is a provider whose ID token says no more than who it is.
func thin(q *idptest.Quirks) { q.Token.Thin = true }

func TestWhenTheUserinfoEndpointIsAsked(t *testing.T) {
	set := func(rule string, scopes []string) settings {
		return func(p *rpserver.Provider) { p.Userinfo, p.Scopes = rule, scopes }
	}
	for _, c := range []struct {
		name  string
		thin  bool
		set   settings
		asked int
		known string // the name that the site learned
	}{
		{"the token says everything", false, set("", nil), 0, "Ada Lovelace"},
		{"the token says nothing", true, set("", nil), 1, "Ada Lovelace"},
		{"the name alone is wanted", true, set("", []string{"profile"}), 1, "Ada Lovelace"},
		{"the address alone is wanted", true, set("", []string{"email"}), 1, ""},
		{"nothing is wanted", true, set("", []string{}), 0, ""},
		{"always", false, set(rpserver.UserinfoAlways, nil), 1, "Ada Lovelace"},
		{"always, thin", true, set(rpserver.UserinfoAlways, nil), 1, "Ada Lovelace"},
		{"never", true, set(rpserver.UserinfoNever, nil), 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			idp := idptest.New(t)
			if c.thin {
				idp.Quirk(thin)
			}
			a := newAway(t, idp, c.set)
			a.as(ada)
			if n := idp.Count(idptest.Userinfo); n != c.asked {
				t.Errorf("asked %d times, want %d", n, c.asked)
			}
			if u := a.user(); u.Name != c.known {
				t.Errorf("the name is %q, want %q", u.Name, c.known)
			}
			a.noSecrets(t)
		})
	}
}

// What the endpoint adds is an address with whether it was verified, both or neither.
func TestAnAddressFromTheUserinfoEndpoint(t *testing.T) {
	for verified, person := range map[bool]idptest.Person{
		true:  {Subject: ada, Email: "ada@example.test", EmailVerified: true},
		false: {Subject: ada, Email: "ada@example.test"},
	} {
		idp := idptest.New(t, idptest.WithPerson(person))
		idp.Quirk(thin)
		a := newAway(t, idp, nil)
		a.as(ada)
		if u := a.user(); u.Email != "ada@example.test" || u.EmailVerified != verified {
			t.Errorf("%q, verified %v, want %v", u.Email, u.EmailVerified, verified)
		}
	}
}

// An endpoint that does not work costs a name, unless the site wants to know it always;
// one that answers about somebody else is believed never.
func TestAUserinfoEndpointThatGivesNothing(t *testing.T) {
	answers := func(text string) func(*idptest.Quirks) {
		return func(q *idptest.Quirks) { q.Answers.UserinfoText = text }
	}
	fails := func(f idptest.Fault) func(*idptest.Quirks) {
		return func(q *idptest.Quirks) { q.Faults = map[idptest.Endpoint]idptest.Fault{idptest.Userinfo: f} }
	}
	for _, c := range []struct {
		name   string
		quirk  func(*idptest.Quirks)
		always string // the code where it is always asked
		ever   string // and where it is asked for a name, "": the person is signed in
	}{
		{"down", fails(idptest.Fault{Status: 500, HTML: true}), "token_endpoint_unreachable", ""},
		{"busy", fails(idptest.Fault{Status: 503}), "provider_busy", ""},
		{"a page", fails(idptest.Fault{HTML: true}), "token_answer_malformed", ""},
		{"a redirect", fails(idptest.Fault{Redirect: "https://evil.example/"}), "token_answer_malformed", ""},
		{"not allowed", fails(idptest.Fault{Status: 403, HTML: true}), "access_refused", ""},
		{"not there", func(q *idptest.Quirks) { q.Endpoints.NoUserinfo = true }, "provider_endpoint_missing", ""},
		{"signed", func(q *idptest.Quirks) { q.Answers.UserinfoJWT = true }, "token_answer_malformed", ""},
		{"too large", answers(`{"sub":"ada","x":"` + strings.Repeat("x", 64<<10) + `"}`), "provider_answer_too_large", ""},
		{"a list", answers(`[]`), "token_answer_malformed", ""},
		{"somebody else", func(q *idptest.Quirks) { q.Answers.UserinfoWrongSubject = true }, "userinfo_subject", "userinfo_subject"},
		{"the same in capitals", answers(`{"sub":"ADA","name":"Eve"}`), "userinfo_subject", "userinfo_subject"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			idp := idptest.New(t)
			idp.Quirk(thin)
			idp.Quirk(c.quirk)
			a := newAway(t, idp, nil)
			if c.ever != "" {
				a.refused(c.ever)
			} else {
				a.as(ada)
				a.logged("userinfo", c.always)
				if u := a.user(); u.Name != "" {
					t.Errorf("the name is %q", u.Name)
				}
			}
			newAway(t, idp, func(p *rpserver.Provider) { p.Userinfo = rpserver.UserinfoAlways }).refused(c.always)
		})
	}
}

// Nobody who was refused for the sake of userinfo is kept.
func TestAnotherPersonsUserinfoLeavesNobody(t *testing.T) {
	idp := idptest.New(t)
	idp.Quirk(thin)
	idp.Quirk(func(q *idptest.Quirks) { q.Answers.UserinfoWrongSubject = true })
	a := newAway(t, idp, nil)
	if p := a.refused("userinfo_subject"); p.status != http.StatusForbidden {
		t.Errorf("status %d", p.status)
	}
	for _, subject := range []string{ada, ada + "-another"} {
		if _, created, err := a.rows.SignIn(t.Context(), rpserver.Identity{Issuer: idp.Issuer, Subject: subject}, idp.Now()); err != nil || !created {
			t.Errorf("%s is a user already (%v)", subject, err)
		}
	}
}

// The hosted domain and further claims are the token's: userinfo is not signed.
func TestUserinfoAdmitsNobody(t *testing.T) {
	idp := idptest.New(t, idptest.WithPerson(idptest.Person{Subject: ada, Name: "Ada", Claims: map[string]any{"hd": "example.test"}}))
	idp.Quirk(thin)
	newAway(t, idp, func(p *rpserver.Provider) { p.HostedDomain = "example.test" }).refused("hd_mismatch")
	idp.Quirk(func(q *idptest.Quirks) { q.Token.Thin = false })
	newAway(t, idp, func(p *rpserver.Provider) { p.HostedDomain = "example.test" }).as(ada)
}

// without takes a member out of what a provider's token endpoint answers.
type without string

func (member without) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || r.URL.Path != string(idptest.Token) {
		return res, err
	}
	defer res.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, err
	}
	delete(answer, string(member))
	b, err := json.Marshal(answer)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(b)), int64(len(b))
	return res, err
}

// A site that always asks takes no sign-in from a provider that gives nothing to ask with.
func TestUserinfoWithoutAnAccessToken(t *testing.T) {
	idp := idptest.New(t)
	idp.Quirk(thin)
	client := func(c *rpserver.Config) { c.Client = &http.Client{Transport: without("access_token")} }
	a := newAway(t, idp, nil, client)
	a.as(ada)
	a.logged("userinfo", "access_refused")
	a = newAway(t, idp, func(p *rpserver.Provider) { p.Userinfo = rpserver.UserinfoAlways }, client)
	a.refused("access_refused")
	a.logged("setting=Userinfo")
	if n := idp.Count(idptest.Userinfo); n != 0 {
		t.Errorf("asked %d times, with nothing", n)
	}
	newAway(t, idp, func(p *rpserver.Provider) { p.Userinfo = rpserver.UserinfoNever }, client).as(ada)
}

// With FedCM there is no access token, and the setting is the code flow's.
func TestUserinfoIsNotForFedCM(t *testing.T) {
	s := newSite(t, func(c *rpserver.Config) { c.Providers[0].Userinfo = rpserver.UserinfoAlways })
	b := s.browser(t)
	if a := b.send(b.token(b.nonce())); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// Names are for people: what no page shows and no database keeps is left out.
func TestNamesWithoutControlCharacters(t *testing.T) {
	for name, quirk := range map[string]func(*idptest.Quirks){
		"in the token": func(q *idptest.Quirks) { q.Token.NULName = true },
		"at userinfo":  func(q *idptest.Quirks) { q.Token.NULName, q.Token.Thin = true, true },
	} {
		idp := idptest.New(t)
		idp.Quirk(quirk)
		a := newAway(t, idp, nil)
		a.as(ada)
		if u := a.user(); u.Name != "AdaLovelace" {
			t.Errorf("%s: %q", name, u.Name)
		}
	}
}
