package rpserver_test

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// An anonymous call made a row with two commits, 798 a second, and nobody limits them.
func TestWhoOnlyAsksCostsNoRow(t *testing.T) {
	f := newFlow(t)
	f.store.setFail(failures{nonces: errors.New("the disk is full"), sessions: errors.New("the disk is full")})
	b := f.browser(t)
	for range 20 {
		b.nonce()
		f.begin(b, "/signin/start")
		f.browser(t).nonce()
	}
	// What is not ours, or not this browser's, is refused without a write as well.
	f.refused(b, "/signin/callback/lanternkey?code=x&state="+strings.Repeat("A", 96), "state_unknown")
	f.store.setFail(failures{})
	callback := f.consent(f.begin(b, "/signin/start"), "continue")
	other := f.browser(t)
	other.nonce()
	f.refused(other, callback, "state_other_browser")
	if got := f.store.asked(); got != [3]int{0, 1, 0} || f.store.created() != [2]int{0, 0} {
		t.Errorf("uses, checks and sweeps: %v, users and sessions: %v", got, f.store.created())
	}
	// A sign-in that succeeds makes the rows: one for the state, one for the nonce.
	if status, _, body := f.follow(b, callback); status != http.StatusSeeOther {
		t.Fatalf("%d %s", status, body)
	}
	if got := f.store.asked(); got != [3]int{2, 1, 1} {
		t.Errorf("uses, checks and sweeps: %v", got)
	}
}

// A used nonce is told to be used before anything else, to every browser.
func TestUsedComesBeforeOtherBrowserAndExpired(t *testing.T) {
	s := newSite(t, nil)
	b, other := s.browser(t), s.browser(t)
	other.nonce()
	used, open := b.nonce(), b.nonce()
	if a := b.send(b.token(used)); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	check := func(who *browser, nonce, code string) {
		t.Helper()
		if a := who.send(who.token(nonce)); a.status != http.StatusForbidden || a.code != code {
			t.Errorf("%d %s, want %s", a.status, a.body, code)
		}
	}
	check(other, used, "nonce_reused")
	check(other, open, "nonce_other_browser")
	s.clock.advance(10 * time.Minute)
	check(b, used, "nonce_reused")
	check(b, open, "nonce_expired")
	check(other, used, "nonce_reused")
	check(other, open, "nonce_other_browser")
	s.clock.advance(61 * time.Minute)
	if a := b.send(b.token(b.nonce())); a.status != 200 { // and the sweep after it
		t.Fatalf("%d %s", a.status, a.body)
	}
	check(b, used, "nonce_unknown")
	check(b, open, "nonce_unknown")
	check(other, open, "nonce_unknown")
}

// The nonce of one way to sign in is not taken by another, in the same browser too.
func TestANonceIsForTheWayThatItWasMadeFor(t *testing.T) {
	s := newSite(t, func(c *rpserver.Config) { c.Providers[0].Name = "p" })
	f := &flow{site: s, t: t, issuer: s.idp.URL}
	b := s.browser(t)
	callback := func(state, nonce string) (int, string) {
		s.idp.mu.Lock()
		s.idp.answer = b.token(nonce)
		s.idp.mu.Unlock()
		status, _, body := f.follow(b, "/signin/callback/p?code=x&state="+url.QueryEscape(state))
		return status, body
	}
	request := f.begin(b, "/signin/start")
	for _, text := range []string{request.Get("nonce"), request.Get("state")} {
		if a := b.send(b.token(text)); a.status != http.StatusForbidden || a.code != "nonce_unknown" {
			t.Errorf("by FedCM: %d %s", a.status, a.body)
		}
	}
	for _, nonce := range []string{b.nonce(), request.Get("state")} {
		if status, body := callback(f.begin(b, "/signin/start").Get("state"), nonce); status != http.StatusForbidden || !strings.Contains(body, "nonce_unknown") {
			t.Errorf("by redirect: %d %s", status, body)
		}
	}
	if status, body := callback(request.Get("nonce"), request.Get("nonce")); status != http.StatusForbidden || !strings.Contains(body, "state_unknown") {
		t.Errorf("a nonce for a state: %d %s", status, body)
	}
	if status, body := callback(request.Get("state"), request.Get("nonce")); status != http.StatusSeeOther {
		t.Errorf("the way that it was made for: %d %s", status, body)
	}
}

