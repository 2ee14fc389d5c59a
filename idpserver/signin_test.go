package idpserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/bonafides-dev/bonafides/idpserver"
)

func TestSignInSetsItsCookiesAndTheLoginStatus(t *testing.T) {
	for _, c := range []struct {
		issuer, page, fedcm string
		secure              bool
	}{
		{loopback, "bonafides-idp", "bonafides-idp-fedcm", false},
		{"https://idp.example", "__Host-bonafides-idp", "__Host-bonafides-idp-fedcm", true},
	} {
		t.Run(c.issuer, func(t *testing.T) {
			p := newIdP(t, func(conf *idpserver.Config) { conf.Issuer = c.issuer })
			p.create("ada@corp.example")
			b := p.browser()
			res := b.signIn("Ada@Corp.example")
			wantRedirect(t, res, "/account?from=signin")
			if got := res.Header.Get("Set-Login"); got != "logged-in" {
				t.Errorf("Set-Login = %q", got)
			}
			page, fedcm, device := b.cookies[c.page], b.cookies[c.fedcm], b.cookies[c.page+"-device"]
			if page == nil || fedcm == nil || device == nil || len(b.cookies) != 3 {
				t.Fatalf("cookies = %v", b.cookies)
			}
			if device.SameSite != http.SameSiteLaxMode || device.Secure != c.secure || !device.HttpOnly || device.Path != "/" || device.Domain != "" {
				t.Errorf("device cookie: %s", device.Raw)
			}
			if page.SameSite != http.SameSiteLaxMode || page.Secure != c.secure || !page.HttpOnly || page.Path != "/" || page.Domain != "" {
				t.Errorf("page cookie: %s", page.Raw)
			}
			if fedcm.SameSite != http.SameSiteNoneMode || !fedcm.Secure || !fedcm.HttpOnly || fedcm.Path != "/" || fedcm.Domain != "" {
				t.Errorf("FedCM cookie: %s", fedcm.Raw)
			}
			if page.Value == fedcm.Value {
				t.Error("both cookies hold the same token")
			}
		})
	}
}

func TestSignInRefusals(t *testing.T) {
	for _, c := range []struct {
		name, email, password string
		status                int
		code                  string
	}{
		{"wrong password", "ada@corp.example", "wrong horse battery staple", 403, "credentials_wrong"},
		{"unknown address", "nobody@corp.example", password, 403, "credentials_wrong"},
		{"account without a password", "none@corp.example", password, 403, "credentials_wrong"},
		{"password in another case", "ada@corp.example", strings.ToUpper(password), 403, "credentials_wrong"},
		{"password with more behind it", "ada@corp.example", password + "x", 403, "credentials_wrong"},
		{"password beyond any length", "ada@corp.example", strings.Repeat("p", 2000), 403, "credentials_wrong"},
		{"no password", "ada@corp.example", "", 422, "credentials_missing"},
		{"no address", "", password, 422, "credentials_missing"},
		{"not an address", "ada", password, 422, "email_invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newIdP(t)
			p.create("ada@corp.example")
			p.create("none@corp.example", func(n *idpserver.NewAccount) { n.Password = "" })
			b := p.browser()
			res := b.post("/signin", "email", c.email, "password", c.password)
			wantPageCode(t, res, c.status, c.code)
			if len(b.cookies) != 0 || res.Header.Get("Set-Login") != "" {
				t.Errorf("a refused sign-in set %v, Set-Login %q", b.cookies, res.Header.Get("Set-Login"))
			}
			wantStatus(t, b.accounts(), http.StatusUnauthorized)
			if c.password != "" && strings.Contains(body(t, res), c.password) {
				t.Error("the page repeats the password")
			}
		})
	}
}

