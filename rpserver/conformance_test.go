package rpserver_test

import (
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// The plans of the OpenID Foundation's conformance suite for relying parties, module by
// module, under its names: what each asks of a relying party, asked by idptest. The suite
// itself is a server that this does not run.
//
// A module that wants a refusal has a control: the very token that came over the wire is
// taken by a judgement that leaves out the one check which the module is about. So the
// provider does what the module says, nothing else is wrong with the token, and the module
// fails if the check goes.

// signsIn is a module that a relying party passes by signing the person in.
func signsIn(q idptest.Quirks, seen func(t *testing.T, idp *idptest.Provider, w *wire), options ...idptest.Option) func(*testing.T) {
	return func(t *testing.T) {
		idp := idptest.New(t, append(options, idptest.WithQuirks(q))...)
		w := &wire{t: t}
		newAway(t, idp, nil, w.client).as(ada)
		if seen != nil {
			seen(t, idp, w)
		}
	}
}

// control is a judgement without the check that a module is about, and the token for it.
type control func(t *testing.T, c *oidc.Config, token string) string

// refuses is a module that a relying party passes by refusing the ID token.
func refuses(q idptest.TokenQuirks, code string, relax control) func(*testing.T) {
	return func(t *testing.T) {
		idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Token: q}))
		w := &wire{t: t}
		newAway(t, idp, nil, w.client).refused(code)
		if n := idp.Count(idptest.Userinfo); n != 0 {
			t.Errorf("userinfo was asked %d times with a token that is not to be trusted", n)
		}
		accepts(t, lenient(t, idp), w.token(), relax)
	}
}

// accepts runs a control.
func accepts(t *testing.T, c oidc.Config, token string, relax control) {
	t.Helper()
	token = relax(t, &c, token)
	if id, err := oidc.Verify(token, c, time.Now()); err != nil {
		t.Errorf("the control refuses the token too, so the module says nothing of its check: %v", err)
	} else if id.Subject != ada {
		t.Errorf("the control is about %q", id.Subject)
	}
}

// with puts a claim where it should be.
func with(name string, value any) control {
	return func(t *testing.T, c *oidc.Config, token string) string {
		return signedAnew(t, c, token, "JWT", func(claims map[string]any) { claims[name] = value })
	}
}

// resigned has the same claims.
func resigned(t *testing.T, c *oidc.Config, token string) string {
	return signedAnew(t, c, token, "JWT", nil)
}

// unsigned is a module of two plans.
var unsigned = refuses(idptest.TokenQuirks{Unsigned: true}, "alg_unsupported", resigned)

