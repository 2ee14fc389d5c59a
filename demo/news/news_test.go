package news

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

// checker says what the header "Test-Record" asks for: "" is no record, "ok" a
// shared one, anything else a single-use record of that id. What a record must
// hold is tested where it is checked, in rpserver/record.
type checker struct{}

func (checker) Check(r *http.Request) record.Result {
	switch id := r.Header.Get("Test-Record"); id {
	case "":
		return record.Refused{Code: record.CodeNoRecord, Detail: "none"}
	case "bad":
		return record.Refused{Code: "signature_invalid", Detail: "The signature does not verify."}
	case "ok":
		return record.Vouched{Issuer: "http://issuer.localhost", Hash: [32]byte{1}}
	default:
		v := record.Vouched{Issuer: "http://issuer.localhost", ID: id}
		copy(v.Hash[:], id)
		return v
	}
}

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func paper(t *testing.T) (http.Handler, *clock) {
	t.Helper()
	c := &clock{t: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	h, err := New(Config{
		Origins: instrument.Origins{Home: "http://localhost", Issuer: "http://issuer.localhost", News: "http://example.com", Ads: "http://ads.localhost"},
		Hub:     trace.NewHub(), Records: checker{}, Client: http.DefaultClient, Now: c.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, c
}

type sender struct {
	addr, record, cookie string
	page                 bool // ask for a page, as a form does
}

func (s sender) post(t *testing.T, h http.Handler, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !s.page {
		r.Header.Set("Accept", "application/json")
	}
	if s.addr != "" {
		r.RemoteAddr = s.addr
	}
	if s.record != "" {
		r.Header.Set("Test-Record", s.record)
	}
	if s.cookie != "" {
		r.AddCookie(&http.Cookie{Name: sessionCookie, Value: s.cookie})
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func code(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	if w.Code < 400 {
		return ""
	}
	var p struct{ Code, Detail string }
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Detail == "" {
		t.Fatalf("status %d without problem details: %s", w.Code, w.Body)
	}
	return p.Code
}

// session returns a session id of the form that the paper gives out.
func session(n int) string { return fmt.Sprintf("%024d", n) }

var yes = url.Values{"option": {"yes"}}

func TestRateLimitersAreBounded(t *testing.T) {
	l := newLimiters(3)
	first := l.get("a", time.Second, 1)
	for _, name := range []string{"b", "c", "a", "d"} {
		l.get(name, time.Second, 1)
	}
	if len(l.by) != 3 || l.order.Len() != 3 {
		t.Errorf("%d limiters are kept", len(l.by))
	}
	if l.get("a", time.Second, 1) != first {
		t.Error("a limiter that was used is forgotten before an older one")
	}
	if _, ok := l.by["b"]; ok {
		t.Error("the longest unused limiter is kept")
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	h, _ := paper(t)
	for _, path := range []string{"/vote", "/comments", "/attack/vote-100"} {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("option=yes"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Origin", "http://evil.example")
		r.Header.Set("Test-Record", "ok")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := code(t, w); got != "cross_origin_request" {
			t.Errorf("%s: code %q", path, got)
		}
	}
}

func TestAFormWithoutScriptGetsThePageWithTheRefusal(t *testing.T) {
	h, _ := paper(t)
	w := sender{"192.0.2.1:1", "", session(1), true}.post(t, h, "/vote", yes)
	if w.Code != 403 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
	if !strings.Contains(w.Body.String(), `data-out="vote" data-state="refused"`) {
		t.Error("the page does not show the refusal at the poll")
	}
}

func TestTheRecordIsShownToWhoSendsIt(t *testing.T) {
	h, _ := paper(t)
	get := func(rec string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/record", nil)
		r.Header.Set("Test-Record", rec)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := get("ok")
	if body := w.Body.String(); w.Code != 200 || strings.Count(body, "<dt>") != 5 || !strings.Contains(body, "http://issuer.localhost") {
		t.Errorf("%d %s", w.Code, body)
	}
	if w := get("one"); strings.Count(w.Body.String(), "<dt>") != 6 {
		t.Errorf("a record with a number of its own: %s", w.Body)
	}
	for _, rec := range []string{"", "bad"} {
		if w := get(rec); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "<dt>") {
			t.Errorf("record %q: %d %s", rec, w.Code, w.Body)
		}
	}
}

func TestPages(t *testing.T) {
	h, _ := paper(t)
	for path, want := range map[string]int{
		"/": 200, "/story/bridge": 200, "/story/library": 200, "/story/ferry": 200, "/story/storms": 200,
		"/poll": 200, "/letters": 200, "/story/nothing": 404, "/nothing": 404, "/_news/../news.go": 404,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want && !(want == 404 && w.Code == 307) {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
		if w.Code == 200 && strings.Contains(w.Header().Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: policy %q", path, w.Header().Get("Content-Security-Policy"))
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	for _, part := range []string{
		`data-do="redeem"`, `data-do="has-token"`, `data-do="vote"`, `data-do="comment"`, `data-do="send-record"`,
		`data-attack="tamper-record"`, `data-attack="vote-100"`,
		`privateToken="{&#34;version&#34;:1,&#34;operation&#34;:&#34;send-redemption-record&#34;,&#34;issuers&#34;:[&#34;http://issuer.localhost&#34;]}"`,
	} {
		if strings.Count(w.Body.String(), part) != 1 {
			t.Errorf("the front page has not exactly one %s", part)
		}
	}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "/nothing", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("DELETE: %d", w.Code)
	}
}

type checkerFunc func(*http.Request) record.Result

func (f checkerFunc) Check(r *http.Request) record.Result { return f(r) }

func TestConfigIsChecked(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("an empty configuration is accepted")
	}
}
