package idpserver_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
)

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
	if len(b.cookies) != 1 || b.cookies["bonafides-idp-device"] == nil || ids() != nil {
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

// A browser that is used stays signed in until its sign-in ends, by whichever cookie;
// one that is not is signed out sooner, at both.
func TestABrowserThatIsNotUsedIsSignedOut(t *testing.T) {
	const day = 24 * time.Hour
	signedIn := func(b *browser, want bool) {
		t.Helper()
		status, page := http.StatusUnauthorized, http.StatusSeeOther
		if want {
			status, page = http.StatusOK, http.StatusOK
		}
		wantStatus(t, b.accounts(), status)
		wantStatus(t, b.get("/account"), page)
	}
	for name, use := range map[string]func(*browser){
		"pages": func(b *browser) { b.get("/account") },
		"FedCM": func(b *browser) { b.accounts() },
	} {
		t.Run("used by "+name, func(t *testing.T) {
			p := newIdP(t)
			p.create("ada@corp.example")
			b := p.browser()
			b.signIn("ada@corp.example")
			for range 3 { // 27 days
				p.now = p.now.Add(9 * day)
				use(b)
			}
			p.now = p.now.Add(3*day - time.Second)
			signedIn(b, true)
			p.now = p.now.Add(time.Second)
			signedIn(b, false)
		})
	}
	p := newIdP(t)
	p.create("ada@corp.example")
	p.create("grace@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	p.now = p.now.Add(14*day - time.Second)
	signedIn(b, true)
	p.now = p.now.Add(14 * day)
	signedIn(b, false)
	// Who signs in then is alone: nobody comes back whose browser was forgotten.
	b.signIn("grace@corp.example")
	if page := body(t, b.get("/account")); strings.Contains(page, "ada@corp.example") || !strings.Contains(page, "grace@corp.example") {
		t.Error("an idle sign-in came back with the next one")
	}
	short := newIdP(t, func(c *idpserver.Config) { c.SessionIdle = time.Hour })
	short.create("ada@corp.example")
	b = short.browser()
	b.signIn("ada@corp.example")
	for range 30 {
		short.now = short.now.Add(56 * time.Minute)
		signedIn(b, true)
	}
	short.now = short.now.Add(time.Hour)
	signedIn(b, false)
}
