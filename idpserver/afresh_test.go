package idpserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A site that wants people to sign in afresh gets them onto the sign-in page. An
// account that is signed in too long there must not offer to go on: that way leads
// back to the same page, again and again.
func TestASignInThatMustBeFreshOffersNoOlderOne(t *testing.T) {
	for name, ask := range map[string][2]string{"prompt": {"prompt", "login"}, "age": {"max_age", "60"}} {
		t.Run(name, func(t *testing.T) {
			p := newIdP(t)
			ada := p.create("ada@corp.example")
			p.create("grace@else.example")
			b := p.browser()
			b.signIn("ada@corp.example")
			p.now = p.now.Add(time.Hour)
			v, _ := codeRequest(t)
			v.Set(ask[0], ask[1])
			signIn := b.get("/authorize?" + v.Encode()).Header.Get("Location")
			u, err := url.Parse(signIn)
			if err != nil || u.Path != "/signin" {
				t.Fatalf("%v, %v", u, err)
			}
			next := u.Query().Get("next")
			for what, page := range map[string]*http.Response{
				"the page":                b.get(signIn),
				"after a wrong password":  b.post("/signin", "email", "ada@corp.example", "password", "not this one", "next", next),
				"the page, opened anew":   b.get(signIn),
				"the page without a time": b.get(strings.Replace(signIn, "signed_in_since", "signed_in_sinc", 1)),
			} {
				text := body(t, page)
				fresh := what != "the page without a time"
				if offered := strings.Contains(text, "Continue as"); offered == fresh {
					t.Errorf("%s: an older sign-in is offered: %v", what, offered)
				}
				if said := strings.Contains(text, "sign in again"); said != fresh {
					t.Errorf("%s: says why: %v", what, said)
				}
			}
			wantRedirect(t, b.post("/signin", "email", "ada@corp.example", "password", password, "next", next), next)
			if text := body(t, b.get(signIn)); !strings.Contains(text, "Continue as "+ada.Name) {
				t.Error("a fresh sign-in is not offered")
			}
		})
	}
}
