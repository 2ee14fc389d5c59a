package idpserver_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
)

func (b *browser) signUp(email string) *http.Response {
	b.p.secret(email)
	return b.post("/signup", "name", "Ada Lovelace", "given_name", "Ada", "email", email, "password", password)
}

func (p *idp) byEmail(email string) *idpserver.Account {
	p.t.Helper()
	a, err := p.store.AccountByEmail(context.Background(), email)
	if errors.Is(err, idpserver.ErrNotFound) {
		return nil
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func TestSignUpThenMailedCode(t *testing.T) {
	p := newIdP(t)
	b := p.browser()
	res := b.signUp("Ada@corp.EXAMPLE")
	a := p.byEmail("ada@corp.example")
	if a == nil {
		t.Fatal("no account")
	}
	wantRedirect(t, res, "/verify-email?account="+a.ID+"&mail=sent")
	if res.Header.Get("Set-Login") != "logged-in" || len(b.cookies) != 2 {
		t.Errorf("Set-Login %q, cookies %v", res.Header.Get("Set-Login"), b.cookies)
	}
	if a.Email != "Ada@corp.example" || a.EmailVerified || a.Name != "Ada Lovelace" || !strings.HasPrefix(a.PasswordHash, "$argon2id$") {
		t.Errorf("account = %+v", a)
	}
	if m := p.mails[0]; m.To != "Ada@corp.example" || !strings.Contains(m.Subject, "Test ID") {
		t.Errorf("mail = %+v", m)
	}

	wantStatus(t, b.get(res.Header.Get("Location")), http.StatusOK)
	if got := claims(t, b.assert(assertionForm(a.ID)))["email_verified"]; got != false {
		t.Errorf("email_verified = %v before the code", got)
	}
	code := p.lastCode()
	res = b.post("/verify-email", "account", a.ID, "do", "verify", "code", " "+strings.ToLower(code))
	wantRedirect(t, res, "/verify-email?account="+a.ID+"&mail=verified")
	page := body(t, b.get(res.Header.Get("Location")))
	if !strings.Contains(page, "Your address is verified") {
		t.Errorf("page: %s", page)
	}
	got := claims(t, b.assert(assertionForm(a.ID)))
	if got["email_verified"] != true || got["hd"] != "corp.example" {
		t.Errorf("claims after the code: %v", got)
	}
}

func TestCodesWorkOnceForOneAccountAndInTime(t *testing.T) {
	p := newIdP(t)
	b, other := p.browser(), p.browser()
	b.signUp("ada@home.example")
	first := p.lastCode()
	ada := p.byEmail("ada@home.example")
	other.signUp("grace@home.example")
	grace := p.byEmail("grace@home.example")

	try := func(b *browser, a *idpserver.Account, code string, status int, want string) {
		t.Helper()
		res := b.post("/verify-email", "account", a.ID, "do", "verify", "code", code)
		if want == "" {
			wantStatus(t, res, status)
		} else {
			wantPageCode(t, res, status, want)
		}
	}
	try(other, grace, first, 403, "code_wrong")        // another account's code
	try(b, grace, first, 403, "account_not_signed_in") // another browser's account
	try(b, ada, "AAAA-AAAA", 403, "code_wrong")        // a guess
	try(b, ada, "12", 422, "code_malformed")           // not a code
	try(b, ada, "", 422, "code_malformed")             // nothing
	res := b.post("/verify-email", "account", ada.ID, "do", "send")
	wantRedirect(t, res, "/verify-email?account="+ada.ID+"&mail=sent")
	second := p.lastCode()
	try(b, ada, first, 403, "code_wrong") // replaced
	p.now = p.now.Add(15 * time.Minute)
	try(b, ada, second, 403, "code_wrong") // too old
	if p.byEmail("ada@home.example").EmailVerified {
		t.Fatal("verified")
	}
	b.post("/verify-email", "account", ada.ID, "do", "send")
	third := p.lastCode()
	p.now = p.now.Add(15*time.Minute - time.Second)
	try(b, ada, third, 303, "")
	if !p.byEmail("ada@home.example").EmailVerified || p.byEmail("grace@home.example").EmailVerified {
		t.Error("the wrong account is verified")
	}
}

func TestTryingACodeForAnotherAccountDoesNotUseItUp(t *testing.T) {
	p := newIdP(t)
	b, other := p.browser(), p.browser()
	b.signUp("ada@home.example")
	code := p.lastCode()
	other.signUp("grace@home.example")
	ada, grace := p.byEmail("ada@home.example"), p.byEmail("grace@home.example")
	wantPageCode(t, other.post("/verify-email", "account", grace.ID, "do", "verify", "code", code), 403, "code_wrong")
	wantStatus(t, b.post("/verify-email", "account", ada.ID, "do", "verify", "code", code), http.StatusSeeOther)
	// Once more, now that it is used: the account is verified, so nothing is wrong.
	wantStatus(t, b.post("/verify-email", "account", ada.ID, "do", "verify", "code", code), http.StatusSeeOther)
	if p.byEmail("grace@home.example").EmailVerified {
		t.Error("the wrong account is verified")
	}
}

func TestOneNetworkCannotSendMailWithoutEnd(t *testing.T) {
	p := newIdP(t)
	refused := 0
	for i := range 8 {
		b := p.browser()
		email := "person" + string(rune('a'+i)) + "@home.example"
		b.signUp(email)
		a := p.byEmail(email)
		for range 3 {
			if b.post("/verify-email", "account", a.ID, "do", "send").StatusCode == http.StatusTooManyRequests {
				refused++
			}
		}
	}
	if len(p.mails) != 20 || refused == 0 {
		t.Errorf("%d mails, %d refused", len(p.mails), refused)
	}
}

func TestGuessingCodesIsSlowed(t *testing.T) {
	p := newIdP(t)
	b := p.browser()
	b.signUp("ada@home.example")
	a := p.byEmail("ada@home.example")
	for range 5 {
		wantPageCode(t, b.post("/verify-email", "account", a.ID, "do", "verify", "code", "AAAA-AAAA"), 403, "code_wrong")
	}
	wantPageCode(t, b.post("/verify-email", "account", a.ID, "do", "verify", "code", p.lastCode()), 429, "too_many_attempts")
	if p.byEmail("ada@home.example").EmailVerified {
		t.Error("verified beyond the limit")
	}
	// And nobody can be flooded with mail: one at sign-up, three more.
	for range 3 {
		wantStatus(t, b.post("/verify-email", "account", a.ID, "do", "send"), http.StatusSeeOther)
	}
	wantPageCode(t, b.post("/verify-email", "account", a.ID, "do", "send"), 429, "too_many_attempts")
	if len(p.mails) != 4 {
		t.Errorf("%d mails", len(p.mails))
	}
}

func TestCodesAreStoredHashed(t *testing.T) {
	var seen []idpserver.Code
	p := newIdP(t, func(c *idpserver.Config) { c.Store = codeSpy{c.Store, &seen} })
	p.browser().signUp("ada@home.example")
	code := strings.ReplaceAll(p.lastCode(), "-", "")
	if len(seen) != 1 {
		t.Fatalf("%d codes", len(seen))
	}
	if c := seen[0]; strings.Contains(string(c.Hash[:]), code) || strings.Contains(string(c.Data), code) ||
		c.Purpose != idpserver.CodeEmail || string(c.Data) != "ada@home.example" || c.Expires.Sub(p.now) != 15*time.Minute {
		t.Errorf("code = %+v", c)
	}
}

type codeSpy struct {
	idpserver.Store
	seen *[]idpserver.Code
}

func (s codeSpy) PutCode(ctx context.Context, c idpserver.Code) error {
	*s.seen = append(*s.seen, c)
	return s.Store.PutCode(ctx, c)
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
		{"taken address", "email", "TAKEN@home.example", 409, "email_taken", "There is an account with this address"},
		{"no address", "email", "", 422, "form_incomplete", "not an e-mail address"},
		{"not an address", "email", "ada at home", 422, "form_incomplete", "not an e-mail address"},
		{"address with a header behind it", "email", "a@home.example\r\nBcc: b@home.example", 422, "form_incomplete", "not an e-mail address"},
		{"no name", "name", " ", 422, "form_incomplete", "Enter a name"},
		{"endless name", "name", strings.Repeat("a", 101), 422, "form_incomplete", "Enter a name"},
		{"name on two lines", "name", "Ada\nLovelace", 422, "form_incomplete", "Enter a name"},
		{"name that turns the text around", "name", "Ada\u202egro.elgoog", 422, "form_incomplete", "Enter a name"},
		{"endless given name", "given_name", strings.Repeat("a", 101), 422, "form_incomplete", "At most 100"},
		{"short password", "password", "short", 422, "form_incomplete", "has 5 characters; it needs at least 12"},
		{"no password", "password", "", 422, "form_incomplete", "needs at least 12"},
		{"endless password", "password", strings.Repeat("p", 1025), 422, "form_incomplete", "too long"},
		{"address as password", "password", "NEW@home.example", 422, "form_incomplete", "is your name or address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newIdP(t)
			p.create("taken@home.example")
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
	if p.byEmail("one-more@home.example") != nil {
		t.Error("created beyond the limit")
	}
	b.addr = "198.51.100.7:1"
	wantStatus(t, b.signUp("elsewhere@home.example"), http.StatusSeeOther)
}

func TestSignUpWithoutMailStillWorks(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) {
		c.Mailer = idpserver.MailerFunc(func(context.Context, idpserver.Mail) error { return errors.New("no route to mail host") })
	})
	b := p.browser()
	res := b.signUp("ada@home.example")
	a := p.byEmail("ada@home.example")
	wantRedirect(t, res, "/verify-email?account="+a.ID+"&mail=failed")
	wantPageCode(t, b.get(res.Header.Get("Location")), 200, "mail_failed")
}

func TestVerifyPageNeedsASignedInAccount(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@home.example", func(n *idpserver.NewAccount) { n.EmailVerified = false })
	wantRedirect(t, p.browser().get("/verify-email?account="+ada.ID), "/signin?next=%2Fverify-email")
	p.create("grace@home.example")
	b := p.browser()
	b.signIn("grace@home.example")
	if page := body(t, b.get("/verify-email?account="+ada.ID)); strings.Contains(page, "ada@home.example") {
		t.Error("the page shows an address to another account's browser")
	}
	wantPageCode(t, b.post("/verify-email", "account", ada.ID, "do", "send"), 403, "account_not_signed_in")
}

func TestAccountPageDisconnects(t *testing.T) {
	p := newIdP(t)
	ada, grace := p.create("ada@corp.example"), p.create("grace@home.example")
	b, other := p.browser(), p.browser()
	b.signIn("ada@corp.example")
	other.signIn("grace@home.example")
	b.assert(assertionForm(ada.ID))
	other.assert(assertionForm(grace.ID))

	page := body(t, b.get("/account"))
	for _, want := range []string{"Corner Shop", "Knows your name, your e-mail address and your picture. Since ", "account of corp.example", "address verified", `data-client="shop"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the account page lacks %q:\n%s", want, page)
		}
	}
	wantPageCode(t, b.post("/account", "do", "disconnect", "account", grace.ID, "client", shopID), 403, "account_not_signed_in")
	wantPageCode(t, b.post("/account", "do", "explode", "account", ada.ID, "client", shopID), 400, "action_unknown")
	wantPageCode(t, b.post("/account", "do", "disconnect", "account", ada.ID), 400, "action_unknown")
	wantPageCode(t, p.browser().post("/account", "do", "disconnect", "account", ada.ID, "client", shopID), 403, "account_not_signed_in")
	for id, want := range map[string]int{ada.ID: 1, grace.ID: 1} {
		if g, err := p.store.Grants(context.Background(), id); err != nil || len(g) != want {
			t.Fatalf("grants = %v, %v", g, err)
		}
	}
	wantRedirect(t, b.post("/account", "do", "disconnect", "account", ada.ID, "client", shopID), "/account?note=disconnected")
	page = body(t, b.get("/account?note=disconnected"))
	if strings.Contains(page, "Corner Shop") || !strings.Contains(page, "None yet") {
		t.Error("the site is still there")
	}
	var list struct {
		Accounts []struct {
			Approved *[]string `json:"approved_clients"`
		}
	}
	decode(t, b.accounts(), &list)
	if a := list.Accounts[0].Approved; a == nil || len(*a) != 0 {
		t.Errorf("approved_clients = %v; the browser must be told that nobody is approved", a)
	}
	if g, err := p.store.Grants(context.Background(), grace.ID); err != nil || len(g) != 1 {
		t.Errorf("another account's grants = %v, %v", g, err)
	}
}

func TestPagesSendTheirSecurityHeaders(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for _, path := range []string{"/", "/signin", "/signup", "/account", "/verify-email", "/error?code=signed_out", "/nowhere"} {
		h := b.get(path).Header
		for _, want := range []string{"frame-ancestors 'none'", "form-action 'self'", "default-src 'none'"} {
			if !strings.Contains(h.Get("Content-Security-Policy"), want) {
				t.Errorf("%s: the policy lacks %s", path, want)
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: policy %s", path, h.Get("Content-Security-Policy"))
		}
		if h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %v", path, h.Values("Cache-Control"))
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestErrorPageSaysNothingThatItWasGiven(t *testing.T) {
	p := newIdP(t)
	for _, code := range []string{"call_0900_123456_now", "<script>alert(1)</script>", strings.Repeat("x", 5000), ""} {
		res := p.browser().get("/error?" + values("code", code).Encode())
		wantStatus(t, res, http.StatusOK)
		if page := body(t, res); code != "" && strings.Contains(page, code) || strings.Contains(page, "<script>alert") {
			t.Errorf("the page repeats %.40q", code)
		}
	}
}
