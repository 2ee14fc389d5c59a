package idpserver_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// Nobody's mailbox is flooded by sign-ups from everywhere: four at once, ten a day.
func TestOneAddressIsMailedTenTimesADay(t *testing.T) {
	p := newIdP(t)
	p.now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	from := 0
	signUp := func() *http.Response {
		from++
		b := p.browser()
		b.addr = "198.51." + strconv.Itoa(from) + ".7:1"
		return b.signUp("ada@home.example")
	}
	for range 4 {
		signUpName(t, signUp())
	}
	wantPageCode(t, signUp(), 429, "too_many_attempts")
	for range 6 {
		p.now = p.now.Add(2 * time.Minute)
		signUpName(t, signUp())
	}
	p.now = p.now.Add(11 * time.Hour)
	wantPageCode(t, signUp(), 429, "too_many_attempts")
	if len(p.mails) != 10 {
		t.Errorf("%d mails", len(p.mails))
	}
	p.now = p.now.Add(time.Hour) // the next day
	signUpName(t, signUp())
}

// What is behind a plus sign comes into the same mailbox with most who have one.
func TestATagInAnAddressIsNoFurtherMailbox(t *testing.T) {
	p := newIdP(t)
	for i, address := range []string{"ada+1@home.example", "ADA+2@home.example", "ada@home.example", "ada+3+4@home.example", "ada+5@home.example"} {
		b := p.browser()
		b.addr = "198.51." + strconv.Itoa(i) + ".7:1"
		if res := b.signUp(address); i < 4 {
			signUpName(t, res)
			if to := p.mails[i].To; to != address {
				t.Errorf("mailed to %q, want %q", to, address) // as they wrote it
			}
		} else {
			wantPageCode(t, res, 429, "too_many_attempts")
		}
	}
	signUpName(t, p.browser().signUp("+ada@home.example"))
	signUpName(t, p.browser().signUp("ada@else.example"))
}

func TestCodesWorkOnceForOneAccountAndInTime(t *testing.T) {
	p := newIdP(t)
	b, other := p.browser(), p.browser()
	ada := b.unverified("ada@home.example")
	first := p.lastCode()
	grace := other.unverified("grace@home.example")

	try := func(b *browser, a *directory.Account, code string, status int, want string) {
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
	ada := b.unverified("ada@home.example")
	code := p.lastCode()
	grace := other.unverified("grace@home.example")
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
		a := b.unverified(email)
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
	a := b.unverified("ada@home.example")
	for range 5 {
		wantPageCode(t, b.post("/verify-email", "account", a.ID, "do", "verify", "code", "AAAA-AAAA"), 403, "code_wrong")
	}
	wantPageCode(t, b.post("/verify-email", "account", a.ID, "do", "verify", "code", p.lastCode()), 429, "too_many_attempts")
	if p.byEmail("ada@home.example").EmailVerified {
		t.Error("verified beyond the limit")
	}
	// And nobody can be flooded with mail: one above, three more.
	for range 3 {
		wantStatus(t, b.post("/verify-email", "account", a.ID, "do", "send"), http.StatusSeeOther)
	}
	wantPageCode(t, b.post("/verify-email", "account", a.ID, "do", "send"), 429, "too_many_attempts")
	if len(p.mails) != 4 {
		t.Errorf("%d mails", len(p.mails))
	}
}

func TestCodesAreStoredHashed(t *testing.T) {
	var seen []directory.Code
	p := newIdP(t, func(c *idpserver.Config) { c.Store = codeSpy{c.Store, &seen} })
	p.browser().unverified("ada@home.example")
	code := strings.ReplaceAll(p.lastCode(), "-", "")
	if len(seen) != 1 {
		t.Fatalf("%d codes", len(seen))
	}
	if c := seen[0]; strings.Contains(string(c.Hash[:]), code) || strings.Contains(string(c.Data), code) ||
		c.Purpose != directory.CodeEmail || string(c.Data) != "ada@home.example" || c.Expires.Sub(p.now) != 15*time.Minute {
		t.Errorf("code = %+v", c)
	}
}

type codeSpy struct {
	directory.Store
	seen *[]directory.Code
}

func (s codeSpy) PutCode(ctx context.Context, c directory.Code) error {
	*s.seen = append(*s.seen, c)
	return s.Store.PutCode(ctx, c)
}
