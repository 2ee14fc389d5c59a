package idpserver_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

func (b *browser) signUp(email string) *http.Response {
	b.p.secret(email)
	return b.post("/signup", "name", "Ada Lovelace", "given_name", "Ada", "email", email, "password", password)
}

func (p *idp) byEmail(email string) *directory.Account {
	p.t.Helper()
	a, err := p.store.AccountByEmail(context.Background(), email)
	if errors.Is(err, directory.ErrNotFound) {
		return nil
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

// unverified makes an account whose address nobody has verified, signs it in and asks
// for a code.
func (b *browser) unverified(email string) *directory.Account {
	b.p.t.Helper()
	a := b.p.create(email, func(n *idpserver.NewAccount) { n.EmailVerified = false })
	b.signIn(email)
	b.post("/verify-email", "account", a.ID, "do", "send")
	return a
}

// signUpName is the name of a sign-up, in the address of the page that it leads to.
func signUpName(t *testing.T, res *http.Response) string {
	t.Helper()
	wantStatus(t, res, http.StatusSeeOther)
	u, err := res.Location()
	if err != nil || u.Path != "/verify-email" || len(u.Query().Get("signup")) != 26 {
		t.Fatalf("Location %v, %v", u, err)
	}
	return u.Query().Get("signup")
}

// onlySignsUp tells whether the browser has the cookie of a sign-up and no other.
func (b *browser) onlySignsUp() bool {
	return len(b.cookies) == 1 && b.cookies["bonafides-idp-signup"] != nil
}

func TestSignUpThenMailedCode(t *testing.T) {
	p := newIdP(t)
	b := p.browser()
	res := b.signUp("Ada@corp.EXAMPLE")
	name := signUpName(t, res)
	if p.byEmail("ada@corp.example") != nil || !b.onlySignsUp() {
		t.Fatal("there is an account, and nobody has shown that the address is theirs")
	}
	if m := p.mails[0]; m.To != "Ada@corp.example" || !strings.Contains(m.Subject, "Test ID") {
		t.Errorf("mail = %+v", m)
	}
	wantStatus(t, b.get(res.Header.Get("Location")), http.StatusOK)
	code := p.lastCode()
	wantPageCode(t, b.post("/verify-email", "signup", name, "code", "AAAA-AAAA"), 403, "code_wrong")
	wantPageCode(t, b.post("/verify-email", "signup", name, "code", "12"), 422, "code_malformed")
	wantPageCode(t, b.post("/verify-email", "signup", strings.Repeat("A", 26), "code", code), 403, "signup_other_browser")

	res = b.post("/verify-email", "signup", name, "code", " "+strings.ToLower(code))
	wantRedirect(t, res, "/account?from=signin")
	if res.Header.Get("Set-Login") != "logged-in" || len(b.cookies) != 4 {
		t.Errorf("Set-Login %q, cookies %v", res.Header.Get("Set-Login"), b.cookies)
	}
	a := p.byEmail("ada@corp.example")
	if a == nil || a.Email != "Ada@corp.example" || !a.EmailVerified || a.Name != "Ada Lovelace" || a.GivenName != "Ada" || !strings.HasPrefix(a.PasswordHash, "$argon2id$") {
		t.Fatalf("account = %+v", a)
	}
	got := claims(t, b.assert(assertionForm(a.ID)))
	if got["email_verified"] != true || got["hd"] != "corp.example" {
		t.Errorf("claims: %v", got)
	}
	wantPageCode(t, b.post("/verify-email", "signup", name, "code", code), 403, "code_wrong") // it works once
	p.browser().signIn("ada@corp.example")
}

func TestASignUpGoesOnToWhereItCameFrom(t *testing.T) {
	p := newIdP(t)
	b := p.browser()
	res := b.post("/signup", "name", "Ada", "email", "ada@home.example", "password", password, "next", "/authorize?a=b")
	name := signUpName(t, res)
	if !strings.Contains(body(t, b.get(res.Header.Get("Location"))), `name="next" value="/authorize?a=b"`) {
		t.Error("the page forgot where to go on to")
	}
	if strings.Contains(body(t, b.get("/signup?next=/authorize")), "browser's dialog") {
		t.Error("whoever came by redirect is told of a dialog of the browser, which never comes")
	}
	wantRedirect(t, b.post("/verify-email", "signup", name, "code", p.lastCode(), "next", "/authorize?a=b"), "/authorize?a=b")
}

func TestASignUpIsForgottenInTime(t *testing.T) {
	p := newIdP(t)
	b := p.browser()
	name := signUpName(t, b.signUp("ada@home.example"))
	p.now = p.now.Add(15 * time.Minute)
	wantPageCode(t, b.post("/verify-email", "signup", name, "code", p.lastCode()), 403, "code_wrong")
	if p.byEmail("ada@home.example") != nil {
		t.Error("there is an account")
	}
}

var scriptNonce = regexp.MustCompile(` nonce="[^"]+"`)

// The page is the same whether or not the address has an account; the mail is not.
func TestSignUpDoesNotTellWhoHasAnAccount(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@home.example")
	hash := p.byEmail(ada.Email).PasswordHash
	pages := map[string]string{}
	for _, email := range []string{"ADA@home.example", "new@home.example"} {
		b := p.browser()
		res := b.signUp(email)
		name := signUpName(t, res)
		same := strings.NewReplacer(name, "NAME")
		page := scriptNonce.ReplaceAllString(body(t, b.get(res.Header.Get("Location"))), "")
		pages[email] = same.Replace(res.Header.Get("Location") + page)
		if !b.onlySignsUp() {
			t.Error("a cookie")
		}
		if email == "new@home.example" {
			continue
		}
		if m := p.mails[len(p.mails)-1]; mailedCode.MatchString(m.Text) || !strings.Contains(m.Text, "There is one already") {
			t.Errorf("mail: %s", m.Text)
		}
		wantPageCode(t, b.post("/verify-email", "signup", name, "code", "ABCD-2345"), 403, "code_wrong")
	}
	if pages["ADA@home.example"] != pages["new@home.example"] {
		t.Errorf("the pages differ:\n%s\n%s", pages["ADA@home.example"], pages["new@home.example"])
	}
	if now := p.byEmail(ada.Email); now.ID != ada.ID || now.PasswordHash != hash {
		t.Error("the account was changed")
	}
}

// Two ask for an account with one address, and both have the mail: the first gets it.
func TestOfTwoSignUpsWithOneAddressOneBecomesAnAccount(t *testing.T) {
	p := newIdP(t)
	one, two := p.browser(), p.browser()
	first := signUpName(t, one.signUp("ada@home.example"))
	codeOfFirst := p.lastCode()
	second := signUpName(t, two.signUp("ada@home.example"))
	codeOfSecond := p.lastCode()
	wantPageCode(t, two.post("/verify-email", "signup", second, "code", codeOfFirst), 403, "code_wrong")
	wantStatus(t, two.post("/verify-email", "signup", second, "code", codeOfSecond), http.StatusSeeOther)
	a := p.byEmail("ada@home.example")
	wantPageCode(t, one.post("/verify-email", "signup", first, "code", codeOfFirst), 403, "code_wrong")
	if now := p.byEmail("ada@home.example"); now.ID != a.ID || !one.onlySignsUp() {
		t.Error("the second one took the account, or is signed in")
	}
}

func TestSignUpRefusals(t *testing.T) {
	good := func() map[string]string {
		return map[string]string{"name": "Ada Lovelace", "given_name": "Ada", "email": "new@home.example", "password": password}
	}
	for _, c := range []struct {
		name         string
		field, value string
		status       int
		code, says   string
	}{
		{"no address", "email", "", 422, "form_incomplete", "not an e-mail address"},
		{"not an address", "email", "ada at home", 422, "form_incomplete", "not an e-mail address"},
		{"address with a header behind it", "email", "a@home.example\r\nBcc: b@home.example", 422, "form_incomplete", "not an e-mail address"},
		{"no name", "name", " ", 422, "form_incomplete", "Enter a name"},
		{"endless name", "name", strings.Repeat("a", 101), 422, "form_incomplete", "Enter a name"},
		{"name on two lines", "name", "Ada\nLovelace", 422, "form_incomplete", "Enter a name"},
		{"name that turns the text around", "name", "Ada\u202egro.elgoog", 422, "form_incomplete", "Enter a name"},
		{"name with an Arabic letter mark", "name", "Ada\u061c1", 422, "form_incomplete", "Enter a name"},
		{"endless given name", "given_name", strings.Repeat("a", 101), 422, "form_incomplete", "At most 100"},
		{"short password", "password", "short", 422, "form_incomplete", "has 5 characters; it needs at least 15"},
		{"no password", "password", "", 422, "form_incomplete", "needs at least 15"},
		{"endless password", "password", strings.Repeat("p", 1025), 422, "form_incomplete", "too long"},
		{"short but for its marks", "password", "kyrga\u0308o\u0308u\u0308krt", 422, "form_incomplete", "has 10 characters; it needs at least 15"},
		{"common password", "password", "P@ssw0rd!!Welcome2024", 422, "form_incomplete", "among the first that somebody would try"},
		{"own name, longer", "password", "AdaLovelace1987", 422, "form_incomplete", "Choose a few words"},
		{"the provider's name", "password", "test-id-TEST-ID", 422, "form_incomplete", "among the first"},
		{"address as password", "password", "NEW@home.example", 422, "form_incomplete", "is your name or address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newIdP(t)
			form := good()
			form[c.field] = c.value
			b := p.browser()
			res := b.post("/signup", "name", form["name"], "given_name", form["given_name"], "email", form["email"], "password", form["password"])
			wantPageCode(t, res, c.status, c.code)
			page := body(t, res)
			if !strings.Contains(page, c.says) {
				t.Errorf("the page does not say %q", c.says)
			}
			if c.field != "password" && !strings.Contains(page, `value="Ada"`) && c.field != "given_name" {
				t.Error("the form lost what was entered")
			}
			if pw := form["password"]; pw != "" && strings.Contains(page, `value="`+pw+`"`) {
				t.Error("the page repeats the password")
			}
			if len(b.cookies) != 0 || len(p.mails) != 0 || p.byEmail("new@home.example") != nil {
				t.Error("a refused sign-up left something")
			}
		})
	}
}

func TestSignUpsAreLimitedByAddressPrefix(t *testing.T) {
	p := newIdP(t)
	for i := range 20 {
		wantStatus(t, p.browser().signUp("person"+string(rune('a'+i))+"@home.example"), http.StatusSeeOther)
	}
	b := p.browser()
	wantPageCode(t, b.signUp("one-more@home.example"), 429, "too_many_attempts")
	if len(p.mails) != 20 {
		t.Errorf("%d mails", len(p.mails))
	}
	b.addr = "198.51.100.7:1"
	wantStatus(t, b.signUp("elsewhere@home.example"), http.StatusSeeOther)
}

func TestSignUpWithoutMailSaysSo(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) {
		c.Mailer = idpserver.MailerFunc(func(context.Context, idpserver.Mail) error { return errors.New("no route to mail host") })
	})
	b := p.browser()
	res := b.signUp("ada@home.example")
	signUpName(t, res)
	wantPageCode(t, b.get(res.Header.Get("Location")), 200, "mail_failed")
}

