package idptest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// plain is a client of net/http alone: what comes back is read by hand.
type plain struct {
	t        *testing.T
	idp      *idptest.Provider
	redirect string
	verifier string
	change   func(url.Values) // of the authorization request
	auth     func(*http.Request, url.Values)
}

func newPlain(t *testing.T, idp *idptest.Provider) *plain {
	return &plain{
		t: t, idp: idp, redirect: "http://site.example/callback", verifier: oidc.NewVerifier(), change: func(url.Values) {},
		auth: func(r *http.Request, _ url.Values) {
			r.SetBasicAuth(url.QueryEscape(idp.ClientID), url.QueryEscape(idp.ClientSecret))
		},
	}
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// json is the body, each number as it is written.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return m
}

func (c *plain) do(method, to string, form url.Values, prepare func(*http.Request)) answer {
	c.t.Helper()
	r, err := http.NewRequest(method, to, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if prepare != nil {
		prepare(r)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, b}
}

func (c *plain) get(e idptest.Endpoint) answer {
	c.t.Helper()
	return c.do("GET", c.idp.URL(e), nil, nil)
}

// request are the parameters of a good authorization request.
func (c *plain) request() url.Values {
	challenge, err := oidc.Challenge(c.verifier)
	if err != nil {
		c.t.Fatal(err)
	}
	q := url.Values{
		"response_type": {"code"}, "client_id": {c.idp.ClientID}, "redirect_uri": {c.redirect}, "scope": {"openid profile email"},
		"state": {"the-state"}, "nonce": {"the-nonce"}, "code_challenge": {challenge}, "code_challenge_method": {"S256"},
	}
	c.change(q)
	return q
}

func (c *plain) authorize() answer {
	c.t.Helper()
	return c.do("GET", c.idp.URL(idptest.Authorization)+"?"+c.request().Encode(), nil, nil)
}

// callback is the query with which the browser is sent back.
func (c *plain) callback() url.Values {
	c.t.Helper()
	a := c.authorize()
	to, ok := strings.CutPrefix(a.header.Get("Location"), c.redirect+"?")
	if a.status != http.StatusSeeOther || !ok {
		c.t.Fatalf("authorize: %d %q %s", a.status, a.header.Get("Location"), a.body)
	}
	q, err := url.ParseQuery(strings.ReplaceAll(to, ";", "%3B"))
	if err != nil {
		c.t.Fatal(err)
	}
	return q
}

// post is a request that the client authenticates.
func (c *plain) post(e idptest.Endpoint, form url.Values) answer {
	c.t.Helper()
	auth := func(r *http.Request) {}
	if c.auth != nil {
		auth = func(r *http.Request) { c.auth(r, form) }
	}
	return c.do("POST", c.idp.URL(e), form, auth)
}

func (c *plain) codeForm(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {c.redirect}, "code_verifier": {c.verifier}}
}

// signIn is one sign-in: the token answer.
func (c *plain) signIn() map[string]any {
	c.t.Helper()
	a := c.post(idptest.Token, c.codeForm(c.callback().Get("code")))
	if a.status != http.StatusOK {
		c.t.Fatalf("token: %d %s", a.status, a.body)
	}
	return a.json(c.t)
}

// parts takes a JWS apart, without any judgement.
func parts(t *testing.T, token any) (header, claims map[string]any, signature string) {
	t.Helper()
	text, _ := token.(string)
	three := strings.Split(text, ".")
	if len(three) != 3 {
		t.Fatalf("no JWS: %v", token)
	}
	read := func(s string) map[string]any {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return answer{body: b}.json(t)
	}
	return read(three[0]), read(three[1]), three[2]
}

// mistake fails unless the provider noted exactly this one, last.
func (c *plain) mistake(e idptest.Endpoint, code, word string) {
	c.t.Helper()
	m := c.idp.Mistakes()
	if len(m) == 0 {
		c.t.Fatalf("no mistake was noted, want %s %s", code, word)
	}
	last := m[len(m)-1]
	if last.Endpoint != e || last.Code != code || !strings.Contains(last.Explanation, word) {
		c.t.Errorf("noted %v, want %s %s ... %s", last, e, code, word)
	}
}
