package idptest_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// What follows is in docs/testing.md as well.

func TestSignIn(t *testing.T) {
	idp := idptest.New(t)
	site := startSite(t, idp.Issuer, idp.ClientID, idp.ClientSecret) // your application
	idp.SignsIn(idptest.Person{Subject: "grace", Name: "Grace Hopper", Email: "grace@example.test", EmailVerified: true})

	page := read(t, newBrowser(), site+"/auth/signin/start?return=/hello") // its sign-in link
	if page != "Hello, Grace Hopper." {
		t.Error(page)
	}
	if m := idp.Mistakes(); len(m) > 0 {
		t.Error(m)
	}
}

// newBrowser keeps cookies and follows redirects: all that a sign-in needs of a browser.
func newBrowser() *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{Jar: jar}
}

func read(t testing.TB, browser *http.Client, address string) string {
	t.Helper()
	res, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// The end of what is in docs/testing.md.

func startSite(t *testing.T, issuer, clientID, clientSecret string) string {
	mux := http.NewServeMux()
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	auth, err := rpserver.New(rpserver.Config{
		Origin: site.URL, Prefix: "/auth", Store: new(rpmem.Store),
		Providers: []rpserver.Provider{{Issuer: issuer, ClientID: clientID, ClientSecret: clientSecret}},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/auth/", http.StripPrefix("/auth", auth))
	mux.Handle("/hello", auth.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := auth.User(r)
		_, _ = io.WriteString(w, "Hello, "+user.Name+".")
	})))
	return site.URL
}

func TestWhoDeclinesIsNotSignedIn(t *testing.T) {
	idp := idptest.New(t)
	site := startSite(t, idp.Issuer, idp.ClientID, idp.ClientSecret)
	idp.Denies("access_denied")
	browser := newBrowser()
	read(t, browser, site+"/auth/signin/start?return=/hello")
	if page := read(t, browser, site+"/hello"); strings.Contains(page, "Hello,") {
		t.Error(page)
	}
	if idp.Count(idptest.Authorization) != 1 || idp.Count(idptest.Token) != 0 || idp.Pending() != 0 {
		t.Errorf("requests: %v", idp.Requests())
	}
}

// What an attacker sends signs nobody in at a site by rpserver.
func TestTheKitsRelyingPartyRefusesWhatHasToBeRefused(t *testing.T) {
	for name, change := range map[string]func(*idptest.Quirks){
		"none":             func(q *idptest.Quirks) { q.Token.Unsigned = true },
		"HMAC":             func(q *idptest.Quirks) { q.Token.HMAC = true },
		"broken signature": func(q *idptest.Quirks) { q.Token.BrokenSignature = true },
		"unknown key":      func(q *idptest.Quirks) { q.Token.UnknownKey = true },
		"foreign key":      func(q *idptest.Quirks) { q.Token.ForeignKey = true },
		"nonce":            func(q *idptest.Quirks) { q.Token.WrongNonce = true },
		"no nonce":         func(q *idptest.Quirks) { q.Token.NoNonce = true },
		"issuer":           func(q *idptest.Quirks) { q.Token.WrongIssuer = true },
		"audience":         func(q *idptest.Quirks) { q.Token.WrongAudience = true },
		"extra audience":   func(q *idptest.Quirks) { q.Token.ExtraAudiences = []string{"x"} },
		"authorized party": func(q *idptest.Quirks) { q.Token.AuthorizedParty = "phone" },
		"subject":          func(q *idptest.Quirks) { q.Token.NoSubject = true },
		"no time of issue": func(q *idptest.Quirks) { q.Token.NoIssuedAt = true },
		"expired":          func(q *idptest.Quirks) { q.Token.Expired = true },
		"expiry as text":   func(q *idptest.Quirks) { q.Token.ExpiresText = true },
		"no expiry":        func(q *idptest.Quirks) { q.Token.NoExpiry = true },
		"state":            func(q *idptest.Quirks) { q.Answers.WrongState = true },
		"issuer of answer": func(q *idptest.Quirks) { q.Answers.WrongIssuer = true },
		"no issuer":        func(q *idptest.Quirks) { q.Answers.NoIssuer = true },
	} {
		t.Run(name, func(t *testing.T) {
			idp := idptest.New(t)
			site := startSite(t, idp.Issuer, idp.ClientID, idp.ClientSecret)
			idp.Quirk(change)
			if page := read(t, newBrowser(), site+"/auth/signin/start?return=/hello"); strings.Contains(page, "Hello,") {
				t.Error(page)
			}
			idp.Set(idptest.Quirks{})
			if page := read(t, newBrowser(), site+"/auth/signin/start?return=/hello"); page != "Hello, Ada Lovelace." {
				t.Errorf("without the quirk: %s", page)
			}
		})
	}
}

