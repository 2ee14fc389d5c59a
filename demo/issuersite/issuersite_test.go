package issuersite

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/issuer"
)

const newsOrigin = "http://news.localhost:8080"

func TestPolicyGoesByTheSession(t *testing.T) {
	l := open(t)
	if got, reason := l.tokens(30); len(got) != 0 || reason != issuer.ReasonSignIn {
		t.Errorf("a stranger got %d tokens, reason %q", len(got), reason)
	}
	for person, want := range map[string]int{"ada": 30, "grace": 7} {
		if code, page := l.post("/signin", url.Values{"person": {person}}); code != 200 || !strings.Contains(page, `data-do="signout"`) {
			t.Fatalf("%s: %d, not signed in", person, code)
		}
		if got, _ := l.tokens(30); len(got) != want {
			t.Errorf("%s got %d tokens of 30, want %d", person, len(got), want)
		}
	}
	if code, page := l.post("/signout", nil); code != 200 || !strings.Contains(page, `data-do="signin-ada"`) {
		t.Fatalf("sign-out: %d", code)
	}
	if got, _ := l.tokens(30); len(got) != 0 {
		t.Errorf("after sign-out: %d tokens", len(got))
	}
}

func TestSessions(t *testing.T) {
	l := open(t)
	cookie := func() string {
		u, _ := url.Parse(l.URL)
		for _, c := range l.client.Jar.Cookies(u) {
			if c.Name == sessionCookie {
				return c.Value
			}
		}
		return ""
	}
	l.post("/signin", url.Values{"person": {"ada"}})
	first := cookie()
	l.post("/signin", url.Values{"person": {"grace"}})
	if first == "" || cookie() == first {
		t.Error("a sign-in keeps the session id of the one before")
	}
	r, _ := http.NewRequest(http.MethodGet, l.URL+"/", nil)
	r.AddCookie(&http.Cookie{Name: sessionCookie, Value: first})
	resp, err := l.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); strings.Contains(string(b), `data-do="signout"`) {
		t.Error("the session of before still works")
	}
	if code, _ := l.post("/signin", url.Values{"person": {"mallory"}}); code != 400 {
		t.Errorf("unknown member: %d", code)
	}
	now := time.Now()
	m := newMembers(func() time.Time { return now })
	id := m.begin("ada")
	asked := httptest.NewRequest(http.MethodGet, "/", nil)
	asked.AddCookie(&http.Cookie{Name: sessionCookie, Value: id})
	if _, ok := m.of(asked); !ok {
		t.Fatal("a fresh session is not known")
	}
	now = now.Add(sessionLife)
	if _, ok := m.of(asked); ok {
		t.Error("a session outlives its time")
	}
	for range maxSessions + 50 {
		m.begin("ada")
	}
	if len(m.sessions) > maxSessions {
		t.Errorf("%d sessions are kept", len(m.sessions))
	}
}

func TestOtherSitesCannotSignMembersInButCanRedeem(t *testing.T) {
	l := open(t)
	r, _ := http.NewRequest(http.MethodPost, l.URL+"/signin", strings.NewReader("person=ada"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if code, _, body := l.do(r); code != 403 || !strings.Contains(body, "cross_origin_request") {
		t.Errorf("sign-in from another site: %d %s", code, body)
	}
	l.post("/signin", url.Values{"person": {"grace"}})
	tokens, _ := l.tokens(1)
	if code, rec := l.redeem(tokens[0]); code != 200 || rec == "" {
		t.Errorf("redemption from another site: %d %s", code, rec)
	}
}

func TestAttacksAndTheLedger(t *testing.T) {
	l := open(t)
	attack := func(name string) (o look.Outcome, code string) {
		t.Helper()
		status, body := l.post("/attack/"+name, nil)
		if err := json.Unmarshal([]byte(body), &o); err != nil || status != 200 {
			t.Fatalf("%d %s", status, body)
		}
		for _, e := range o.Evidence {
			if e.Name == "code" {
				code = e.Value
			}
		}
		return o, code
	}
	for _, name := range []string{"replay-token", "tamper-token"} {
		if o, _ := attack(name); o.State != kit.Failed || len(o.Evidence) != 0 {
			t.Errorf("%s before any redemption: %+v", name, o)
		}
	}
	l.post("/signin", url.Values{"person": {"ada"}})
	tokens, _ := l.tokens(2)
	if code, body := l.redeem(tokens[0]); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	if o, code := attack("replay-token"); o.State != kit.Refused || code != "already_spent" {
		t.Errorf("replay: %q %+v", code, o)
	}
	if o, code := attack("tamper-token"); o.State != kit.Refused || code != "token_invalid" {
		t.Errorf("tamper: %q %+v", code, o)
	}
	if code, body := l.redeem(tokens[1]); code != 200 {
		t.Errorf("an attack cost an honest token: %d %s", code, body)
	}
	code, table := l.get("/redemptions")
	if code != 200 || !strings.Contains(table, newsOrigin) || !strings.Contains(table, `<td class="num">2</td>`) {
		t.Errorf("the ledger does not count two redemptions: %s", table)
	}
	for _, finer := range []string{":00", "UTC</td>", "ML-204-118"} {
		if strings.Contains(table, finer) {
			t.Errorf("the ledger shows something finer than the day: %q", finer)
		}
	}
}

func TestPages(t *testing.T) {
	l := open(t)
	for path, want := range map[string]int{"/": 200, "/redemptions": 200, "/nothing": 404, "/.well-known/private-state-token/key-commitment": 200, "/.well-known/redemption-record-keys": 200} {
		if code, _ := l.get(path); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	_, page := l.get("/")
	for _, part := range []string{`data-do="get-tokens"`, `data-do="get-tokens-xhr"`, `data-do="signin-ada"`, `data-do="signin-grace"`, `data-attack="replay-token"`} {
		if strings.Count(page, part) != 1 {
			t.Errorf("the page has not exactly one %s", part)
		}
	}
}

type brokenLedger struct{}

func (brokenLedger) Counts(context.Context, issuer.Day) ([]issuer.OriginCount, error) {
	return nil, errors.New("disk full at /var/secret")
}

func TestALedgerThatCannotAnswerIsSaid(t *testing.T) {
	s := &site{ledger: brokenLedger{}, now: time.Now}
	var b strings.Builder
	if err := redemptions(s.redeemed(httptest.NewRequest(http.MethodGet, "/", nil))).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "cannot be read") || strings.Contains(b.String(), "disk") {
		t.Errorf("%s", b.String())
	}
}

func TestConfigIsChecked(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("an empty configuration is accepted")
	}
	_, err := New(Config{
		Origins: instrument.Origins{Issuer: "http://issuer.localhost"}, Hub: trace.NewHub(), Ledger: brokenLedger{}, Client: http.DefaultClient,
		Issuer: issuer.Config{Facts: func(*http.Request) (issuer.Facts, error) { return issuer.Facts{}, nil }},
	})
	if err == nil || !strings.Contains(err.Error(), "Facts") {
		t.Errorf("Facts of somebody else: %v", err)
	}
}
