package provider_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/rpserver/provider"
)

// The guide's client and the person of its examples.
const (
	googleClient = "1234987819200.apps.googleusercontent.com"
	jsmith       = "10769150350006150715113082367"
)

var smith = idptest.Person{Subject: jsmith, Name: "J. Smith", Email: "jsmith@example.com", EmailVerified: true, Claims: map[string]any{"hd": "example.com"}}

// googleDocument is the example of the guide (testdata, CC BY 4.0 with its page) with
// the addresses of the test's provider in the place of Google's hosts.
func googleDocument(t *testing.T, idp *idptest.Provider) func(map[string]any) {
	t.Helper()
	b, err := os.ReadFile("testdata/google-openid-configuration.json")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for from, to := range map[string]string{
		`"https://accounts.google.com"`: idp.Issuer, `"https://accounts.google.com/o/oauth2/v2/auth"`: idp.URL(idptest.Authorization),
		`"https://oauth2.googleapis.com/token"`: idp.URL(idptest.Token), `"https://openidconnect.googleapis.com/v1/userinfo"`: idp.URL(idptest.Userinfo),
		`"https://oauth2.googleapis.com/revoke"`: idp.URL(idptest.Revocation), `"https://www.googleapis.com/oauth2/v3/certs"`: idp.URL(idptest.JWKS),
	} {
		if !strings.Contains(text, from) {
			t.Fatalf("the example has no %s", from)
		}
		text = strings.ReplaceAll(text, from, `"`+to+`"`)
	}
	return func(d map[string]any) {
		clear(d)
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			panic(err) // the test's own file
		}
	}
}

// google plays Google, with these quirks besides its own.
func google(t *testing.T, token idptest.TokenQuirks) *idptest.Provider {
	t.Helper()
	token.NoSessionID = true
	idp := idptest.New(t, idptest.WithClock(time.Now()), idptest.WithPerson(smith),
		idptest.WithClient(idptest.Client{ID: googleClient, Secret: "your-client-secret"}),
		idptest.WithQuirks(idptest.Quirks{
			Token:   token,
			Answers: idptest.AnswerQuirks{NoIssuer: true, RefreshKept: true, RefreshOnlyFirst: true, PKCEOptional: true},
		}))
	edit := googleDocument(t, idp)
	idp.Quirk(func(q *idptest.Quirks) { q.Endpoints.Edit = edit })
	return idp
}

func googleSite(t *testing.T, idp *idptest.Provider, change ...func(*rpserver.Provider)) *site {
	t.Helper()
	return newSite(t, idp, provider.Google(idp.ClientID, idp.ClientSecret), append([]func(*rpserver.Provider){issuer(idp)}, change...)...)
}

const smithAsEver = "J. Smith <jsmith@example.com>"

