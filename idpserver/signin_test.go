package idpserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
)

func TestSignInSetsBothCookiesAndTheLoginStatus(t *testing.T) {
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
			page, fedcm := b.cookies[c.page], b.cookies[c.fedcm]
			if page == nil || fedcm == nil || len(b.cookies) != 2 {
				t.Fatalf("cookies = %v", b.cookies)
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

func TestGuessingIsSlowedByAccountAndByAddressPrefix(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	p.create("grace@corp.example")
	guess := func(addr, email, pw string) *http.Response {
		b := p.browser()
		b.addr = addr
		return b.post("/signin", "email", email, "password", pw)
	}
	// One account, from everywhere: ten guesses.
	for i := range 10 {
		wantStatus(t, guess("198.51."+string(rune('0'+i))+".1:1", "ADA@corp.example", "wrong wrong wrong"), 403)
	}
	res := guess("203.0.113.1:1", "ada@corp.example", password)
	wantPageCode(t, res, 429, "too_many_attempts")
	if res.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	wantStatus(t, guess("203.0.113.1:1", "grace@corp.example", password), 303)
	p.now = p.now.Add(time.Minute)
	wantStatus(t, guess("203.0.113.1:1", "ada@corp.example", password), 303)

	// One network, many accounts: fifty guesses. Good ones cost nothing.
	for range 60 {
		wantStatus(t, guess("192.0.2.9:1", "grace@corp.example", password), 303)
	}
	for i := range 50 {
		name := "nobody" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		wantStatus(t, guess("192.0.2."+string(rune('0'+i%10))+":1", name+"@corp.example", "wrong wrong wrong"), 403)
	}
	wantStatus(t, guess("192.0.2.200:1", "grace@corp.example", password), 429)
	wantStatus(t, guess("192.0.3.200:1", "grace@corp.example", password), 303)
	// IPv6 customers hold more than one address.
	for i := range 50 {
		name := "six" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		wantStatus(t, guess("[2001:db8:0:"+string(rune('0'+i%10))+"::1]:1", name+"@corp.example", "wrong wrong wrong"), 403)
	}
	wantStatus(t, guess("[2001:db8:0:f::2]:1", "grace@corp.example", password), 429)
	wantStatus(t, guess("[2001:db8:1::1]:1", "grace@corp.example", password), 303)
}

func TestSessionFixationGetsNothing(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	p.create("mallory@corp.example")
	attacker := p.browser()
	attacker.signIn("mallory@corp.example")

	// The victim's browser was made to carry the attacker's cookies.
	victim := p.browser()
	for name, c := range attacker.cookies {
		victim.cookies[name] = c
	}
	victim.signIn("ada@corp.example")
	for name, c := range attacker.cookies {
		if victim.cookies[name].Value == c.Value {
			t.Errorf("cookie %s kept its value at sign-in", name)
		}
	}
	wantStatus(t, attacker.accounts(), http.StatusUnauthorized)
	wantRedirect(t, attacker.get("/account"), "/signin?next=%2Faccount")
}

func TestSeveralAccountsAtOnce(t *testing.T) {
	p := newIdP(t)
	ada, grace := p.create("ada@corp.example"), p.create("grace@home.example")
	b, other := p.browser(), p.browser()
	b.signIn("ada@corp.example")
	p.now = p.now.Add(time.Second)
	b.signIn("grace@home.example")
	p.now = p.now.Add(time.Second)
	b.signIn("grace@home.example") // again: still one
	other.signIn("ada@corp.example")

	ids := func() []string {
		var list struct{ Accounts []struct{ ID string } }
		res := b.accounts()
		if res.StatusCode == http.StatusUnauthorized {
			return nil
		}
		decode(t, res, &list)
		var ids []string
		for _, a := range list.Accounts {
			ids = append(ids, a.ID)
		}
		return ids
	}
	if got := ids(); !slices.Equal(got, []string{ada.ID, grace.ID}) {
		t.Fatalf("accounts = %v", got)
	}

	res := b.post("/signout", "account", ada.ID)
	wantRedirect(t, res, "/account")
	if got := res.Header.Get("Set-Login"); got != "" {
		t.Errorf("Set-Login = %q while an account is left", got)
	}
	if got := ids(); !slices.Equal(got, []string{grace.ID}) {
		t.Fatalf("accounts = %v", got)
	}
	wantPageCode(t, b.post("/signout", "account", ada.ID), 403, "account_not_signed_in")

	res = b.post("/signout", "account", grace.ID)
	wantRedirect(t, res, "/")
	if got := res.Header.Get("Set-Login"); got != "logged-out" {
		t.Errorf("Set-Login = %q when the last account left", got)
	}
	if len(b.cookies) != 0 || ids() != nil {
		t.Errorf("after the last sign-out: cookies %v, accounts %v", b.cookies, ids())
	}
	wantStatus(t, other.accounts(), http.StatusOK)
}

func TestSignOutOfAll(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	p.create("grace@home.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	b.signIn("grace@home.example")
	kept := *b.cookies["bonafides-idp-fedcm"]
	res := b.post("/signout")
	wantRedirect(t, res, "/")
	if got := res.Header.Get("Set-Login"); got != "logged-out" {
		t.Errorf("Set-Login = %q", got)
	}
	// A copy of the cookie is worth nothing either.
	b.cookies[kept.Name] = &kept
	wantStatus(t, b.accounts(), http.StatusUnauthorized)
}

func TestSignInsExpire(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) { c.SessionLifetime = time.Hour })
	p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	p.now = p.now.Add(time.Hour - time.Second)
	wantStatus(t, b.accounts(), http.StatusOK)
	p.now = p.now.Add(time.Second)
	res := b.accounts()
	wantStatus(t, res, http.StatusUnauthorized)
	if got := res.Header.Get("Set-Login"); got != "" {
		t.Errorf("an expired session set Set-Login: %q; the browser then could not offer to sign in again", got)
	}
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
		"/x#y":                          "/account?from=signin",
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

func TestQuickSignInIsTheOrdinarySignIn(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) {
		c.InsecureQuickSignIn = []idpserver.QuickSignIn{
			{Action: "signin-ada", Label: "Sign in as Ada", Email: "ada@corp.example", Password: password},
		}
	})
	page := body(t, p.browser().get("/signin"))
	if !strings.Contains(page, `data-do="signin-ada"`) {
		t.Fatal("no button")
	}
	// The button alone opens nothing: the account has to exist with this password.
	b := p.browser()
	wantPageCode(t, b.post("/signin", "email", "ada@corp.example", "password", password), 403, "credentials_wrong")
	p.create("ada@corp.example")
	b.signIn("ada@corp.example")
	if strings.Contains(body(t, newIdP(t).browser().get("/signin")), "signin-ada") {
		t.Error("the button is there without the setting")
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
