package look

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"
)

func get(t *testing.T, h http.Handler, target string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for k, v := range header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAssets(t *testing.T) {
	versioned := Stylesheet()
	w := get(t, Handler(), versioned, nil)
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Fatalf("stylesheet: %d %q", w.Code, w.Header().Get("Content-Type"))
	}
	if got := w.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("versioned path: Cache-Control %q", got)
	}
	body, etag := w.Body.String(), w.Header().Get("ETag")
	if regexp.MustCompile(`https?://|@import|url\(`).MatchString(body) {
		t.Error("the stylesheet asks for another file")
	}
	if w := get(t, Handler(), versioned, http.Header{"If-None-Match": {`"other", ` + etag}}); w.Code != 304 || w.Body.Len() != 0 {
		t.Errorf("known ETag: %d, %d bytes", w.Code, w.Body.Len())
	}
	for _, path := range []string{Prefix + "look.css", Prefix + "0000/look.css"} {
		if w := get(t, Handler(), path, nil); w.Code != 200 || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %q, must be asked for again", path, w.Code, w.Header().Get("Cache-Control"))
		}
	}
	for _, path := range []string{Prefix, Prefix + "nothing.css", Prefix + "../palette.go", "/look.css"} {
		if w := get(t, Handler(), path, nil); w.Code != 404 {
			t.Errorf("%s: %d, want 404", path, w.Code)
		}
	}
	w = httptest.NewRecorder()
	Handler().ServeHTTP(w, httptest.NewRequest(http.MethodPost, versioned, nil))
	if w.Code != 405 || w.Header().Get("Allow") == "" {
		t.Errorf("POST: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

func TestRenderSendsPolicyWithTheNonceOfThePage(t *testing.T) {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	Render(w, r, http.StatusAccepted, Page(Props{Title: "Title", Scripts: []string{"/script.js"}}), CSP{FrameSrc: []string{"http://ads.localhost"}})
	if w.Code != http.StatusAccepted {
		t.Errorf("status %d", w.Code)
	}
	policy := w.Header().Get("Content-Security-Policy")
	m := regexp.MustCompile(`'nonce-([A-Za-z0-9_-]{22})'`).FindStringSubmatch(policy)
	if m == nil || !strings.Contains(w.Body.String(), `nonce="`+m[1]+`"`) {
		t.Fatalf("policy %q and page do not share a nonce", policy)
	}
	for _, part := range []string{"default-src 'none'", "frame-src http://ads.localhost;", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'", "require-trusted-types-for 'script'", "trusted-types look"} {
		if !strings.Contains(policy, part) {
			t.Errorf("policy %q lacks %q", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q allows inline code", policy)
	}
	again := httptest.NewRecorder()
	Render(again, r, 200, Page(Props{Title: "Title", Scripts: []string{"/script.js"}}))
	if strings.Contains(again.Header().Get("Content-Security-Policy"), m[1]) {
		t.Error("two answers share a nonce")
	}
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
		"Referrer-Policy": "strict-origin-when-cross-origin",
	} {
		if got := again.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestRenderSendsNothingOfAPageThatFails(t *testing.T) {
	broken := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, _ = io.WriteString(w, "half a page")
		return errors.New("no more")
	})
	w := httptest.NewRecorder()
	Render(w, httptest.NewRequest(http.MethodGet, "/", nil), 200, broken)
	if w.Code != 500 || strings.Contains(w.Body.String(), "half") {
		t.Errorf("%d %q", w.Code, w.Body.String())
	}
}

func TestComponentsEscape(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	all := []templ.Component{
		Page(Props{Title: evil, SiteName: evil, Styles: []string{evil}, Scripts: []string{evil}}),
		Nav(evil, []Link{{Href: "javascript:alert(1)", Label: evil}}),
		Notice(Done, evil),
	}
	for i, c := range all {
		var b strings.Builder
		if err := c.Render(context.Background(), &b); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		if strings.Contains(b.String(), "<script>") || strings.Contains(b.String(), "javascript:") {
			t.Errorf("component %d lets markup through: %s", i, b.String())
		}
	}
}
