package rpserver_test

import (
	"bufio"
	"crypto/rand"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// Bad input of every kind to every path: a 4xx that names the fault, nothing
// created, and the server still works.
func TestBadInputIsRefusedByName(t *testing.T) {
	s := newSite(t, nil)
	const js, form = "application/json", "application/x-www-form-urlencoded"
	random := make([]byte, 2000)
	_, _ = rand.Read(random)
	for _, c := range []struct {
		name, method, path, contentType, body string
		status                                int
		code                                  string
	}{
		{"no body", "POST", "/signin/fedcm", js, "", 400, "malformed_json"},
		{"an empty object", "POST", "/signin/fedcm", js, "{}", 400, "token_missing"},
		{"an empty token", "POST", "/signin/fedcm", js, `{"token":""}`, 400, "token_missing"},
		{"cut short", "POST", "/signin/fedcm", js, `{"token":"a.b`, 400, "malformed_json"},
		{"something after the object", "POST", "/signin/fedcm", js, `{"token":"a.b.c"}{}`, 400, "malformed_json"},
		{"two tokens", "POST", "/signin/fedcm", js, `{"token":"a.b.c","token":"d.e.f"}`, 400, "malformed_json"},
		{"an array", "POST", "/signin/fedcm", js, `["token"]`, 400, "malformed_json"},
		{"a string", "POST", "/signin/fedcm", js, `"token"`, 400, "malformed_json"},
		{"null", "POST", "/signin/fedcm", js, `null`, 400, "malformed_json"},
		{"a token that is an object", "POST", "/signin/fedcm", js, `{"token":{}}`, 400, "malformed_json"},
		{"a token that is a number", "POST", "/signin/fedcm", js, `{"token":1}`, 400, "malformed_json"},
		{"a token that is null", "POST", "/signin/fedcm", js, `{"token":null}`, 400, "malformed_json"},
		{"a provider that is a list", "POST", "/signin/fedcm", js, `{"token":"a.b.c","config_url":[]}`, 400, "malformed_json"},
		{"another provider", "POST", "/signin/fedcm", js, `{"token":"a.b.c","config_url":"https://x.example/"}`, 400, "provider_unknown"},
		{"a member in another case", "POST", "/signin/fedcm", js, `{"Token":"a.b.c"}`, 400, "token_missing"},
		{"not UTF-8", "POST", "/signin/fedcm", js, "{\"token\":\"\xff\"}", 400, "malformed_json"},
		{"nested without end", "POST", "/signin/fedcm", js, strings.Repeat("[", 15000), 400, "malformed_json"},
		{"random bytes", "POST", "/signin/fedcm", js, string(random), 400, "malformed_json"},
		{"random bytes as a form", "POST", "/signin/fedcm", form, string(random), 400, ""},
		{"a form without a token", "POST", "/signin/fedcm", form, "tokn=x", 400, "token_missing"},
		{"a form with two tokens", "POST", "/signin/fedcm", form, "token=a&token=b", 400, "duplicate_parameter"},
		{"a form with a broken escape", "POST", "/signin/fedcm", form, "token=%zz", 400, "malformed_form"},
		{"a body over the limit", "POST", "/signin/fedcm", js, `{"token":"` + strings.Repeat("x", 30<<10) + `"}`, 413, "body_too_large"},
		{"a token over the limit", "POST", "/signin/fedcm", js, `{"token":"` + strings.Repeat("x", 17<<10) + `"}`, 413, "token_too_large"},
		{"a form over the limit", "POST", "/signin/fedcm", form, "token=" + strings.Repeat("x", 30<<10), 413, "body_too_large"},
		{"text", "POST", "/signin/fedcm", "text/plain", `{"token":"a.b.c"}`, 415, "wrong_content_type"},
		{"multipart", "POST", "/signin/fedcm", "multipart/form-data; boundary=x", "--x--", 415, "wrong_content_type"},
		{"no content type", "POST", "/signin/fedcm", "", `{"token":"a.b.c"}`, 415, "wrong_content_type"},
		{"a broken content type", "POST", "/signin/fedcm", "application/json; =", `{"token":"a.b.c"}`, 415, "wrong_content_type"},
		{"GET with the token in the address", "GET", "/signin/fedcm?token=a.b.c", "", "", 405, "method_not_allowed"},
		{"PUT", "PUT", "/signin/fedcm", js, `{"token":"a.b.c"}`, 405, "method_not_allowed"},
		{"GET a nonce", "GET", "/signin/nonce", "", "", 405, "method_not_allowed"},
		{"DELETE a nonce", "DELETE", "/signin/nonce", "", "", 405, "method_not_allowed"},
		{"GET signout", "GET", "/signout", "", "", 405, "method_not_allowed"},
		{"POST the module", "POST", "/signin.js", "", "", 405, "method_not_allowed"},
		{"another path", "POST", "/signin/other", "", "", 404, "not_found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := s.browser(t)
			nonce := b.nonce()
			before := s.store.created()
			a := b.do(b.request(c.method, c.path, c.contentType, c.body))
			if a.status != c.status || (c.code != "" && a.code != c.code) || len(a.detail) < 20 {
				t.Errorf("%d %s, want %d %s", a.status, a.body, c.status, c.code)
			}
			if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
				t.Errorf("Content-Type: %s", ct)
			}
			if c.status == 405 && a.header.Get("Allow") == "" {
				t.Error("no Allow")
			}
			if got := s.store.created(); got != before || b.whoami() != "nobody" {
				t.Errorf("created: %v, before %v", got, before)
			}
			if a := b.send(b.token(nonce)); a.status != 200 {
				t.Errorf("a good token afterwards: %d %s", a.status, a.body)
			}
		})
	}
}

