package issuer_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/issuer"
)

// captchaService is a siteverify endpoint that answers what it is told and keeps
// what it was sent.
type captchaService struct {
	*httptest.Server
	status      int
	contentType string
	answer      string
	got         url.Values
	calls       int
}

func newCaptchaService(t *testing.T) *captchaService {
	s := &captchaService{status: 200, contentType: "application/json"}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls++
		if err := r.ParseForm(); err != nil || r.Method != "POST" || r.URL.RawQuery != "" {
			t.Errorf("asked by %s %s, %v", r.Method, r.URL, err)
		}
		s.got = r.PostForm
		w.Header().Set("Content-Type", s.contentType)
		if s.status/100 == 3 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(s.status)
		fmt.Fprint(w, s.answer)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestSiteverify(t *testing.T) {
	const good = `{"success":true,"challenge_ts":"2026-05-04T14:02:00Z","hostname":"issuer.example","action":"tokens","score":0.9,"cdata":{"x":[1]}}`
	for _, c := range []struct {
		name, answer, reason string
		tokens               int
		change               func(*issuer.Siteverify)
	}{
		{"solved", good, "granted", 20, nil},
		{"solved, action and score asked for", good, "granted", 20, func(s *issuer.Siteverify) { s.Action, s.MinScore = "tokens", 0.9 }},
		{"another action", good, "captcha_failed", 0, func(s *issuer.Siteverify) { s.Action = "login" }},
		{"no action", `{"success":true,"hostname":"issuer.example"}`, "captcha_failed", 0, func(s *issuer.Siteverify) { s.Action = "login" }},
		{"a low score", good, "captcha_failed", 0, func(s *issuer.Siteverify) { s.MinScore = 0.91 }},
		{"solved on another site", `{"success":true,"hostname":"evil.example"}`, "captcha_failed", 0, nil},
		{"solved nowhere", `{"success":true}`, "captcha_failed", 0, nil},
		{"not solved", `{"success":false,"error-codes":["invalid-input-response"]}`, "captcha_failed", 0, nil},
		{"not solved, no reason", `{"success":false}`, "captcha_failed", 0, nil},
		{"used before", `{"success":false,"error-codes":["timeout-or-duplicate"]}`, "captcha_expired", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newCaptchaService(t)
			s.answer = c.answer
			v := &issuer.Siteverify{URL: s.URL, Secret: "sshhh", Hostname: "issuer.example"}
			if c.change != nil {
				c.change(v)
			}
			p := &issuer.Captcha{Verifier: v, Tokens: 20}
			d := decide(t, p, issuer.Facts{Now: start, Proof: "solved-7f3a", RemoteIP: netip.MustParseAddr("192.0.2.1")})
			if d.Tokens != c.tokens || d.Reason != c.reason {
				t.Errorf("%+v, want %d %s", d, c.tokens, c.reason)
			}
			if s.got.Encode() != "response=solved-7f3a&secret=sshhh" {
				t.Errorf("the service was sent %v", s.got)
			}
		})
	}
}

