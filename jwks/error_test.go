package jwks

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// What an operator sees where a key set cannot be had, by each of the ways in which
// servers fail.
func TestTheReasonIsTold(t *testing.T) {
	write := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		reason  string
		status  int
		says    string
	}{
		"status":            {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, ReasonStatus, 503, "answered with status 503"},
		"status, as a page": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); _, _ = w.Write([]byte("<html>")) }, ReasonStatus, 404, "status 404"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.example/in?secret=hunter2", http.StatusFound)
		}, ReasonRedirect, 302, "redirects to https://login.example, and redirects are not followed"},
		"redirect, to a path": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/in?secret=hunter2", http.StatusTemporaryRedirect)
		}, ReasonRedirect, 307, "redirects to http://127.0.0.1:"},
		"redirect, to no URL": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://[hunter2")
			w.WriteHeader(303)
		}, ReasonRedirect, 0, "an address that cannot be read"},
		"redirect, to nowhere": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(300) }, ReasonRedirect, 300, "redirects to nowhere"},
		"not modified":         {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) }, ReasonStatus, 304, "status 304"},
		"HTML":                 {write("\ufeff \n<!DOCTYPE html><p>hunter2"), ReasonHTML, 0, "a page (HTML)"},
		"HTML, by its type": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=x")
			_, _ = w.Write([]byte("hunter2"))
		}, ReasonHTML, 0, "a page (HTML)"},
		"text":                   {write("hunter2"), ReasonDocument, 0, "keyset_invalid"},
		"another document":       {write(`{"hunter2":[]}`), ReasonDocument, 0, `no array "keys"`},
		"a name twice":           {write(`{"keys":[],"keys":["hunter2"]}`), ReasonDuplicate, 0, "keyset_invalid"},
		"too long":               {write(strings.Repeat(" ", 513<<10)), ReasonSize, 0, "longer than 512 KiB"},
		"an answer that breaks":  {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ReasonUnreachable, 0, "cannot be reached"},
		"an answer that is late": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, ReasonTimeout, 0, "did not answer in time"},
	} {
		t.Run(name, func(t *testing.T) {
			p := publish(t)
			p.set(func(p *publisher) { p.handler = c.handler })
			var told error
			s, _ := newSource(t, p, func(conf *Config) {
				conf.OnError = func(_ string, err error) { told = err }
				if c.reason == ReasonTimeout {
					conf.Rules.Timeout = 30 * time.Millisecond
				}
			})
			_, err := s.KeySet(t.Context(), p.URL)
			var why, first *Error
			if !errors.As(err, &why) || !errors.As(told, &first) {
				t.Fatalf("%v, told %v", err, told)
			}
			if why.Code != CodeUnavailable || why.Reason != c.reason || why.Status != c.status || why.At != p.URL || why.RetryAfter != time.Second || first.RetryAfter != 0 {
				t.Errorf("%+v, told %+v", why, first)
			}
			if text := err.Error(); text != told.Error() || !strings.HasPrefix(text, "keys_unavailable: ") || !strings.Contains(text, c.says) || strings.Contains(text, "hunter2") {
				t.Error(text)
			}
			var of *jws.Error
			if !errors.Is(err, &jws.Error{Code: jws.CodeKeysUnavailable}) || !errors.As(err, &of) || of.Message == "" {
				t.Errorf("no error of jws: %v", err)
			}
			if again, _ := s.KeySet(t.Context(), p.URL); again != nil {
				t.Error("keys from nowhere")
			}
		})
	}
}

func TestTheReasonOfAConnectionIsTold(t *testing.T) {
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	gone := httptest.NewServer(nil)
	gone.Close()
	plain := publish(t)
	for name, c := range map[string]struct{ at, reason string }{
		"a certificate of nobody": {untrusted.URL, ReasonTLS},
		"no TLS at all":           {strings.Replace(plain.URL, "http:", "https:", 1), ReasonTLS},
		"nobody there":            {gone.URL, ReasonUnreachable},
		"plain http elsewhere":    {"http://idp.example", ReasonAddress},
		"no URL":                  {"http://[::1", ReasonAddress},
		"a private address":       {"https://10.0.0.1", ReasonAddress},
	} {
		s, err := New(Config{Locate: URL(c.at)})
		if err != nil {
			t.Fatal(err)
		}
		var why *Error
		if _, err := s.KeySet(t.Context(), "http://127.0.0.1:1"); !errors.As(err, &why) || why.Reason != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused := errors.New("hunter2 refuses")
	for name, c := range map[string]struct {
		locate Locate
		reason string
	}{
		"no address":      {func(context.Context, string) (string, error) { return "", refused }, ReasonLocate},
		"no address soon": {func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() }, ReasonTimeout},
	} {
		s, err := New(Config{Locate: c.locate, Rules: jws.KeySetRules{Timeout: 20 * time.Millisecond}})
		if err != nil {
			t.Fatal(err)
		}
		var why *Error
		if _, err := s.KeySet(t.Context(), "https://idp.example"); !errors.As(err, &why) || why.Reason != c.reason || why.At != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{"TLS": x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a"}, "timeout": &net.DNSError{IsTimeout: true}} {
		if why := notAnswered(fmt.Errorf("x: %w", err)); !strings.EqualFold(why.Reason, name) {
			t.Errorf("%s: %+v", name, why)
		}
	}
}

func TestSomebodyElsesTextIsBounded(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		"k-1":                          "k-1",
		"a\nb\x00\"\\":                 `a\nb\x00"\\`,
		"ä\u202e\xff":                  `\u00e4\u202e\ufffd`,
		strings.Repeat("k", 64):        strings.Repeat("k", 64),
		strings.Repeat("k", 65):        strings.Repeat("k", 64) + "...",
		strings.Repeat("k", 62) + "\n": strings.Repeat("k", 62) + `\n`,
		strings.Repeat("k", 63) + "\n": strings.Repeat("k", 63) + "...",
	} {
		if got := escaped(in, 64); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestKeysThatAreLeftOutAreToldOncePerDocument(t *testing.T) {
	p := publish(t)
	weak := `{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"` + strings.Repeat("w", 100) + `"}`
	p.set(func(p *publisher) { p.body = strings.Replace(setOf("k1"), "[", "["+weak+",", 1) })
	var told [][]jws.RejectedKey
	s, k := newSource(t, p, func(c *Config) { c.OnRejected = func(_ string, keys []jws.RejectedKey) { told = append(told, keys) } })
	for range 3 {
		if code := token(t, s, p.URL, "k1"); code != "" {
			t.Fatal(code)
		}
		k.wait(2 * time.Second)
	}
	if p.hits.Load() != 3 || len(told) != 1 || len(told[0]) != 1 || told[0][0].KeyID != strings.Repeat("w", 64)+"..." || told[0][0].Reason == "" {
		t.Errorf("%d fetches, told %+v", p.hits.Load(), told)
	}
	p.set(func(p *publisher) { p.body = strings.Replace(setOf("k1", "k2"), "[", "["+weak+",", 1) })
	if code := token(t, s, p.URL, "k2"); code != "" || len(told) != 2 {
		t.Errorf("another document: %q, told %d times", code, len(told))
	}
}