func TestGuessingIsSlowedAndStopsNobodyElse(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	p.create("grace@corp.example")
	guess := func(addr, email, pw string) *http.Response {
		b := p.browser()
		b.addr = addr
		return b.post("/signin", "email", email, "password", pw)
	}
	const wrong = "wrong wrong wrong"
	// Ada's own browser was here before.
	own := p.browser()
	own.signIn("ada@corp.example")

	// One network has ten guesses at an account, and makes nobody else wait.
	for range 10 {
		wantStatus(t, guess("198.51.100.1:1", "ADA@corp.example", wrong), 403)
	}
	res := guess("198.51.100.1:1", "ada@corp.example", password)
	wantPageCode(t, res, 429, "too_many_attempts")
	if res.Header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
	}
	wantStatus(t, guess("198.51.100.1:1", "grace@corp.example", password), 303)
	wantStatus(t, guess("198.51.100.2:1", "ada@corp.example", password), 303)

	// Thirty guesses, from wherever: then strangers wait, and whoever is known does not.
	for i := range 20 {
		wantStatus(t, guess("203.0.113."+strconv.Itoa(i)+":1", "ada@corp.example", wrong), 403)
	}
	wantPageCode(t, guess("203.0.113.99:1", "ada@corp.example", password), 429, "too_many_attempts")
	wantStatus(t, own.post("/signin", "email", "ada@corp.example", "password", wrong), 403)
	wantStatus(t, own.post("/signin", "email", "ada@corp.example", "password", password), 303)
	for _, cookie := range []string{"", strings.Repeat("A", 43)} { // a cookie of nobody proves nothing
		b := p.browser()
		b.cookies["bonafides-idp-device"] = &http.Cookie{Name: "bonafides-idp-device", Value: cookie}
		wantStatus(t, b.post("/signin", "email", "ada@corp.example", "password", password), 429)
	}
	// Grace's browser is known to be Grace's.
	graces := p.browser()
	graces.signIn("grace@corp.example")
	wantStatus(t, graces.post("/signin", "email", "ada@corp.example", "password", password), 429)
	p.now = p.now.Add(time.Minute)
	wantStatus(t, guess("203.0.113.99:1", "ada@corp.example", password), 303)

	// However many accounts are tried from a network, whoever knows a password gets in.
	for i := range 200 {
		wantStatus(t, guess("192.0.2.9:1", "nobody"+strconv.Itoa(i)+"@corp.example", wrong), 403)
	}
	wantStatus(t, guess("192.0.2.9:1", "grace@corp.example", password), 303)
	// IPv6 customers hold more than one address.
	for i := range 10 {
		wantStatus(t, guess("[2001:db8:0:"+strconv.Itoa(i)+"::1]:1", "grace@corp.example", wrong), 403)
	}
	wantStatus(t, guess("[2001:db8:0:f::2]:1", "grace@corp.example", password), 429)
	wantStatus(t, guess("[2001:db8:1::1]:1", "grace@corp.example", password), 303)
}

func TestSignInPageUnderstandsHints(t *testing.T) {
	p := newIdP(t)
	b := p.browser()
	for _, c := range []struct{ name, query, want, never string }{
		{"login hint", "?login_hint=ada%40corp.example", `value="ada@corp.example"`, ""},
		{"domain hint", "?domain_hint=corp.example", "<b>corp.example</b>", ""},
		{"any domain", "?domain_hint=any", "account of an organisation", ""},
		{"hostile login hint", `?login_hint="><script>x</script>`, "", "<script>x"},
		{"hostile domain hint", "?domain_hint=%3Cb%3Ecall%20us", "", "call us"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := b.get("/signin" + c.query)
			wantStatus(t, res, http.StatusOK)
			page := body(t, res)
			if !strings.Contains(page, c.want) {
				t.Errorf("the page lacks %q", c.want)
			}
			if c.never != "" && strings.Contains(page, c.never) {
				t.Errorf("the page holds %q", c.never)
			}
		})
	}
}

func TestTheWindowOfTheFedCMDialogIsClosedAfterSignInOnly(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	b := p.browser()
	res := b.signIn("ada@corp.example")
	after := body(t, b.get(res.Header.Get("Location")))
	i := strings.Index(after, "/close.js")
	if i < 0 {
		t.Fatal("the page after sign-in does not load close.js")
	}
	if strings.Contains(body(t, b.get("/account")), "/close.js") {
		t.Error("the account page closes windows that nobody signed in in")
	}
	from := strings.LastIndex(after[:i], `"`) + 1
	script := b.get(after[from : i+len("/close.js")])
	wantStatus(t, script, http.StatusOK)
	if !strings.Contains(body(t, script), "IdentityProvider.close()") {
		t.Error("close.js does not call IdentityProvider.close()")
	}
}

