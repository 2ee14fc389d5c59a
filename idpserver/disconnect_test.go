package idpserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
)

func TestDisconnect(t *testing.T) {
	post := func(b *browser, change func(*http.Request), pairs ...string) *http.Response {
		r := httptest.NewRequest(http.MethodPost, loopback+"/fedcm/disconnect", strings.NewReader(values(pairs...).Encode()))
		r.Header.Set("Sec-Fetch-Dest", "webidentity")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", shopOrigin)
		if change != nil {
			change(r)
		}
		return b.send(r, true)
	}
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	grace := p.create("grace@home.example")
	b, other := p.browser(), p.browser()
	b.signIn("ada@corp.example")
	other.signIn("grace@home.example")
	other.assert(assertionForm(grace.ID))
	grants := func(id string) int {
		g, err := p.store.Grants(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		return len(g)
	}
	for _, hint := range []string{ada.ID, "ada@corp.example"} {
		b.assert(assertionForm(ada.ID))
		wantFedCMError(t, p, post(b, nil, "client_id", shopID, "account_hint", grace.ID), 403, "account_not_signed_in")
		wantFedCMError(t, p, post(b, nil, "client_id", shopID), 400, "form_invalid")
		wantFedCMError(t, p, post(b, nil, "account_hint", hint), 400, "client_id_missing")
		wantFedCMError(t, p, post(b, func(r *http.Request) { r.Header.Del("Sec-Fetch-Dest") }, "client_id", shopID, "account_hint", hint), 403, "not_webidentity")
		wantFedCMError(t, p, post(b, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, "client_id", shopID, "account_hint", hint), 403, "origin_mismatch")
		if grants(ada.ID) != 1 || grants(grace.ID) != 1 {
			t.Fatal("a refused disconnect ended a grant")
		}
		res := post(b, nil, "client_id", shopID, "account_hint", hint)
		wantStatus(t, res, http.StatusOK)
		if res.Header.Get("Access-Control-Allow-Origin") != shopOrigin || res.Header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("CORS headers: %v", res.Header)
		}
		id, err := wire.ParseDisconnectAnswer([]byte(body(t, res)))
		if err != nil || id != ada.ID {
			t.Errorf("account_id = %q, %v", id, err)
		}
		if grants(ada.ID) != 0 || grants(grace.ID) != 1 {
			t.Fatalf("grants: ada %d, grace %d", grants(ada.ID), grants(grace.ID))
		}
	}
}