// Who is not mailed anything may ask again at once, and is told when where it was
// mailed often.
func TestAMailThatDidNotGoOutIsNotCounted(t *testing.T) {
	var fails bool
	sent := 0
	p := newIdP(t, func(c *idpserver.Config) {
		c.Mailer = idpserver.MailerFunc(func(context.Context, idpserver.Mail) error {
			if fails {
				return errors.New("no route to mail host")
			}
			sent++
			return nil
		})
	})
	b := p.browser()
	a := b.unverified("ada@home.example") // one
	send := func() *http.Response { return b.post("/verify-email", "account", a.ID, "do", "send") }
	fails = true
	for range 5 { // more than go out in a row
		res := send()
		wantRedirect(t, res, "/verify-email?account="+a.ID+"&mail=failed")
		wantPageCode(t, b.get(res.Header.Get("Location")), 200, "mail_failed")
	}
	fails = false
	for range 3 {
		wantStatus(t, send(), http.StatusSeeOther)
	}
	res := send()
	wantPageCode(t, res, 429, "too_many_attempts")
	if res.Header.Get("Retry-After") != "120" || !strings.Contains(body(t, res), "look for the newest one. You can ask for another in 2 minutes") || sent != 4 {
		t.Errorf("%d mails, Retry-After %q: %s", sent, res.Header.Get("Retry-After"), body(t, res))
	}
	// A day's ten have an end all the same.
	p.now = p.now.Add(time.Hour).Truncate(24 * time.Hour).Add(24 * time.Hour) // another day
	fails = true
	b = p.browser()
	b.signIn("ada@home.example")
	for range 10 {
		wantStatus(t, send(), http.StatusSeeOther)
	}
	wantPageCode(t, send(), 429, "too_many_attempts")
}
