package idpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
)

// cutBody ends in the middle, as a broken connection does.
type cutBody struct{ r io.Reader }

func (c cutBody) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

var getOnly = []string{"/", "/error", "/picture/brand.png", "/jwks.json", "/.well-known/openid-configuration",
	"/.well-known/web-identity", "/fedcm/config.json", "/fedcm/accounts", "/fedcm/client-metadata", "/fedcm/popup"}

var forms = []string{"/signin", "/signup", "/signout", "/account", "/verify-email", "/fedcm/assertion", "/fedcm/disconnect",
	"/authorize", "/authorize/consent", "/token", "/fedcm/popup/consent"}

// Every endpoint names the fault of every class of bad input with a 4xx, and
// nothing changes.
func TestBadInputToEveryEndpoint(t *testing.T) {
	const formType = "application/x-www-form-urlencoded"
	type bad struct {
		name, method, contentType string
		body                      func() io.Reader
		status                    int
		code                      string
	}
	text := func(s string) func() io.Reader { return func() io.Reader { return strings.NewReader(s) } }
	noise := make([]byte, 4096)
	for i := range noise {
		noise[i] = byte(rand.IntN(256))
	}
	var cases []bad
	add := func(b bad) { cases = append(cases, b) }
	add(bad{"PUT", http.MethodPut, formType, text("a=b"), 405, "method_not_allowed"})
	add(bad{"DELETE", http.MethodDelete, "", text(""), 405, "method_not_allowed"})
	add(bad{"OPTIONS", http.MethodOptions, "", text(""), 405, "method_not_allowed"})
	add(bad{"a method that is none", "GRAB", "", text(""), 405, "method_not_allowed"})
	postOnly := []bad{
		{"JSON", http.MethodPost, "application/json", text(`{"client_id":"shop"}`), 415, "wrong_content_type"},
		{"multipart", http.MethodPost, "multipart/form-data; boundary=x", text("--x--"), 415, "wrong_content_type"},
		{"text", http.MethodPost, "text/plain", text("client_id=shop"), 415, "wrong_content_type"},
		{"no content type", http.MethodPost, "", text("client_id=shop"), 415, "wrong_content_type"},
		{"a content type that is none", http.MethodPost, ";;;", text("client_id=shop"), 415, "wrong_content_type"},
		{"oversize", http.MethodPost, formType, text("client_id=shop&a=" + strings.Repeat("x", 1<<20)), 413, "body_too_large"},
		{"cut off", http.MethodPost, formType, func() io.Reader { return cutBody{strings.NewReader("client_id=sh")} }, 400, "body_unreadable"},
		{"bad escape", http.MethodPost, formType, text("client_id=%zz"), 400, "malformed_form"},
		{"a field twice", http.MethodPost, formType, text("client_id=shop&client_id=shop"), 400, "duplicate_parameter"},
		{"not UTF-8", http.MethodPost, formType, text("client_id=%ff%fe"), 400, "malformed_form"},
	}

	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	send := func(path string, c bad) *http.Response {
		r := httptest.NewRequest(c.method, loopback+path, c.body())
		if c.contentType != "" {
			r.Header.Set("Content-Type", c.contentType)
		}
		r.Header.Set("Sec-Fetch-Dest", "webidentity")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", shopOrigin)
		r.RemoteAddr = b.addr
		for _, k := range b.cookies {
			r.AddCookie(&http.Cookie{Name: k.Name, Value: k.Value})
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w.Result()
	}
	check := func(path string, c bad) {
		t.Run(path+" "+c.name, func(t *testing.T) {
			res := send(path, c)
			wantStatus(t, res, c.status)
			if !strings.Contains(body(t, res), c.code) {
				t.Errorf("the answer does not name %s: %s", c.code, body(t, res))
			}
			if c.status == 405 && res.Header.Get("Allow") == "" {
				t.Error("no Allow header")
			}
			if len(res.Cookies()) != 0 || res.Header.Get("Set-Login") != "" {
				t.Errorf("a refused request set %v, Set-Login %q", res.Cookies(), res.Header.Get("Set-Login"))
			}
		})
	}
	for _, path := range slices.Concat(getOnly, forms) {
		for _, c := range cases {
			check(path, c)
		}
		t.Run(path+" random bytes", func(t *testing.T) {
			for i := range 50 {
				n := rand.IntN(len(noise))
				res := send(path, bad{"", http.MethodPost, formType, func() io.Reader { return bytes.NewReader(noise[:n]) }, 0, ""})
				// An empty form is a request to sign out of all; so skip what decodes to nothing.
				if n > 0 && (res.StatusCode < 400 || res.StatusCode > 499) && path != "/signout" {
					t.Fatalf("round %d: status %d for %q", i, res.StatusCode, noise[:n])
				}
			}
		})
	}
	for _, path := range getOnly {
		check(path, bad{"POST", http.MethodPost, formType, text("a=b"), 405, "method_not_allowed"})
	}
	for _, path := range forms {
		for _, c := range postOnly {
			check(path, c)
		}
	}
	for _, path := range []string{"/nowhere", "/fedcm", "/fedcm/", "/fedcm/nothing", "/.well-known/", "/picture/", "/picture/x.png",
		"/picture/..%2Fbrand.png", "/picture/" + strings.ToLower(ada.ID) + ".png", "/picture/" + ada.ID + ".svg", "/_idp/", "/_idp/nothing.css"} {
		t.Run("no such "+path, func(t *testing.T) {
			if res := b.get(path); res.StatusCode != http.StatusNotFound {
				t.Errorf("status %d", res.StatusCode)
			}
		})
	}
	t.Run("nothing changed", func(t *testing.T) {
		if g, err := p.store.Grants(context.Background(), ada.ID); err != nil || len(g) != 0 {
			t.Errorf("grants = %v, %v", g, err)
		}
		if len(p.mails) != 0 {
			t.Errorf("%d mails", len(p.mails))
		}
	})
}

// The same over a real connection: what a recorder cannot show.
func TestBadBytesOnTheWire(t *testing.T) {
	p := newIdP(t)
	server := httptest.NewServer(p)
	defer server.Close()
	addr := strings.TrimPrefix(server.URL, "http://")
	head := "Host: idp.localhost\r\nSec-Fetch-Dest: webidentity\r\nOrigin: " + shopOrigin + "\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"body shorter than its length": {"POST /fedcm/assertion HTTP/1.1\r\n" + head + "Content-Length: 100\r\n\r\nclient_id=shop", 400},
		"bad chunks":                   {"POST /fedcm/assertion HTTP/1.1\r\n" + head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
		"oversize chunked":             {"POST /signin HTTP/1.1\r\n" + head + "Sec-Fetch-Site: same-origin\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n" + strings.Repeat("a", 1<<20) + "\r\n0\r\n\r\n", 413},
		"no HTTP at all":               {"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, c.request); err != nil {
				t.Logf("write: %v", err) // the server may have answered and closed
			}
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != c.status {
				t.Errorf("status %d, want %d", res.StatusCode, c.status)
			}
		})
	}
}

func FuzzAssertionForm(f *testing.F) {
	p := newIdP(f)
	a, err := p.CreateAccount(context.Background(), idpserver.NewAccount{Email: "ada@corp.example", Name: "Ada", Password: password})
	if err != nil {
		f.Fatal(err)
	}
	b := p.browser()
	b.post("/signin", "email", "ada@corp.example", "password", password)
	f.Add(assertionForm(a.ID).Encode())
	f.Add("client_id=shop&account_id=" + a.ID + "&params=%7B%7D")
	f.Add("client_id=shop&params=[[[[[[[[[[[[[[[[[[[[")
	f.Fuzz(func(t *testing.T, form string) {
		r := b.assertionRequest(nil)
		r.Body = io.NopCloser(strings.NewReader(form))
		res := b.send(r, true)
		if res.StatusCode != http.StatusOK && (res.StatusCode < 400 || res.StatusCode > 499) {
			t.Errorf("status %d for %q", res.StatusCode, form)
		}
		if res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("Content-Type %q", res.Header.Get("Content-Type"))
		}
	})
}