// What means the same is taken without any setting.
func TestTheKitsRelyingPartyTakesWhatMeansTheSame(t *testing.T) {
	for name, q := range map[string]idptest.Quirks{
		"null claims":              {Token: idptest.TokenQuirks{NullMembers: true}},
		"media type as typ":        {Token: idptest.TokenQuirks{Type: "application/jwt"}},
		"small typ":                {Token: idptest.TokenQuirks{Type: "jwt"}},
		"no typ":                   {Token: idptest.TokenQuirks{NoType: true}},
		"no kid":                   {Token: idptest.TokenQuirks{NoKeyID: true}},
		"no at_hash":               {Token: idptest.TokenQuirks{NoAccessTokenHash: true}},
		"email_verified as text":   {Token: idptest.TokenQuirks{EmailVerifiedText: true}},
		"numbers with a zero":      {Keys: idptest.KeyQuirks{SignedNumbers: true}},
		"padded numbers":           {Keys: idptest.KeyQuirks{Padded: true}},
		"null members of a key":    {Keys: idptest.KeyQuirks{NullMembers: true}},
		"a key twice":              {Keys: idptest.KeyQuirks{Twice: true}},
		"no alg of a key":          {Keys: idptest.KeyQuirks{NoAlgorithm: true}},
		"many keys":                {Keys: idptest.KeyQuirks{More: 60}},
		"small token_type":         {Answers: idptest.AnswerQuirks{TokenType: "bearer"}},
		"expires_in as text":       {Answers: idptest.AnswerQuirks{ExpiresInText: true}},
		"no expires_in":            {Answers: idptest.AnswerQuirks{NoExpiresIn: true}},
		"null members of tokens":   {Answers: idptest.AnswerQuirks{NullMembers: true}},
		"no list of auth methods":  {Endpoints: idptest.EndpointQuirks{NoAuthMethods: true}},
		"no pushed requests there": {Endpoints: idptest.EndpointQuirks{NoPAR: true}},
	} {
		t.Run(name, func(t *testing.T) {
			idp := idptest.New(t, idptest.WithQuirks(q))
			site := startSite(t, idp.Issuer, idp.ClientID, idp.ClientSecret)
			if page := read(t, newBrowser(), site+"/auth/signin/start?return=/hello"); page != "Hello, Ada Lovelace." {
				t.Error(page)
			}
			if m := idp.Mistakes(); len(m) > 0 {
				t.Error(m)
			}
		})
	}
}

// What a document shows is what runs here.
func TestTheDocumentShowsThisTest(t *testing.T) {
	source, document := contents(t, "site_test.go"), contents(t, "../docs/testing.md")
	_, shown, _ := strings.Cut(source, "// What follows is in docs/testing.md as well.\n\n")
	shown, _, ok := strings.Cut(shown, "\n// The end of what is in docs/testing.md.")
	if !ok || !strings.Contains(document, "```go\n"+shown+"```\n") {
		t.Errorf("docs/testing.md does not show\n%s", shown)
	}
}