func TestAfterSignInPeopleGoToPathsOfThisServerOnly(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	for next, want := range map[string]string{
		"/account":                      "/account",
		"/verify-email?account=A&b=c":   "/verify-email?account=A&b=c",
		"":                              "/account?from=signin",
		"//evil.example":                "/account?from=signin",
		"/\\evil.example":               "/account?from=signin",
		"https://evil.example/":         "/account?from=signin",
		"javascript:alert(1)":           "/account?from=signin",
		"/\tevil":                       "/account?from=signin",
		"/../evil":                      "/account?from=signin",
		"/./evil":                       "/account?from=signin",
		"/a//evil.example":              "/account?from=signin",
		"/ok\r\nSet-Cookie: a=b":        "/account?from=signin",
		"account":                       "/account?from=signin",
		"/account#sites":                "/account#sites",
		"/" + strings.Repeat("x", 5000): "/account?from=signin",
	} {
		res := p.browser().post("/signin", "email", "ada@corp.example", "password", password, "next", next)
		wantRedirect(t, res, want)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for _, path := range []string{"/signin", "/signup", "/signout", "/account", "/verify-email"} {
		for name, header := range map[string][2]string{
			"cross-site":     {"Sec-Fetch-Site", "cross-site"},
			"same site only": {"Sec-Fetch-Site", "same-site"}, // a neighbour like shop.localhost
			"foreign Origin": {"Origin", "https://evil.example"},
			"null Origin":    {"Origin", "null"},
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				r := httptest.NewRequest(http.MethodPost, loopback+path,
					strings.NewReader(values("account", ada.ID, "email", "ada@corp.example", "password", password).Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set(header[0], header[1])
				res := b.send(r, false) // even with the cookies
				wantPageCode(t, res, 403, "cross_origin")
			})
		}
	}
	wantStatus(t, b.accounts(), http.StatusOK)
}

func TestAFormOfTheOperatorsOpensNothingByItself(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) {
		c.Pages = func(_ context.Context, at idpserver.PageAt) (p idpserver.PageParts) {
			if at.Page == idpserver.PageSignIn {
				p.Form = templ.Raw(`<form data-do="signin-ada" data-next="` + at.Next + `"></form>`)
			}
			return p
		}
	})
	page := body(t, p.browser().get("/signin?next=%2Fverify-email"))
	if !strings.Contains(page, `data-do="signin-ada" data-next="/verify-email"`) {
		t.Fatal("no form, or one that does not know where to go on to")
	}
	// The button alone opens nothing: the account has to exist with this password.
	b := p.browser()
	wantPageCode(t, b.post("/signin", "email", "ada@corp.example", "password", password), 403, "credentials_wrong")
	p.create("ada@corp.example")
	b.signIn("ada@corp.example")
	if strings.Contains(body(t, newIdP(t).browser().get("/signin")), "signin-ada") {
		t.Error("the form is there without the setting")
	}
}

func TestPasswordHashesAreRenewedWhenCostsRise(t *testing.T) {
	p := newIdP(t)
	a := p.create("ada@corp.example")
	hash := func() string {
		got, err := p.store.Account(context.Background(), a.ID)
		if err != nil {
			t.Fatal(err)
		}
		return got.PasswordHash
	}
	before := hash()
	p.browser().signIn("ada@corp.example")
	if hash() != before {
		t.Fatal("the hash changed without need")
	}
	idpserver.CheapPasswords(2)
	defer idpserver.CheapPasswords(1)
	dearer := newIdP(t, func(c *idpserver.Config) { c.Store = p.store })
	wantStatus(t, dearer.browser().post("/signin", "email", "ada@corp.example", "password", "wrong wrong wrong"), 403)
	if hash() != before {
		t.Fatal("a wrong password renewed the hash")
	}
	dearer.browser().signIn("ada@corp.example")
	if after := hash(); after == before || !strings.HasPrefix(after, "$argon2id$v=19$m=64,t=2,p=1$") {
		t.Fatalf("hash = %s", after)
	}
	dearer.browser().signIn("ada@corp.example")
}