func TestGoogle(t *testing.T) {
	idp := google(t, idptest.TokenQuirks{})
	s := googleSite(t, idp)
	s.as(smithAsEver)

	sent := s.request(idptest.Authorization)
	redirect := s.rp.RedirectURIs()[0]
	for name, want := range map[string]string{
		"client_id": googleClient, "response_type": "code", "scope": "openid profile email", "redirect_uri": redirect,
	} {
		if got := sent.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if !strings.HasSuffix(redirect, "/auth/signin/callback/google") {
		t.Errorf("redirect URI %s", redirect)
	}
	if state, nonce := sent.Get("state"), sent.Get("nonce"); len(state) < 30 || len(nonce) < 30 || state == nonce {
		t.Errorf("state of %d characters, nonce of %d", len(state), len(nonce))
	}
	if sent.Get("code_challenge_method") != "S256" {
		t.Error("no PKCE")
	}
	if got := s.request(idptest.Token); got.Get("grant_type") != "authorization_code" || got.Get("redirect_uri") != redirect || got.Get("code") == "" {
		t.Errorf("the token request says %v", got["grant_type"])
	}
	s.newBrowser()
	s.as(smithAsEver)
	if again := s.request(idptest.Authorization); again.Get("state") == sent.Get("state") || again.Get("nonce") == sent.Get("nonce") {
		t.Error("state or nonce came twice")
	}

	// The document as the guide has it, hosts and all.
	b, err := os.ReadFile("testdata/google-openid-configuration.json")
	if err != nil {
		t.Fatal(err)
	}
	p := provider.Google("id", "secret")
	d, err := oidc.ParseDiscovery(b, p.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Check(); err != nil || !slices.Equal(d.TokenEndpointAuthMethods, []string{"client_secret_post", "client_secret_basic"}) {
		t.Error(err, d.TokenEndpointAuthMethods)
	}
	if !slices.Equal(p.IssuerAliases, []string{"accounts.google.com"}) {
		t.Errorf("aliases %q", p.IssuerAliases)
	}
}

func TestWhatGoogleMayBeAsked(t *testing.T) {
	idp := google(t, idptest.TokenQuirks{})
	s := googleSite(t, idp, func(p *rpserver.Provider) {
		p.Prompt, p.Offline, p.HostedDomain = "consent", true, "example.com"
		p.Params = []oidc.Param{{Name: "include_granted_scopes", Value: "true"}, {Name: "display", Value: "page"}}
		p.Scopes = []string{"email", "https://www.googleapis.com/auth/profile.agerange.read"}
	})
	if body, code := s.open(signIn + "&login_hint=jsmith@example.com"); body != "J. Smith <jsmith@example.com>" && body != " <jsmith@example.com>" {
		t.Errorf("%s %s", code, body)
	}
	sent := s.request(idptest.Authorization)
	for name, want := range map[string]string{
		"prompt": "consent", "access_type": "offline", "hd": "example.com", "login_hint": "jsmith@example.com",
		"include_granted_scopes": "true", "display": "page", "scope": "openid email https://www.googleapis.com/auth/profile.agerange.read",
	} {
		if got := sent.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestBothFormsOfIss(t *testing.T) {
	idp := google(t, idptest.TokenQuirks{})
	s := googleSite(t, idp)
	s.as(smithAsEver)
	idp.Quirk(func(q *idptest.Quirks) {
		q.Token.Edit = func(_, claims map[string]any) { claims["iss"] = "accounts.google.com" }
	})
	s.newBrowser()
	s.as(smithAsEver)
	googleSite(t, idp, func(p *rpserver.Provider) { p.IssuerAliases = nil }).refused("iss_mismatch", "IssuerAliases")
	idp.Quirk(func(q *idptest.Quirks) {
		q.Token.Edit = func(_, claims map[string]any) { claims["iss"] = "accounts.google.com." }
	})
	s.newBrowser()
	s.refused("iss_mismatch", "")
}

// An app on a phone asked for the token, with a client of its own for the same server.
func TestATokenThatAnAppAskedFor(t *testing.T) {
	const app = "407408718192.apps.googleusercontent.com"
	idp := google(t, idptest.TokenQuirks{AuthorizedParty: app})
	googleSite(t, idp, func(p *rpserver.Provider) { p.AuthorizedParties = []string{app} }).as(smithAsEver)
	googleSite(t, idp).refused("azp_mismatch", "AuthorizedParties")
}

// The claims of the guide's example: azp beside aud, email_verified as text.
func TestGooglesExampleOfAnIDToken(t *testing.T) {
	idp := google(t, idptest.TokenQuirks{EmailVerifiedText: true, AuthorizedParty: googleClient, Edit: func(_, claims map[string]any) {
		for name := range claims {
			if !slices.Contains([]string{"iss", "azp", "aud", "sub", "at_hash", "hd", "email", "email_verified", "iat", "exp", "nonce"}, name) {
				delete(claims, name)
			}
		}
		claims["exp"] = claims["iat"].(int64) + 3900
	}})
	s := googleSite(t, idp, func(p *rpserver.Provider) { p.Userinfo = rpserver.UserinfoNever })
	s.as(" <jsmith@example.com>")
	token := idp.Token(smith, "n", nil)
	if !strings.Contains(payload(t, token), `"email_verified":"true"`) {
		t.Error("the token has no text")
	}
	id, err := judge(t, idp, token)
	if err != nil || !id.EmailVerified || id.Subject != jsmith || id.HostedDomain != "example.com" {
		t.Errorf("%+v %v", id, err)
	}
}

func TestOnlyMembersOfTheOrganisation(t *testing.T) {
	idp := google(t, idptest.TokenQuirks{})
	member := func(domain string) func(*rpserver.Provider) {
		return func(p *rpserver.Provider) { p.HostedDomain = domain }
	}
	for domain, want := range map[string]string{"example.com": "example.com", "*": "*"} {
		s := googleSite(t, idp, member(domain))
		s.as(smithAsEver)
		if got := s.request(idptest.Authorization).Get("hd"); got != want {
			t.Errorf("hd is %q", got)
		}
	}
	googleSite(t, idp, member("example.org")).refused("hd_mismatch", "")
	// A personal account with an address of the domain has no hd.
	personal := smith
	personal.Claims = nil
	for _, domain := range []string{"example.com", "*"} {
		idp.SignsIn(personal)
		googleSite(t, idp, member(domain)).refused("hd_mismatch", "")
	}
}

func TestGooglesTokensThatAreRefused(t *testing.T) {
	for code, q := range map[string]idptest.TokenQuirks{
		"aud_mismatch": {WrongAudience: true}, "expired": {Expired: true}, "nonce_unknown": {WrongNonce: true}, "signature_invalid": {BrokenSignature: true},
		"at_hash_mismatch": {WrongAccessTokenHash: true}, "sub_invalid": {NoSubject: true}, "iss_mismatch": {WrongIssuer: true}, "alg_unsupported": {Unsigned: true},
	} {
		googleSite(t, google(t, q)).refused(code, "")
	}
}

func TestGooglesUserinfo(t *testing.T) {
	idp := google(t, idptest.TokenQuirks{Thin: true})
	s := googleSite(t, idp)
	s.as(smithAsEver)
	i := slices.IndexFunc(idp.Requests(), func(r idptest.Request) bool { return r.Endpoint == idptest.Userinfo })
	if i < 0 || idp.Requests()[i].Auth != "bearer" || idp.Requests()[i].Form.Has("access_token") {
		t.Error("userinfo was not asked with the token in the header")
	}
	idp.Quirk(func(q *idptest.Quirks) { q.Answers.UserinfoWrongSubject = true })
	s.newBrowser()
	s.refused("userinfo_subject", "")
}

func TestARefreshTokenTheFirstTimeOnly(t *testing.T) {
	idp := google(t, idptest.TokenQuirks{})
	s := googleSite(t, idp, func(p *rpserver.Provider) { p.Offline = true })
	s.as(smithAsEver)
	if got := s.request(idptest.Authorization); got.Get("access_type") != "offline" || strings.Contains(got.Get("scope"), "offline_access") {
		t.Errorf("asked with access_type %q and scope %q", got.Get("access_type"), got.Get("scope"))
	}
	token, _ := s.open("/token")
	idp.Advance(2 * time.Hour)
	next, _ := s.open("/token")
	idp.Advance(2 * time.Hour) // the refresh token is kept and works again
	third, _ := s.open("/token")
	if token == "" || next == token || third == next || strings.Contains(token+next+third, " ") {
		t.Errorf("tokens %q", []string{token, next, third})
	}
	s.newBrowser() // the second time there is none
	s.as(smithAsEver)
	idp.Advance(2 * time.Hour)
	if body, _ := s.open("/token"); body != rpserver.ErrAskAgain.Error() {
		t.Errorf("%q", body)
	}
	// Without Offline nothing asks for one.
	plain := googleSite(t, google(t, idptest.TokenQuirks{}))
	plain.as(smithAsEver)
	if plain.request(idptest.Authorization).Has("access_type") {
		t.Error("access_type was sent")
	}
}
