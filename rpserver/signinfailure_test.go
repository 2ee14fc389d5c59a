package rpserver_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/jose"
)

func TestANewKeyOfTheProviderIsFoundAndStrangersCauseFewFetches(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser(t)
	if a := b.send(b.token(b.nonce())); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	s.clock.advance(45 * time.Second) // beyond the cooldown, within max-age
	s.idp.mu.Lock()
	s.idp.keys = append(s.idp.keys, testKeys().stranger)
	s.idp.mu.Unlock()
	nonce := b.nonce()
	if a := b.send(sign(t, testKeys().stranger, s.idp.claims(nonce, s.clock.Now()))); a.status != 200 {
		t.Errorf("the new key: %d %s", a.status, a.body)
	}
	s.idp.mu.Lock()
	before := s.idp.fetched
	s.idp.mu.Unlock()
	other, err := jose.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	nonce = b.nonce()
	for range 20 {
		if a := b.send(sign(t, other, s.idp.claims(nonce, s.clock.Now()))); a.code != "key_unknown" {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	s.idp.mu.Lock()
	defer s.idp.mu.Unlock()
	if s.idp.fetched > before+1 {
		t.Errorf("20 tokens with an unknown key caused %d fetches", s.idp.fetched-before)
	}
}

func TestAStoreOrProviderThatCannotAnswerSignsNobodyIn(t *testing.T) {
	broken := errors.New("the disk is gone: /srv/secret/path")
	for _, c := range []struct {
		name  string
		fail  func(*site)
		code  string
		burnt bool // the nonce is used up: the person begins again
	}{
		{"keys", func(s *site) { s.idp.setBroken() }, "keys_unavailable", false},
		{"nonces", func(s *site) { s.store.setFail(failures{nonces: broken}) }, "temporarily_unavailable", false},
		{"users", func(s *site) { s.store.setFail(failures{users: broken}) }, "temporarily_unavailable", true},
		{"sessions", func(s *site) { s.store.setFail(failures{sessions: broken}) }, "temporarily_unavailable", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, nil)
			b := s.browser(t)
			token := b.token(b.nonce())
			c.fail(s)
			a := b.send(token)
			if a.status != http.StatusServiceUnavailable || a.code != c.code {
				t.Errorf("%d %s", a.status, a.body)
			}
			if strings.Contains(a.body, "disk") {
				t.Errorf("the answer holds the error: %s", a.body)
			}
			if b.cookie("rp-session") != "" {
				t.Error("a session cookie was set")
			}
			s.store.setFail(failures{})
			if who := b.whoami(); who != "nobody" {
				t.Errorf("signed in: %s", who)
			}
			if c.name == "keys" {
				return // the source waits a while before it asks again
			}
			want := 200
			if c.burnt {
				want = 403
			}
			if a := b.send(token); a.status != want {
				t.Errorf("the token again: %d %s", a.status, a.body)
			}
		})
	}
}
