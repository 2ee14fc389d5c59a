package idpserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A site that is registered here, and that nobody has agreed to tell anything, asks
// whether its visitor is Ada, works at her company, or signed in within the minute. It
// must hear the same whoever it is.
func TestASiteCannotAskWhetherItsVisitorIsSomebody(t *testing.T) {
	visitors := map[string]func(*idp) *browser{
		"nobody": func(p *idp) *browser { return p.browser() },
		"Ada":    func(p *idp) *browser { b := p.browser(); b.signIn("ada@corp.example"); return b },
		"Grace":  func(p *idp) *browser { b := p.browser(); b.signIn("grace@else.example"); return b },
		"both": func(p *idp) *browser {
			b := p.browser()
			b.signIn("ada@corp.example")
			b.signIn("grace@else.example")
			return b
		},
	}
	questions := map[string]func(b *browser) string{}
	for _, q := range [][2]string{{"login_hint", "ada@corp.example"}, {"hd", "corp.example"}, {"max_age", "60"}, {"scope", "openid"}} {
		questions["prompt=none and "+q[0]] = func(b *browser) string {
			v, _ := codeRequest(t)
			v.Set("prompt", "none")
			v.Set(q[0], q[1])
			return answer(t, b.get("/authorize?"+v.Encode())).Get("error")
		}
	}
	questions["the window that disconnects"] = func(b *browser) string {
		v := popupRequest()
		v.Set("action", "disconnect")
		v.Set("account_hint", "ada@corp.example")
		m := message(t, b.get("/fedcm/popup?"+v.Encode()))
		return m["kind"] + " " + m["code"]
	}
	for name, ask := range questions {
		heard := map[string]bool{}
		for _, visit := range visitors {
			p := newIdP(t)
			p.create("ada@corp.example")
			p.create("grace@else.example")
			heard[ask(visit(p))] = true
		}
		if len(heard) != 1 {
			t.Errorf("%s: the site hears %v", name, heard)
		}
	}
}

// The shop knows Grace. It does not find out that Ada is the same person.
func TestASiteThatKnowsOneAccountFindsNoOther(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	grace := p.create("grace@else.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	b.signIn("grace@else.example")
	b.assert(assertionForm(grace.ID))
	for _, hint := range []string{"ada@corp.example", "nobody@corp.example"} {
		v, _ := codeRequest(t)
		v.Set("prompt", "none")
		v.Set("login_hint", hint)
		if got := answer(t, b.get("/authorize?"+v.Encode())).Get("error"); got != "login_required" {
			t.Errorf("%s: silently %q", hint, got)
		}
		r := httptest.NewRequest(http.MethodPost, loopback+"/fedcm/disconnect", strings.NewReader(values("client_id", shopID, "account_hint", hint).Encode()))
		r.Header.Set("Sec-Fetch-Dest", "webidentity")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", shopOrigin)
		wantFedCMError(t, p, b.send(r, true), 403, "account_not_signed_in")
	}
	v, _ := codeRequest(t)
	v.Set("prompt", "none") // of the two, one has agreed
	if code := answer(t, b.get("/authorize?"+v.Encode())).Get("code"); code == "" {
		t.Error("Grace agreed, and the shop gets no code")
	} else {
		p.secret(code)
	}
}

// Any site can open the account page in a window, and sees whether it loses its hold
// of it. It must lose it whether or not somebody is signed in; in the window of a
// sign-in it must keep it either way.
func TestASiteDoesNotSeeByItsHoldOfAWindowWhetherSomebodyIsSignedIn(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	nobody, ada := p.browser(), p.browser()
	ada.signIn("ada@corp.example")
	for path, cut := range map[string]bool{"/": true, "/account": true, "/account?from=signin": false, "/verify-email": false, "/signout": false} {
		for name, b := range map[string]*browser{"nobody": nobody, "Ada": ada} {
			if got := b.get(path).Header.Get("Cross-Origin-Opener-Policy") != ""; got != cut {
				t.Errorf("%s of %s: cut off is %v", path, name, got)
			}
		}
	}
}
