package idpserver_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// Whoever has an account and a program gets no signatures without end by the FedCM
// endpoint either.
func TestTokensOfAnAccountHaveALimitInEveryWay(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for range 60 {
		b.assert(assertionForm(ada.ID))
	}
	wantFedCMError(t, p, b.send(b.assertionRequest(assertionForm(ada.ID)), true), 429, "temporarily_unavailable")
	wantPageCode(t, b.popup(popupRequest(), ada.ID, "continue"), 429, "too_many_attempts")
	p.now = p.now.Add(time.Second)
	b.assert(assertionForm(ada.ID))
}

// Each sign-in leaves sessions, and the mark of a known browser for a year: whoever has
// one account and a program must not fill the store with them.
func TestSignInsOfOneAccountHaveAnEnd(t *testing.T) {
	p := newIdP(t)
	p.create("eve@corp.example")
	p.create("ada@corp.example")
	for range 200 {
		p.browser().signIn("eve@corp.example")
	}
	b := p.browser()
	b.addr = "198.51.100.7:1"
	wantPageCode(t, b.post("/signin", "email", "eve@corp.example", "password", password), http.StatusTooManyRequests, "too_many_attempts")
	if len(b.cookies) != 0 {
		t.Errorf("cookies %v", b.cookies)
	}
	// Wrong ones use up nothing of this, and nobody else is kept out.
	wantStatus(t, b.post("/signin", "email", "eve@corp.example", "password", "a guess that is wrong"), http.StatusForbidden)
	b.signIn("ada@corp.example")
	p.now = p.now.Add(5 * time.Minute)
	b.signIn("eve@corp.example")
}

// Behind a proxy that comes by a Unix socket everybody is at one place, by what the
// server can see: the operator must not find out by people who cannot sign up.
func TestTheOperatorHearsThatRequestsHaveNoAddress(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	p.browser().signIn("ada@corp.example")
	if p.logged("set Config.ClientAddr") {
		t.Error("said of requests that have one")
	}
	b := p.browser()
	b.addr = "@"
	b.signIn("ada@corp.example")
	b.signIn("ada@corp.example")
	if n := strings.Count(p.log.String(), "set Config.ClientAddr"); n != 1 {
		t.Errorf("said %d times", n)
	}
}