func TestSiteverifyThatCannotBeTrustedDecidesNothing(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*captchaService, *issuer.Siteverify)
	}{
		{"status 500", func(s *captchaService, _ *issuer.Siteverify) { s.status = 500 }},
		{"a redirect", func(s *captchaService, _ *issuer.Siteverify) { s.status = 302 }},
		{"a redirect that keeps the body, by the caller's own client", func(s *captchaService, v *issuer.Siteverify) {
			s.status = 307
			v.Client = &http.Client{}
		}},
		{"status 201", func(s *captchaService, _ *issuer.Siteverify) { s.status = 201 }},
		{"HTML", func(s *captchaService, _ *issuer.Siteverify) { s.contentType = "text/html" }},
		{"empty", func(s *captchaService, _ *issuer.Siteverify) { s.answer = "" }},
		{"not an object", func(s *captchaService, _ *issuer.Siteverify) { s.answer = "true" }},
		{"success as text", func(s *captchaService, _ *issuer.Siteverify) {
			s.answer = `{"success":"true","hostname":"issuer.example"}`
		}},
		{"success as number", func(s *captchaService, _ *issuer.Siteverify) { s.answer = `{"success":1,"hostname":"issuer.example"}` }},
		{"success twice", func(s *captchaService, _ *issuer.Siteverify) {
			s.answer = `{"success":false,"success":true,"hostname":"issuer.example"}`
		}},
		{"Success", func(s *captchaService, _ *issuer.Siteverify) {
			s.answer = `{"Success":true,"hostname":"issuer.example"}`
		}},
		{"text after", func(s *captchaService, _ *issuer.Siteverify) { s.answer += "x" }},
		{"too long", func(s *captchaService, _ *issuer.Siteverify) { s.answer += strings.Repeat(" ", 17<<10) }},
		{"codes as text", func(s *captchaService, _ *issuer.Siteverify) { s.answer = `{"success":false,"error-codes":"x"}` }},
		{"our secret is wrong", func(s *captchaService, _ *issuer.Siteverify) {
			s.answer = `{"success":false,"error-codes":["timeout-or-duplicate","invalid-input-secret"]}`
		}},
		{"its own fault", func(s *captchaService, _ *issuer.Siteverify) {
			s.answer = `{"success":false,"error-codes":["internal-error"]}`
		}},
		{"no score where one is asked for", func(s *captchaService, v *issuer.Siteverify) { v.MinScore = 0.5 }},
		{"gone", func(s *captchaService, _ *issuer.Siteverify) { s.Close() }},
		{"no secret", func(_ *captchaService, v *issuer.Siteverify) { v.Secret = "" }},
		{"no hostname", func(_ *captchaService, v *issuer.Siteverify) { v.Hostname = "" }},
		{"no URL", func(_ *captchaService, v *issuer.Siteverify) { v.URL = "http://[" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newCaptchaService(t)
			s.answer = `{"success":true,"hostname":"issuer.example"}`
			v := &issuer.Siteverify{URL: s.URL, Secret: "sshhh", Hostname: "issuer.example"}
			c.change(s, v)
			d, err := (&issuer.Captcha{Verifier: v, Tokens: 20}).Decide(t.Context(), issuer.Facts{Proof: "solved-7f3a"})
			if err == nil || d.Tokens != 0 {
				t.Fatalf("%+v, %v", d, err)
			}
			if strings.Contains(err.Error(), "sshhh") || strings.Contains(err.Error(), "solved-7f3a") {
				t.Errorf("the error tells a secret: %v", err)
			}
			if s.calls > 1 {
				t.Errorf("asked %d times", s.calls)
			}
		})
	}
}

func TestCaptchaWithoutAResponseAsksNobody(t *testing.T) {
	s := newCaptchaService(t)
	p := &issuer.Captcha{Verifier: &issuer.Siteverify{URL: s.URL, Secret: "x", Hostname: "h"}, Tokens: 20}
	if d := decide(t, p, issuer.Facts{}); d.Reason != "captcha_missing" || s.calls != 0 {
		t.Errorf("%+v after %d calls", d, s.calls)
	}
}

func TestSiteverifySendsTheAddressOnlyWhenTold(t *testing.T) {
	s := newCaptchaService(t)
	s.answer = `{"success":true,"hostname":"h"}`
	v := &issuer.Siteverify{URL: s.URL, Secret: "x", Hostname: "h", SendIP: true}
	if got, err := v.VerifyCaptcha(t.Context(), "r", netip.MustParseAddr("2001:db8::1")); err != nil || got != issuer.CaptchaGood || s.got.Get("remoteip") != "2001:db8::1" {
		t.Errorf("%v, %v, sent %v", got, err, s.got)
	}
	if _, err := v.VerifyCaptcha(t.Context(), "r", netip.Addr{}); err != nil || s.got.Has("remoteip") {
		t.Errorf("%v, sent %v", err, s.got)
	}
}
