package idpserver_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
)

// Eve asks for an account with Ada's address and a password of her own, and sends Ada
// the link to the page where the code is entered. Ada has the code, from the provider,
// and the page is the provider's.
func TestACodeEnteredForSomebodyElsesSignUpMakesNoAccount(t *testing.T) {
	p := newIdP(t)
	eve, ada := p.browser(), p.browser()
	res := eve.signUp("ada@home.example")
	name, code := signUpName(t, res), p.lastCode()
	for _, when := range []string{"without a cookie", "with one of a sign-up of her own"} {
		wantPageCode(t, ada.get(res.Header.Get("Location")), http.StatusForbidden, "signup_other_browser")
		wantPageCode(t, ada.post("/verify-email", "signup", name, "code", code), http.StatusForbidden, "signup_other_browser")
		if p.byEmail("ada@home.example") != nil {
			t.Fatalf("%s: there is an account, and Eve chose its password", when)
		}
		signUpName(t, ada.signUp("ada@other.example"))
	}
	// It was no guess, and the code is where it belongs.
	wantStatus(t, eve.post("/verify-email", "signup", name, "code", code), http.StatusSeeOther)
}

// Somebody mistypes an address and begins again, in another tab or in the same one.
func TestABrowserMayHaveSeveralSignUpsUnderWay(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) { c.CodeLifetime = 5 * time.Minute })
	b := p.browser()
	first := signUpName(t, b.signUp("ada@home.example"))
	code := p.lastCode()
	before := b.cookies["bonafides-idp-signup"]
	signUpName(t, b.signUp("ada@other.example"))
	after := b.cookies["bonafides-idp-signup"]
	if after.Value != before.Value || after.MaxAge != 300 || !after.HttpOnly || after.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie %v, before %v", after, before)
	}
	wantStatus(t, b.post("/verify-email", "signup", first, "code", code), http.StatusSeeOther)
}

// Eve does not want Ada to have an account, and asks for one with Ada's address as
// often as she is let.
func TestNobodyUsesUpAllMailsToAnAddressFromOnePlace(t *testing.T) {
	p := newIdP(t)
	p.now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	eve := p.browser()
	eve.addr = "203.0.113.7:1"
	for range 100 {
		eve.signUp("ada@home.example")
		p.now = p.now.Add(2 * time.Minute)
	}
	if len(p.mails) != 5 {
		t.Errorf("%d mails", len(p.mails))
	}
	signUpName(t, p.browser().signUp("ada@home.example"))
}
