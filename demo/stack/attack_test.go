package stack

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
)

// Every attack button of every site: before there is anything to attack with it
// says what to do first, and afterwards it is refused for the reason that it is
// about.
func TestEveryAttackIsRefusedForItsReason(t *testing.T) {
	s := start(t, Config{})
	b := newBrowser(t, s)
	type outcome struct {
		State, Title string
		Evidence     []struct{ Name, Value string }
	}
	attack := func(origin, name string) (o outcome) {
		t.Helper()
		a := b.form(origin, "/attack/"+name, nil, nil)
		if err := json.Unmarshal(a.body, &o); err != nil {
			t.Fatalf("%s: %d %s", name, a.status, a.body)
		}
		return o
	}
	cases := []struct{ origin, name, code string }{
		{s.Origins.Issuer, "replay-token", "already_spent"},
		{s.Origins.Issuer, "tamper-token", "token_invalid"},
		{s.Origins.News, "tamper-record", "signature_invalid"},
		{s.Origins.Ads, "tamper-record", "signature_invalid"},
		{s.Origins.Ads, "other-site", "origin_mismatch"},
		{s.Origins.Ads, "forge-record", "alg_unsupported"},
		{s.Origins.Shop, "reuse-nonce", "nonce_reused"},
		{s.Origins.Shop, "tamper-token", "signature_invalid"},
		{s.Origins.IdP, "foreign-account", "account_not_signed_in"},
		{s.Origins.IdP, "foreign-origin", "origin_mismatch"},
		{s.Origins.IdP, "script", "not_webidentity"},
		{s.Origins.IdP, "no-cookie", "signed_out"},
	}
	for _, c := range cases {
		if o := attack(c.origin, c.name); o.State != "error" || o.Title == "" {
			t.Errorf("%s %s with nothing to attack with: %+v", c.origin, c.name, o)
		}
	}
	tokens, _ := b.tokens("ada")
	record, _ := b.redeem(tokens[0])
	b.form(s.Origins.News, "/comments", map[string][]string{"comment": {"The ferry should wait."}, "name": {"A reader"}}, b.recordHeader(record))
	b.send(http.MethodGet, s.Origins.Ads, "/ad", false, merge(b.recordHeader(record), "Origin", s.Origins.News, "Accept", "application/json"), "")
	b.account(people[0].Email, people[0].Password)
	b.signIn(people[0].Email)
	for _, c := range cases {
		o := attack(c.origin, c.name)
		code := ""
		for _, e := range o.Evidence {
			if e.Name == "code" {
				code = e.Value
			}
		}
		if o.State != "refused" || code != c.code || o.Title == "" || strings.HasPrefix(o.Title, "The server answered") {
			t.Errorf("%s %s: state %q, code %q, want %q; %q", c.origin, c.name, o.State, code, c.code, o.Title)
		}
	}
	// The chart draws them from the browser, and says that they are attacks.
	n := 0
	for _, x := range s.Hub.All() {
		if x.Attack {
			n++
			if x.From != look.Browser || !strings.HasPrefix(x.Note, "Attack. ") {
				t.Errorf("%s from %s: %q", x.Kind, x.From, x.Note)
			}
		}
	}
	if n < len(cases) {
		t.Errorf("%d attacks are in the chart, want %d", n, len(cases))
	}
	if !slices.ContainsFunc(s.Hub.All(), func(x trace.Exchange) bool { return x.Kind == trace.KindAssertion && !x.Attack }) {
		t.Error("the sign-in itself is not there")
	}
}

// An attack from another site's page does not run.
func TestAttacksRunFromTheirOwnSiteAlone(t *testing.T) {
	s := start(t, Config{})
	b := newBrowser(t, s)
	for _, origin := range []string{s.Origins.Issuer, s.Origins.News, s.Origins.Ads, s.Origins.IdP, s.Origins.Shop} {
		a := b.form(origin, "/attack/tamper-record", nil, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"})
		if a.status != http.StatusForbidden {
			t.Errorf("%s: %d", origin, a.status)
		}
	}
}
