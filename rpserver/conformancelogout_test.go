package rpserver_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// leave signs out here and returns where the page sends the browser to sign out at the
// provider.
func (a *away) leave() string {
	a.t.Helper()
	body, err := io.ReadAll(a.post("/signout?at=provider&return=/whoami", "text/html").Body)
	if err != nil {
		a.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(body), `content="0;url=`)
	to, _, ok := strings.Cut(rest, `"`)
	to = strings.ReplaceAll(to, "&amp;", "&")
	if !ok || !strings.HasPrefix(to, a.idp.URL(idptest.EndSession)+"?") {
		a.t.Fatalf("the page leads nowhere: %s", body)
	}
	return to
}

// comeBack signs out at the provider and follows it back, with another state if state is
// not nil.
func (a *away) comeBack(to string, state func(url.Values)) page {
	a.t.Helper()
	client := *a.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Get(to)
	if err != nil {
		a.t.Fatal(err)
	}
	res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(back.String(), a.rp.PostLogoutRedirectURIs()[0]+"?") {
		a.t.Fatalf("%d, back to %s, %v; mistakes %v", res.StatusCode, back, err, a.idp.Mistakes())
	}
	q := back.Query()
	if q.Get("state") == "" || q.Get("state") != last(a.t, a.idp, idptest.EndSession).Form.Get("state") {
		a.t.Errorf("state: %v", q)
	}
	if state != nil {
		state(q)
	}
	back.RawQuery = q.Encode()
	return a.open(back.String())
}

func TestConformanceRPInitiatedLogout(t *testing.T) {
	module := func(want string, state func(url.Values)) func(*testing.T) {
		return func(t *testing.T) {
			idp := idptest.New(t)
			a := newAway(t, idp, nil)
			a.as(ada)
			to := a.leave()
			if p := a.comeBack(to, state); p.at.Path != want || a.who() != "nobody" {
				t.Errorf("came to %s, %s is signed in; want %s", p.at.Path, a.who(), want)
			}
			if hint := last(t, idp, idptest.EndSession).Form.Get("id_token_hint"); hint == "" {
				t.Error("no id_token_hint")
			}
			// Here the suite tells the relying party by the back channel as well.
			if err := idp.BackChannelLogout(t.Context(), a.rp.BackChannelLogoutURIs()[0], idptest.Person{Subject: ada}); err != nil {
				t.Errorf("nobody is left to sign out, which is no error: %v", err)
			}
		}
	}
	planned(t, map[string]func(*testing.T){
		"oidcc-client-test-rp-init-logout": module("/whoami", nil),
		// The state is what leads to /whoami, so without ours it leads to the root.
		"oidcc-client-test-rp-init-logout-other-state": module("/", func(q url.Values) { q.Set("state", q.Get("state")+"x") }),
		"oidcc-client-test-rp-init-logout-no-state":    module("/", func(q url.Values) { q.Del("state") }),
	}, 3)
}

// A logout token that was refused ended nothing; the control is a judgement without the
// one check that takes the very same token.
func TestConformanceBackChannelLogout(t *testing.T) {
	module := func(q idptest.LogoutQuirks, code string, relax control) func(*testing.T) {
		return func(t *testing.T) {
			idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Logout: q}))
			a := newAway(t, idp, nil)
			a.as(ada)
			first := a.http
			a.newBrowser()
			a.as(ada)
			to := a.leave() // the person leaves, and is signed in elsewhere still
			a.http = first
			token := idp.LogoutToken(idptest.Person{Subject: ada}, func(_, claims map[string]any) { delete(claims, "sid") })
			res, err := http.PostForm(a.rp.BackChannelLogoutURIs()[0], url.Values{"logout_token": {token}})
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			status, who := http.StatusBadRequest, ada
			if code == "" {
				status, who = http.StatusOK, "nobody"
			} else {
				a.logged("code=" + code)
			}
			if res.StatusCode != status || a.who() != who || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%d %q, %s is signed in\n%s", res.StatusCode, res.Header.Get("Cache-Control"), a.who(), a.log)
			}
			a.newBrowser()
			if p := a.open(to); p.at.Path != "/" && p.at.Path != "/whoami" {
				t.Errorf("the person came back to %s", p.at)
			}
			c := lenient(t, idp)
			token = relax(t, &c, token)
			if l, err := oidc.VerifyLogoutToken(token, c, time.Now()); err != nil || l.Subject != ada {
				t.Errorf("the control refuses the token too, so the module says nothing of its check: %v", err)
			}
		}
	}
	asIs := func(_ *testing.T, _ *oidc.Config, token string) string { return token }
	claims := func(change func(map[string]any)) control {
		return func(t *testing.T, c *oidc.Config, token string) string {
			return signedAnew(t, c, token, "logout+jwt", change)
		}
	}
	event := claims(func(m map[string]any) { m["events"] = map[string]any{oidc.LogoutEvent: map[string]any{}} })
	const name = "oidcc-client-test-rp-backchannel-rpinitlogout"
	planned(t, map[string]func(*testing.T){
		name:                 module(idptest.LogoutQuirks{}, "", asIs),
		name + "-alg-none":   module(idptest.LogoutQuirks{Unsigned: true}, "alg_unsupported", claims(nil)),
		name + "-no-event":   module(idptest.LogoutQuirks{NoEvent: true}, "logout_event", event),
		name + "-with-nonce": module(idptest.LogoutQuirks{WithNonce: true}, "logout_nonce", claims(func(m map[string]any) { delete(m, "nonce") })),
		name + "-wrong-alg":  module(idptest.LogoutQuirks{HMAC: true}, "alg_unsupported", claims(nil)),
		name + "-wrong-aud": module(idptest.LogoutQuirks{WrongAudience: true}, "aud_mismatch", func(_ *testing.T, c *oidc.Config, token string) string {
			c.ClientID = "another-client"
			return token
		}),
		name + "-wrong-event": module(idptest.LogoutQuirks{WrongEvent: true}, "logout_event", event),
		name + "-wrong-iss": module(idptest.LogoutQuirks{WrongIssuer: true}, "iss_mismatch", func(_ *testing.T, c *oidc.Config, token string) string {
			c.Issuer = "https://another.example"
			return token
		}),
	}, 8)
}
