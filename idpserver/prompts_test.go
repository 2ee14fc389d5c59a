package idpserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestPromptsHintsAndAge(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	grace := p.create("grace@else.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	ask := func(pairs ...string) *http.Response {
		v, _ := codeRequest(t)
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return b.get("/authorize?" + v.Encode())
	}
	v, _ := codeRequest(t)
	b.code(v, ada.ID)
	if q := answer(t, ask("prompt", "none")); q.Get("code") == "" {
		t.Errorf("prompt=none after consent: %v", q)
	} else {
		p.secret(q.Get("code"))
	}
	b.signIn("grace@else.example")
	b.code(v, grace.ID)
	if q := answer(t, ask("prompt", "none")); q.Get("error") != "account_selection_required" {
		t.Errorf("prompt=none with two accounts: %v", q)
	}
	if q := answer(t, ask("prompt", "none", "login_hint", "ADA@corp.example")); q.Get("code") == "" {
		t.Errorf("prompt=none with a hint: %v", q)
	} else {
		p.secret(q.Get("code"))
	}
	if page := body(t, ask("hd", "corp.example")); !strings.Contains(page, ada.ID) || strings.Contains(page, grace.ID) {
		t.Error("hd does not choose")
	}
	res := ask("login_hint", "else@corp.example")
	if to := res.Header.Get("Location"); res.StatusCode != 303 || !strings.Contains(to, "login_hint=else%40corp.example") {
		t.Errorf("a hint of somebody else: %d %q", res.StatusCode, to)
	}
	p.now = p.now.Add(time.Hour)
	for _, fresh := range [][]string{{"max_age", "60"}, {"prompt", "login"}, {"max_age", "0"}} {
		to, err := url.Parse(ask(fresh...).Header.Get("Location"))
		if err != nil || to.Path != "/signin" {
			t.Fatalf("%v: %v, %v", fresh, to, err)
		}
		next := to.Query().Get("next")
		// Going on without signing in leads back to the sign-in page.
		if again := b.get(next); again.StatusCode != http.StatusSeeOther {
			t.Errorf("%v: going on without signing in: %d", fresh, again.StatusCode)
		}
		wantRedirect(t, b.post("/signin", "email", "ada@corp.example", "password", password, "next", next), next)
		page := b.get(next)
		wantStatus(t, page, http.StatusOK)
		if text := body(t, page); !strings.Contains(text, ada.ID) || strings.Contains(text, grace.ID) {
			t.Errorf("%v: the page shows more than the fresh sign-in", fresh)
		}
		p.now = p.now.Add(time.Hour)
	}
}
