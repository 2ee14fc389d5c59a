package news

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func write(text string) url.Values { return url.Values{"comment": {text}, "name": {""}} }

func TestLettersNeedARecordAndAreEscaped(t *testing.T) {
	h, _ := paper(t)
	s := sender{"192.0.2.1:1", "", session(1), false}
	if got := code(t, s.post(t, h, "/comments", write("Hello"))); got != "no_record" {
		t.Fatalf("without a record: code %q", got)
	}
	s.record = "ok"
	const evil = "</blockquote><script>alert(1)</script><img src=x onerror=alert(1)>"
	if w := s.post(t, h, "/comments", url.Values{"comment": {evil + "\u202e\x00\x1b[31m"}, "name": {"<i>Eve</i>\nand others"}}); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/", "/letters", "/story/bridge"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		page := w.Body.String()
		if !strings.Contains(page, "&lt;script&gt;alert(1)") || !strings.Contains(page, "&lt;i&gt;Eve&lt;/i&gt; and others") {
			t.Errorf("%s: the letter is not printed", path)
		}
		if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img src=x") || strings.ContainsAny(page, "\u202e\x00\x1b") {
			t.Errorf("%s: markup or control characters of a letter come through", path)
		}
	}
}

func TestLettersAreBounded(t *testing.T) {
	h, c := paper(t)
	for name, tc := range map[string]struct {
		form url.Values
		code string
	}{
		"empty":       {write(""), "letter_empty"},
		"only blanks": {write(" \n\t\u0000"), "letter_empty"},
		"too long":    {write(strings.Repeat("ü", maxText+1)), "letter_too_long"},
		"long name":   {url.Values{"comment": {"x"}, "name": {strings.Repeat("n", maxName+1)}}, "name_too_long"},
		"huge":        {write(strings.Repeat("x", 20<<10)), "body_too_large"},
	} {
		s := sender{"192.0.2.1:1", "ok", session(1), false}
		if got := code(t, s.post(t, h, "/comments", tc.form)); got != tc.code {
			t.Errorf("%s: code %q, want %q", name, got, tc.code)
		}
	}
	for i := range maxLetters + 20 {
		s := sender{fmt.Sprintf("10.%d.0.1:1", i), "ok", session(i), false}
		if w := s.post(t, h, "/comments", write(fmt.Sprintf("letter %d.", i))); w.Code != 200 {
			t.Fatalf("letter %d: %d %s", i, w.Code, w.Body)
		}
		c.add(time.Second)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/letters", nil))
	if n := strings.Count(w.Body.String(), "<blockquote"); n != maxLetters {
		t.Errorf("%d letters are kept, want %d", n, maxLetters)
	}
	if !strings.Contains(w.Body.String(), "letter 79.") || strings.Contains(w.Body.String(), "letter 3.") {
		t.Error("not the newest letters are kept")
	}
}

func TestLettersAreLimitedBySessionAndByAddress(t *testing.T) {
	h, c := paper(t)
	s := sender{"192.0.2.1:1", "ok", session(1), false}
	for i := range sessionBurst {
		if w := s.post(t, h, "/comments", write("x")); w.Code != 200 {
			t.Fatalf("letter %d: %d", i, w.Code)
		}
	}
	moved := s
	moved.addr = "198.51.100.1:1"
	if got := code(t, moved.post(t, h, "/comments", write("x"))); got != "too_many_letters" {
		t.Errorf("same session elsewhere: code %q", got)
	}
	for i := range prefixBurst - sessionBurst {
		fresh := sender{"192.0.2.77:1", "ok", session(100 + i), false}
		if w := fresh.post(t, h, "/comments", write("x")); w.Code != 200 {
			t.Fatalf("fresh session %d: %d", i, w.Code)
		}
	}
	fresh := sender{"192.0.2.78:1", "ok", session(200), false}
	if got := code(t, fresh.post(t, h, "/comments", write("x"))); got != "too_many_letters" {
		t.Errorf("fresh session, same /24: code %q", got)
	}
	c.add(time.Minute)
	if w := fresh.post(t, h, "/comments", write("x")); w.Code != 200 {
		t.Errorf("a minute later: %d", w.Code)
	}
}
