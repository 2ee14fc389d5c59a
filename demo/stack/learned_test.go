package stack

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
)

// What each panel says that its party could not learn is searched in the bytes
// that the party's server received, here with cookies and passwords kept.
func TestCouldNotLearnHolds(t *testing.T) {
	s := start(t, Config{})
	b := newBrowser(t, s)
	const letter = "The ferry should wait nine minutes."
	tokens, issuance := b.tokens("ada")
	record, _ := b.redeem(tokens[0])
	b.form(s.Origins.News, "/comments", url.Values{"comment": {letter}, "name": {"A reader"}}, b.recordHeader(record))
	b.send(http.MethodGet, s.Origins.Ads, "/ad", false, merge(b.recordHeader(record), "Origin", s.Origins.News), "")
	// Both are signed in at the provider; Ada is chosen for the shop.
	for _, p := range people {
		b.account(p.Email, p.Password)
	}
	b.signIn(people[0].Email)

	// 1. The panels' own lists.
	for _, party := range look.Parties() {
		learned, not := trace.Learned(s.Hub, party)
		if len(learned) == 0 || len(not) == 0 {
			t.Errorf("%s: %d learned, %d could not", party, len(learned), len(not))
		}
		for _, it := range not {
			if it.Found > 0 {
				t.Errorf("%s could not learn %q, says its panel, but %d of %d messages have it: %q", party, it.What, it.Found, it.Searched, it.Values)
			}
			if len(it.Values) > 0 && it.Searched == 0 {
				t.Errorf("%s: %q was searched in no message", party, it.What)
			}
		}
		if party == look.Browser {
			continue
		}
		if !slices.ContainsFunc(not, func(it trace.Item) bool { return it.Searched > 0 && len(it.Values) > 0 }) {
			t.Errorf("%s: nothing was searched", party)
		}
	}

	// 2. The same from outside, with values that the lists do not choose.
	session := func(origin string) []string {
		var out []string
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, v := range b.cookies[hostname(origin)] {
			out = append(out, v)
		}
		if len(out) == 0 {
			t.Fatalf("no session at %s", origin)
		}
		return out
	}
	var blinded, spent []string
	for _, e := range issuance {
		blinded = append(blinded, hex.EncodeToString(e))
	}
	spent = append(spent, hex.EncodeToString(tokens[0].Nonce[:]), hex.EncodeToString(tokens[0].W()))
	persons := []string{people[0].Email, people[1].Email, people[0].Name, people[1].Name, "ML-204-118"}
	passwords := []string{people[0].Password, people[1].Password}
	for _, c := range []struct {
		name     string
		messages [][]byte
		values   []string
	}{
		{"the issuer at redemption: session, account, issuance", s.Hub.RawKind(look.Issuer, trace.KindRedeem), slices.Concat(session(s.Origins.Issuer), persons, blinded, []string{"\r\nCookie:"})},
		{"the issuer at issuance: token", s.Hub.RawKind(look.Issuer, trace.KindIssue), spent},
		{"the issuer: letter, passwords", s.Hub.Raw(look.Issuer), append(passwords, letter)},
		{"the newspaper: people, token, other sessions", s.Hub.Raw(look.Publisher), slices.Concat(persons, spent, blinded, passwords, session(s.Origins.Issuer), session(s.Origins.IdP))},
		{"the ad network: people, token, letter, all sessions", s.Hub.Raw(look.AdNetwork), slices.Concat(persons, spent, blinded, []string{letter}, session(s.Origins.News), session(s.Origins.Issuer), session(s.Origins.Shop))},
		{"the provider before consent: the shop", slices.Concat(s.Hub.RawKind(look.IdP, trace.KindAccounts), s.Hub.RawKind(look.IdP, trace.KindConfig), s.Hub.RawKind(look.IdP, trace.KindWellKnown)), []string{"shop.localhost", shopClientID}},
		{"the provider at client metadata: the person", s.Hub.RawKind(look.IdP, trace.KindMetadata), slices.Concat(session(s.Origins.IdP), persons)},
		{"the provider: tokens, letter", s.Hub.Raw(look.IdP), slices.Concat(spent, blinded, []string{letter, record})},
		{"the shop: password, other account, library card, record", s.Hub.Raw(look.Shop), slices.Concat(passwords, []string{people[1].Email, people[1].Name, "ML-204-118", record}, spent, session(s.Origins.IdP))},
	} {
		if len(c.messages) == 0 {
			t.Errorf("%s: nothing was captured", c.name)
		}
		for _, v := range c.values {
			if n := trace.Search(c.messages, []string{v}); n > 0 {
				t.Errorf("%s: %q is in %d of %d messages", c.name, v, n, len(c.messages))
			}
		}
	}

	// 3. The search does find what was sent.
	for _, c := range []struct {
		messages [][]byte
		value    string
	}{
		{s.Hub.RawKind(look.Issuer, trace.KindIssue), blinded[0]},
		{s.Hub.RawKind(look.Issuer, trace.KindRedeem), spent[0]},
		{s.Hub.Raw(look.Publisher), letter},
		{s.Hub.Raw(look.AdNetwork), s.Origins.News},
		{s.Hub.RawKind(look.IdP, trace.KindAssertion), shopClientID},
		{s.Hub.Raw(look.IdP), passwords[0]},
		{s.Hub.Raw(look.Shop), people[0].Email},
		{s.Hub.Raw(look.Issuer), session(s.Origins.Issuer)[0]},
	} {
		if trace.Search(c.messages, []string{c.value}) == 0 {
			t.Errorf("the search misses %q, which was sent", c.value)
		}
	}
}

func TestNoSecretIsShown(t *testing.T) {
	hub := trace.NewHub() // as it runs for people: secrets are not kept
	s := start(t, Config{Hub: hub})
	b := newBrowser(t, s)
	b.tokens("ada")
	b.account(people[0].Email, people[0].Password)
	b.signIn(people[0].Email)
	var secrets []string
	b.mu.Lock()
	for _, jar := range b.cookies {
		for _, v := range jar {
			secrets = append(secrets, v)
		}
	}
	b.mu.Unlock()
	secrets = append(secrets, people[0].Password, "salt+roads", "salt%20roads")
	if len(secrets) < 5 {
		t.Fatalf("only %d secrets", len(secrets))
	}
	shown, err := json.Marshal(hub.All())
	if err != nil {
		t.Fatal(err)
	}
	saved := b.send(http.MethodGet, s.Origins.Home, "/run.html", false, nil, "")
	for _, secret := range secrets {
		if strings.Contains(string(shown), secret) {
			t.Errorf("the trace shows the secret %q", secret)
		}
		if strings.Contains(string(saved.body), secret) {
			t.Errorf("the saved run shows the secret %q", secret)
		}
		for _, party := range look.Parties() {
			if trace.Search(hub.Raw(party), []string{secret}) > 0 {
				t.Errorf("the capture of %s has the secret %q", party, secret)
			}
		}
	}
}
