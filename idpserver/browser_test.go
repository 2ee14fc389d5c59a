package idpserver_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

// browser keeps cookies as a browser does where SameSite and Secure matter here.
type browser struct {
	p       *idp
	cookies map[string]*http.Cookie
	addr    string
}

func (p *idp) browser() *browser {
	return &browser{p: p, cookies: map[string]*http.Cookie{}, addr: "192.0.2.1:4711"}
}

func (b *browser) send(r *http.Request, crossSite bool) *http.Response {
	r.RemoteAddr = b.addr
	for _, c := range b.cookies {
		if !crossSite || c.SameSite == http.SameSiteNoneMode {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	w := httptest.NewRecorder()
	b.p.ServeHTTP(w, r)
	res := w.Result()
	for _, c := range res.Cookies() {
		b.p.secret(c.Value)
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c
		}
	}
	return res
}

// get follows a link of the provider's own.
func (b *browser) get(path string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, b.p.issuer+path, nil)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Sec-Fetch-Dest", "document")
	return b.send(r, false)
}

// post sends a form of the provider's own.
func (b *browser) post(path string, form ...string) *http.Response {
	r := httptest.NewRequest(http.MethodPost, b.p.issuer+path, strings.NewReader(values(form...).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Origin", b.p.issuer)
	return b.send(r, false)
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// signIn signs the account in by the form.
func (b *browser) signIn(email string) *http.Response {
	b.p.t.Helper()
	res := b.post("/signin", "email", email, "password", password)
	if res.StatusCode != http.StatusSeeOther {
		b.p.t.Fatalf("sign-in: status %d", res.StatusCode)
	}
	return res
}