func TestConformanceBasic(t *testing.T) {
	always := func(p *rpserver.Provider) { p.Userinfo = rpserver.UserinfoAlways }
	planned(t, map[string]func(*testing.T){
		"oidcc-client-test": signsIn(idptest.Quirks{}, nil),
		"oidcc-client-test-invalid-iss": refuses(idptest.TokenQuirks{WrongIssuer: true}, "iss_mismatch",
			func(_ *testing.T, c *oidc.Config, token string) string {
				c.Issuer = "https://another.example"
				return token
			}),
		"oidcc-client-test-missing-sub": refuses(idptest.TokenQuirks{NoSubject: true}, "sub_invalid", with("sub", ada)),
		"oidcc-client-test-invalid-aud": refuses(idptest.TokenQuirks{WrongAudience: true}, "aud_mismatch",
			func(_ *testing.T, c *oidc.Config, token string) string {
				c.ClientID = "another-client"
				return token
			}),
		"oidcc-client-test-missing-iat": refuses(idptest.TokenQuirks{NoIssuedAt: true}, "iat_missing", with("iat", time.Now().Unix())),
		"oidcc-client-test-kid-absent-single-jwks": signsIn(
			idptest.Quirks{Token: idptest.TokenQuirks{NoKeyID: true}, Keys: idptest.KeyQuirks{NoKeyID: true}},
			func(t *testing.T, idp *idptest.Provider, w *wire) {
				if _, has := headerOf(t, w.token())["kid"]; has || len(keysOf(t, idp).Keys()) != 1 {
					t.Error("the token has a kid, or the set has several keys")
				}
			}),
		"oidcc-client-test-kid-absent-multiple-jwks": func(t *testing.T) {
			// The module allows both: to refuse, or to try all keys. We refuse.
			idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{
				Token: idptest.TokenQuirks{NoKeyID: true}, Keys: idptest.KeyQuirks{NoKeyID: true}}))
			if err := idp.RotateKeys(); err != nil {
				t.Fatal(err)
			}
			w := &wire{t: t}
			newAway(t, idp, nil, w.client).refused("key_ambiguous")
			if n := len(keysOf(t, idp).Keys()); n != 2 {
				t.Errorf("%d keys", n)
			}
			idp.WithdrawKeys()
			accepts(t, lenient(t, idp), w.token(), func(_ *testing.T, _ *oidc.Config, token string) string { return token })
		},
		"oidcc-client-test-idtoken-sig-rs256": signsIn(idptest.Quirks{}, func(t *testing.T, _ *idptest.Provider, w *wire) {
			if alg := headerOf(t, w.token())["alg"]; alg != "RS256" {
				t.Errorf("signed with %v", alg)
			}
		}, idptest.WithAlgorithm(jws.RS256)),
		"oidcc-client-test-idtoken-sig-none":  unsigned,
		"oidcc-client-test-invalid-sig-rs256": refuses(idptest.TokenQuirks{BrokenSignature: true}, "signature_invalid", resigned),
		"oidcc-client-test-nonce-invalid": refuses(idptest.TokenQuirks{WrongNonce: true}, "nonce_unknown",
			func(_ *testing.T, _ *oidc.Config, token string) string { return token }), // which takes any nonce
		"oidcc-client-test-userinfo-bearer-header": func(t *testing.T) {
			idp := idptest.New(t)
			newAway(t, idp, always).as(ada)
			if r := last(t, idp, idptest.Userinfo); r.Auth != "bearer" || r.Form.Has("access_token") {
				t.Errorf("%+v", r)
			}
		},
		"oidcc-client-test-userinfo-bearer-body": func(t *testing.T) {
			// The token goes into the body where the provider does not take it otherwise; RFC
			// 6750 section 2.2 advises against it where a header will do.
			idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{
				Token: idptest.TokenQuirks{Thin: true}, Endpoints: idptest.EndpointQuirks{UserinfoBody: true},
			}))
			a := newAway(t, idp, nil)
			a.as(ada)
			if r := last(t, idp, idptest.Userinfo); r.Method != "POST" || !r.Form.Has("access_token") {
				t.Errorf("%+v", r)
			}
			if u := a.user(); u.Name != "Ada Lovelace" {
				t.Errorf("userinfo was not used: %+v", u)
			}
		},
		"oidcc-client-test-userinfo-invalid-sub": func(t *testing.T) {
			idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Answers: idptest.AnswerQuirks{UserinfoWrongSubject: true}}))
			newAway(t, idp, always).refused("userinfo_subject")
			// The same sign-in without the answer about somebody else.
			newAway(t, idp, func(p *rpserver.Provider) { p.Userinfo = rpserver.UserinfoNever }).as(ada)
		},
		"oidcc-client-test-scope-userinfo-claims": func(t *testing.T) {
			idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Token: idptest.TokenQuirks{Thin: true}}))
			a := newAway(t, idp, nil)
			a.as(ada)
			if scope := last(t, idp, idptest.Authorization).Form.Get("scope"); scope != "openid profile email" {
				t.Errorf("asked for %q", scope)
			}
			if u := a.user(); u.Name != "Ada Lovelace" || u.Email != "ada@example.test" || !u.EmailVerified {
				t.Errorf("%+v", u)
			}
			idp.Quirk(func(q *idptest.Quirks) { q.Endpoints.NoUserinfo = true })
			without := newAway(t, idp, nil)
			without.as(ada)
			if u := without.user(); u.Name != "" || u.Email != "" {
				t.Errorf("the ID token had them, so userinfo was not needed: %+v", u)
			}
		},
		"oidcc-client-test-client-secret-basic": func(t *testing.T) {
			idp := idptest.New(t, idptest.WithClient(idptest.Client{ID: "shop & co", Secret: "a:secret/with%signs", AuthMethod: "client_secret_basic"}))
			newAway(t, idp, nil).as(ada)
			if r := last(t, idp, idptest.Token); r.Auth != "client_secret_basic" || r.Form.Has("client_secret") {
				t.Errorf("%+v", r)
			}
			newAway(t, idp, func(p *rpserver.Provider) { p.TokenAuth = "client_secret_post" }).refused("client_refused")
		},
	}, 16)
}

// user is ada as the relying party keeps her.
func (a *away) user() *rpserver.User {
	a.t.Helper()
	u, err := a.rows.User(a.t.Context(), userOf(a.t, a))
	if err != nil {
		a.t.Fatal(err)
	}
	return u
}
