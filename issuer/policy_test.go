package issuer_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/store/mem/spentmem"
)

const day = 24 * time.Hour

func decide(t *testing.T, p issuer.Policy, f issuer.Facts) issuer.Decision {
	t.Helper()
	d, err := p.Decide(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAccountAge(t *testing.T) {
	p, err := issuer.NewAccountAge(
		issuer.AgeStep{MinAge: 30 * day, Tokens: 10},
		issuer.AgeStep{MinAge: 365 * day, Tokens: 30},
		issuer.AgeStep{MinAge: day, Tokens: 3})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		signedIn bool
		created  time.Time
		want     issuer.Decision
	}{
		{"nobody", false, start.Add(-1000 * day), issuer.Decision{Tokens: 0, Reason: "sign_in_required"}},
		{"age unknown", true, time.Time{}, issuer.Decision{Tokens: 0, Reason: "account_too_new"}},
		{"created in the future", true, start.Add(day), issuer.Decision{Tokens: 0, Reason: "account_too_new"}},
		{"this minute", true, start, issuer.Decision{Tokens: 0, Reason: "account_too_new"}},
		{"a second short of a day", true, start.Add(time.Second - day), issuer.Decision{Tokens: 0, Reason: "account_too_new"}},
		{"a day", true, start.Add(-day), issuer.Decision{Tokens: 3, Reason: "granted"}},
		{"29 days", true, start.Add(-29 * day), issuer.Decision{Tokens: 3, Reason: "granted"}},
		{"30 days", true, start.Add(-30 * day), issuer.Decision{Tokens: 10, Reason: "granted"}},
		{"ten years", true, start.Add(-3650 * day), issuer.Decision{Tokens: 30, Reason: "granted"}},
	} {
		if got := decide(t, p, issuer.Facts{Now: start, Requested: 30, SignedIn: c.signedIn, AccountCreated: c.created}); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	for name, steps := range map[string][]issuer.AgeStep{
		"none": nil, "negative age": {{MinAge: -day, Tokens: 1}}, "negative tokens": {{MinAge: day, Tokens: -1}},
		"one age twice": {{MinAge: day, Tokens: 1}, {MinAge: day, Tokens: 2}},
	} {
		if _, err := issuer.NewAccountAge(steps...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if d := decide(t, new(issuer.AccountAge), issuer.Facts{Now: start, SignedIn: true, AccountCreated: start.Add(-3650 * day)}); d.Tokens != 0 {
		t.Errorf("the zero value grants %d", d.Tokens)
	}
}

func TestBudget(t *testing.T) {
	b := &issuer.Budget{Policy: grant(20), Store: new(spentmem.Store), PerDay: 50}
	ada := issuer.Facts{Now: start, Requested: 30, SignedIn: true, Account: "ada"}
	few := ada
	few.Requested = 5
	tomorrow := ada
	tomorrow.Now = start.Add(day)
	grace := ada
	grace.Account = "grace"
	nobody := ada
	nobody.Account = ""
	for _, c := range []struct {
		who    issuer.Facts
		want   int
		reason string
	}{
		{ada, 20, "granted"}, {few, 5, "granted"}, {ada, 20, "granted"}, {ada, 5, "granted"},
		{ada, 0, "daily_budget_used"}, {grace, 20, "granted"}, {tomorrow, 20, "granted"}, {nobody, 0, "sign_in_required"},
	} {
		if d := decide(t, b, c.who); d.Tokens != c.want || d.Reason != c.reason {
			t.Errorf("%s on %v: %+v, want %d %s", c.who.Account, issuer.DayOf(c.who.Now), d, c.want, c.reason)
		}
	}
	if d := decide(t, &issuer.Budget{Policy: grant(20), Store: new(spentmem.Store)}, ada); d.Tokens != 0 {
		t.Errorf("a budget that is not set grants %d", d.Tokens)
	}
	refused := issuer.PolicyFunc(func(context.Context, issuer.Facts) (issuer.Decision, error) {
		return issuer.Decision{Reason: "not_today"}, nil
	})
	if d := decide(t, &issuer.Budget{Policy: refused, Store: new(spentmem.Store), PerDay: 5}, ada); d.Tokens != 0 || d.Reason != "not_today" {
		t.Errorf("the inner policy's reason became %+v", d)
	}
}

func TestPolicyLearnsTheFactsAndNoMore(t *testing.T) {
	var got issuer.Facts
	f := serve(t, func(_ *fixture, c *issuer.Config) {
		c.Facts = func(r *http.Request) (issuer.Facts, error) {
			cookie, err := r.Cookie("session")
			if err != nil {
				return issuer.Facts{}, nil
			}
			return issuer.Facts{SignedIn: true, Account: cookie.Value, AccountCreated: start.Add(-day),
				Requested: 9999, Now: start.Add(-time.Hour)}, nil
		}
		c.Policy = issuer.PolicyFunc(func(_ context.Context, f issuer.Facts) (issuer.Decision, error) {
			got = f
			return issuer.Decision{Tokens: 2, Reason: "granted"}, nil
		})
	})
	f.secret([]byte("account-of-ada"))
	if n := len(f.issue("POST", issuer.IssuePath, 40, "Cookie", "session=account-of-ada", issuer.ProofHeader, "proof")); n != 2 {
		t.Errorf("%d tokens", n)
	}
	want := issuer.Facts{Requested: 30, Now: start, SignedIn: true, Account: "account-of-ada", AccountCreated: start.Add(-day), Proof: "proof"}
	if got != want {
		t.Errorf("facts %+v, want %+v", got, want)
	}
	if log := f.logged(); !strings.Contains(log, `"requested":40,"issued":2,"reason":"granted"`) {
		t.Errorf("log %s", log)
	}
}

func TestPolicyThatCannotDecideSignsNothing(t *testing.T) {
	broken := errors.New("database away")
	for name, change := range map[string]func(*fixture, *issuer.Config){
		"facts": func(_ *fixture, c *issuer.Config) {
			c.Facts = func(*http.Request) (issuer.Facts, error) { return issuer.Facts{}, broken }
		},
		"policy": func(_ *fixture, c *issuer.Config) {
			c.Policy = issuer.PolicyFunc(func(context.Context, issuer.Facts) (issuer.Decision, error) {
				return issuer.Decision{Tokens: 30, Reason: "granted"}, broken
			})
		},
	} {
		f := serve(t, change)
		req, _, err := pst.Begin(keyOne.PublicKey(), 1)
		if err != nil {
			t.Fatal(err)
		}
		r := f.send("POST", issuer.IssuePath, req.Bytes())
		if _, ok := r.token(); ok || r.status != 503 || r.code() != "policy_unavailable" || strings.Contains(string(r.body), "database") {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
		if !strings.Contains(f.logged(), "database away") {
			t.Errorf("%s: the failure is not in the log", name)
		}
	}
}

func TestDays(t *testing.T) {
	for _, c := range []struct {
		at   time.Time
		day  issuer.Day
		text string
	}{
		{time.Unix(0, 0), 0, "1970-01-01"},
		{time.Unix(86399, 999), 0, "1970-01-01"},
		{time.Unix(86400, 0), 1, "1970-01-02"},
		{time.Unix(-1, 0), -1, "1969-12-31"},
		{start, 20577, "2026-05-04"},
		{start.In(time.FixedZone("", 12*3600)), 20577, "2026-05-04"},
	} {
		if d := issuer.DayOf(c.at); d != c.day || d.String() != c.text || issuer.DayOf(d.Time()) != d {
			t.Errorf("%v: %d %s", c.at, d, d)
		}
	}
}
