package rpserver_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

func TestANonceWorksOnce(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser(t)
	nonce := b.nonce()
	token := b.token(nonce)
	cookie := b.cookie("rp-browser")
	if a := b.send(token); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}

	// The thief has everything that ever crossed the wire.
	thief := s.browser(t)
	r := thief.request("POST", "/signin/fedcm", "application/json", `{"token":"`+token+`"}`)
	r.AddCookie(&http.Cookie{Name: s.named("rp-browser"), Value: cookie})
	if a := thief.do(r); a.status != 403 || a.code != "nonce_reused" {
		t.Errorf("the token again: %d %s", a.status, a.body)
	}
	// Another good token for the used nonce is no better.
	r = thief.request("POST", "/signin/fedcm", "application/json",
		`{"token":"`+sign(t, testKeys().rs256, s.idp.claims(nonce, s.clock.Now()))+`"}`)
	r.AddCookie(&http.Cookie{Name: s.named("rp-browser"), Value: cookie})
	if a := thief.do(r); a.status != 403 || a.code != "nonce_reused" {
		t.Errorf("a second token for the nonce: %d %s", a.status, a.body)
	}
	if got := s.store.created(); got != [2]int{1, 1} {
		t.Errorf("users and sessions: %v", got)
	}
	// The browser itself may send it again (a double click) and stays signed in.
	if a := b.send(token); a.status != 403 || a.code != "nonce_reused" {
		t.Errorf("the token from the same browser: %d %s", a.status, a.body)
	}
	if who := b.whoami(); who != "ada" {
		t.Errorf("signed in: %s", who)
	}
}

func TestANonceOfAnotherBrowserIsRefusedAndNotUsedUp(t *testing.T) {
	s := newSite(t, nil)
	victim, attacker := s.browser(t), s.browser(t)
	token := victim.token(victim.nonce())

	if a := attacker.send(token); a.status != 403 || a.code != "browser_unknown" {
		t.Errorf("a browser that began no sign-in: %d %s", a.status, a.body)
	}
	attacker.nonce()
	if a := attacker.send(token); a.status != 403 || a.code != "nonce_other_browser" {
		t.Errorf("a browser that began another one: %d %s", a.status, a.body)
	}
	if got := s.store.created(); got != [2]int{0, 0} {
		t.Errorf("users and sessions: %v", got)
	}
	if a := victim.send(token); a.status != 200 {
		t.Errorf("its own browser afterwards: %d %s", a.status, a.body)
	}
}

func TestANonceExpires(t *testing.T) {
	s := newSite(t, func(c *rpserver.Config) { c.NonceLifetime = 5 * time.Minute })
	b := s.browser(t)
	nonce := b.nonce()
	s.clock.advance(5 * time.Minute)
	if a := b.send(b.token(nonce)); a.status != 403 || a.code != "nonce_expired" {
		t.Errorf("on its expiry: %d %s", a.status, a.body)
	}
	nonce = b.nonce()
	s.clock.advance(5*time.Minute - time.Second)
	if a := b.send(b.token(nonce)); a.status != 200 {
		t.Errorf("before its expiry: %d %s", a.status, a.body)
	}
}

func TestTwoTabsSignInSideBySide(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser(t)
	first := b.nonce()
	second := b.nonce()
	if first == second {
		t.Fatal("one nonce twice")
	}
	if a := b.send(b.token(first)); a.status != 200 {
		t.Errorf("the first tab: %d %s", a.status, a.body)
	}
	if a := b.send(b.token(second)); a.status != 200 || a.New {
		t.Errorf("the second tab: %d %s", a.status, a.body)
	}
}