func TestABodyThatEndsEarlyIsRefused(t *testing.T) {
	s := newSite(t, nil)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = conn.Write([]byte("POST /signin/fedcm HTTP/1.1\r\nHost: x\r\nOrigin: " + s.URL +
		"\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"token\":"))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 400 {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestATokenMayComeAsAForm(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser(t)
	form := url.Values{"token": {b.token(b.nonce())}}.Encode()
	for _, ct := range []string{"application/x-www-form-urlencoded; charset=UTF-8"} {
		if a := b.do(b.request("POST", "/signin/fedcm", ct, form)); a.status != 200 || b.whoami() != "ada" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
}

func TestWhatThePageKnowsBesidesIsIgnored(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser(t)
	body := `{"type":"identity","isAutoSelected":true,"config_url":null,"token":"` + b.token(b.nonce()) + `"}`
	if a := b.do(b.request("POST", "/signin/fedcm", "application/json; charset=utf-8", body)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A page of another site, or something that is no browser.
func TestOnlyOurOwnPagesSignInAndOut(t *testing.T) {
	s := newSite(t, nil)
	type headers map[string][]string
	for _, c := range []struct {
		name string
		h    headers
		ok   bool
	}{
		{"our page", headers{"Origin": {s.URL}, "Sec-Fetch-Site": {"same-origin"}}, true},
		{"our page in a browser without fetch metadata", headers{"Origin": {s.URL}}, true},
		{"our page with Referrer-Policy no-referrer", headers{"Origin": {"null"}, "Sec-Fetch-Site": {"same-origin"}}, true},
		{"fetch metadata alone", headers{"Sec-Fetch-Site": {"same-origin"}}, true},
		{"another site", headers{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}, false},
		{"another site without fetch metadata", headers{"Origin": {"https://evil.example"}}, false},
		{"another site that claims our origin", headers{"Origin": {s.URL}, "Sec-Fetch-Site": {"cross-site"}}, false},
		{"a neighbour of the same site", headers{"Origin": {s.URL}, "Sec-Fetch-Site": {"same-site"}}, false},
		{"another port of our host", headers{"Origin": {"http://127.0.0.1:1"}}, false},
		{"our host with https", headers{"Origin": {strings.Replace(s.URL, "http:", "https:", 1)}}, false},
		{"our origin with a slash", headers{"Origin": {s.URL + "/"}}, false},
		{"a sandboxed frame", headers{"Origin": {"null"}, "Sec-Fetch-Site": {"cross-site"}}, false},
		{"an opaque origin without fetch metadata", headers{"Origin": {"null"}}, false},
		{"typed into the address bar", headers{"Sec-Fetch-Site": {"none"}}, false},
		{"no browser", headers{}, false},
		{"two origins", headers{"Origin": {s.URL, "https://evil.example"}}, false},
		{"two words of fetch metadata", headers{"Origin": {s.URL}, "Sec-Fetch-Site": {"same-origin", "cross-site"}}, false},
		{"fetch metadata in another case", headers{"Origin": {s.URL}, "Sec-Fetch-Site": {"Same-Origin"}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := s.browser(t)
			token := b.token(b.nonce())
			for _, q := range [][2]string{{"/signin/nonce", ""}, {"/signin/fedcm", `{"token":"` + token + `"}`}, {"/signout", ""}} {
				r := b.request("POST", q[0], "application/json", q[1])
				r.Header.Del("Origin")
				r.Header.Del("Sec-Fetch-Site")
				for name, values := range c.h {
					for _, v := range values {
						r.Header.Add(name, v)
					}
				}
				before := s.store.created()
				a := b.do(r)
				if c.ok && a.status != 200 || !c.ok && (a.status != 403 || a.code != "cross_origin_request") {
					t.Errorf("%s: %d %s", q[0], a.status, a.body)
				}
				if !c.ok && (s.store.created() != before || len(a.header.Values("Set-Cookie")) != 0) {
					t.Errorf("%s: something was created", q[0])
				}
			}
		})
	}
}

// How large a token may be is its provider's setting, also with FedCM, and the refusal
// names it.
func TestTheSizeOfATokenIsASetting(t *testing.T) {
	for _, c := range []struct {
		setting, padding int
		good             bool
	}{
		{0, 8 << 10, true}, {0, 16 << 10, false}, {64 << 10, 30 << 10, true}, {64 << 10, 64 << 10, false}, {1 << 10, 100, true}, {1 << 10, 2 << 10, false},
	} {
		s := newSite(t, func(config *rpserver.Config) { config.Providers[0].MaxIDToken = c.setting })
		b := s.browser(t)
		a := b.send(sign(t, testKeys().es256, s.idp.claims(b.nonce(), s.clock.Now()).with(claims{"groups": strings.Repeat("g", c.padding)})))
		if c.good != (a.status == 200) {
			t.Errorf("%d bytes more where %d are read: %d %s", c.padding, c.setting, a.status, a.body)
		}
		if !c.good && (a.status != 413 || !strings.Contains(a.detail, "MaxIDToken")) {
			t.Errorf("%s: %s", a.code, a.detail)
		}
	}
}
