package idpserver_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver"
)

func TestVerifyPageNeedsASignedInAccount(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@home.example", func(n *idpserver.NewAccount) { n.EmailVerified = false })
	wantRedirect(t, p.browser().get("/verify-email?account="+ada.ID), "/signin?next=%2Fverify-email")
	p.create("grace@home.example")
	b := p.browser()
	b.signIn("grace@home.example")
	if page := body(t, b.get("/verify-email?account="+ada.ID)); strings.Contains(page, "ada@home.example") {
		t.Error("the page shows an address to another account's browser")
	}
	wantPageCode(t, b.post("/verify-email", "account", ada.ID, "do", "send"), 403, "account_not_signed_in")
}

func TestAccountPageDisconnects(t *testing.T) {
	p := newIdP(t)
	ada, grace := p.create("ada@corp.example"), p.create("grace@home.example")
	b, other := p.browser(), p.browser()
	b.signIn("ada@corp.example")
	other.signIn("grace@home.example")
	b.assert(assertionForm(ada.ID))
	other.assert(assertionForm(grace.ID))

	page := body(t, b.get("/account"))
	for _, want := range []string{"Corner Shop", "Knows your name, your e-mail address and your picture. Since ", "account of corp.example", "address verified", `data-client="shop"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the account page lacks %q:\n%s", want, page)
		}
	}
	wantPageCode(t, b.post("/account", "do", "disconnect", "account", grace.ID, "client", shopID), 403, "account_not_signed_in")
	wantPageCode(t, b.post("/account", "do", "explode", "account", ada.ID, "client", shopID), 400, "action_unknown")
	wantPageCode(t, b.post("/account", "do", "disconnect", "account", ada.ID), 400, "action_unknown")
	wantPageCode(t, p.browser().post("/account", "do", "disconnect", "account", ada.ID, "client", shopID), 403, "account_not_signed_in")
	for id, want := range map[string]int{ada.ID: 1, grace.ID: 1} {
		if g, err := p.store.Grants(context.Background(), id); err != nil || len(g) != want {
			t.Fatalf("grants = %v, %v", g, err)
		}
	}
	wantRedirect(t, b.post("/account", "do", "disconnect", "account", ada.ID, "client", shopID), "/account?note=disconnected")
	page = body(t, b.get("/account?note=disconnected"))
	if strings.Contains(page, "Corner Shop") || !strings.Contains(page, "None yet") {
		t.Error("the site is still there")
	}
	var list struct {
		Accounts []struct {
			Approved *[]string `json:"approved_clients"`
		}
	}
	decode(t, b.accounts(), &list)
	if a := list.Accounts[0].Approved; a == nil || len(*a) != 0 {
		t.Errorf("approved_clients = %v; the browser must be told that nobody is approved", a)
	}
	if g, err := p.store.Grants(context.Background(), grace.ID); err != nil || len(g) != 1 {
		t.Errorf("another account's grants = %v, %v", g, err)
	}
}

func TestPagesSendTheirSecurityHeaders(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for _, path := range []string{"/", "/signin", "/signup", "/account", "/verify-email", "/error?code=signed_out", "/nowhere"} {
		h := b.get(path).Header
		for _, want := range []string{"frame-ancestors 'none'", "form-action 'self'", "default-src 'none'"} {
			if !strings.Contains(h.Get("Content-Security-Policy"), want) {
				t.Errorf("%s: the policy lacks %s", path, want)
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: policy %s", path, h.Get("Content-Security-Policy"))
		}
		if h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %v", path, h.Values("Cache-Control"))
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestErrorPageSaysNothingThatItWasGiven(t *testing.T) {
	p := newIdP(t)
	for _, code := range []string{"call_0900_123456_now", "<script>alert(1)</script>", strings.Repeat("x", 5000), ""} {
		res := p.browser().get("/error?" + values("code", code).Encode())
		wantStatus(t, res, http.StatusOK)
		if page := body(t, res); code != "" && strings.Contains(page, code) || strings.Contains(page, "<script>alert") {
			t.Errorf("the page repeats %.40q", code)
		}
	}
}