// A process that takes another one's place knows its nonces by common secrets; what
// was used there is forgotten with a store in memory, and so refused.
func TestAnotherProcessTakesNoncesByCommonSecrets(t *testing.T) {
	common := [][]byte{bytes.Repeat([]byte("s"), 32)}
	for _, c := range []struct {
		name    string
		secrets [][]byte
		shared  bool // the store
		fresh   int  // status of a nonce that was not used
		used    string
		hint    bool
	}{
		{"common secrets, common store", common, true, 200, "nonce_reused", false},
		{"common secrets, a store of its own", common, false, 403, "nonce_unknown", false},
		{"no secrets", nil, true, 403, "nonce_unknown", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var first rpserver.Config
			s := newSite(t, func(cfg *rpserver.Config) { cfg.Secrets = c.secrets; first = *cfg })
			b := s.browser(t)
			used, fresh := b.token(b.nonce()), b.token(b.nonce())
			if a := b.send(used); a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
			s.clock.advance(time.Second)
			second := first
			if !c.shared {
				second.Nonces = rpmem.New(s.clock.Now())
			}
			rp, err := rpserver.New(second)
			if err != nil {
				t.Fatal(err)
			}
			s.Config.Handler = rp
			if a := b.send(used); a.status != http.StatusForbidden || a.code != c.used {
				t.Errorf("used: %d %s", a.status, a.body)
			}
			if a := b.send(fresh); a.status != c.fresh {
				t.Errorf("not used: %d %s", a.status, a.body)
			}
			if got := strings.Contains(s.log.String(), "Config.Secrets is empty"); got != c.hint {
				t.Errorf("the log names Secrets: %v\n%s", got, s.log)
			}
			s.noSecrets(t, string(common[0]), b.cookie("rp-browser"), used, fresh)
			if a := b.send(b.token(b.nonce())); a.status != 200 { // who begins again
				t.Errorf("begun again: %d %s", a.status, a.body)
			}
		})
	}
}

// The kit sweeps, every ten minutes at most, and a sweep that fails refuses nobody.
func TestUsedNoncesAreSwept(t *testing.T) {
	s := newSite(t, nil)
	signIn := func() {
		t.Helper()
		b := s.browser(t)
		if a := b.send(b.token(b.nonce())); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	for _, c := range []struct {
		wait time.Duration
		want int
	}{{0, 1}, {0, 1}, {9 * time.Minute, 1}, {time.Minute, 2}, {24 * time.Hour, 3}} {
		s.clock.advance(c.wait)
		signIn()
		if got := s.store.asked()[2]; got != c.want {
			t.Errorf("after %v: %d sweeps, want %d", c.wait, got, c.want)
		}
	}
	s.clock.advance(time.Hour)
	s.store.setFail(failures{sweeps: errors.New("the disk is full")})
	signIn()
	if !strings.Contains(s.log.String(), "the disk is full") {
		t.Error("nothing is logged about it")
	}
}

// An answer is taken from the provider alone that the person was sent to.
func TestAStateIsForOneProvider(t *testing.T) {
	f := newFlow(t, func(c *rpserver.Config) {
		second := c.Providers[0]
		second.Name, second.ClientID, second.ConfigURL = "second", "another-client", ""
		c.Providers = append(c.Providers, second)
	})
	b := f.browser(t)
	callback := f.consent(f.begin(b, "/signin/start?provider=lanternkey"), "continue")
	f.refused(b, strings.Replace(callback, "lanternkey", "second", 1), "state_unknown")
	if status, _, body := f.follow(b, callback); status != http.StatusSeeOther {
		t.Errorf("its own: %d %s", status, body)
	}
	u, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(u.Query().Get("state")); n != 96 {
		t.Errorf("a state that goes on to the root has %d characters", n)
	}
}
