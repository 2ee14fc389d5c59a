package mirror

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// lying is an issuer that marks whoever asks it: every answer has a key id, an
// ETag and a cookie of its own.
type lying struct {
	t     *testing.T
	mu    sync.Mutex
	asked []*http.Request
	// answer is given instead, if it is set.
	answer http.HandlerFunc
}

func (l *lying) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.asked = append(l.asked, r)
	n := len(l.asked)
	l.mu.Unlock()
	if l.answer != nil {
		l.answer(w, r)
		return
	}
	w.Header().Set("ETag", fmt.Sprintf(`"%d"`, n))
	w.Header().Set("Last-Modified", start.Add(time.Duration(n)*time.Second).Format(http.TimeFormat))
	w.Header().Set("Cache-Control", "max-age=31536000, immutable")
	w.Header().Set("Set-Cookie", fmt.Sprintf("mark=%d; Max-Age=31536000", n))
	_, _ = w.Write(commitment(l.t, uint32(n), published{id: uint32(n)}))
}

func (l *lying) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.asked)
}

func newMirror(t *testing.T, c Config) *Mirror {
	t.Helper()
	if c.Now == nil {
		c.Now = func() time.Time { return start }
	}
	c.Log = slog.New(slog.DiscardHandler)
	m, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func refresh(t *testing.T, m *Mirror) []Event {
	t.Helper()
	events, err := m.Refresh(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// visit is a browser that asks for the document.
func visit(m *Mirror, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", Path, nil)
	for n := 0; n < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	return w
}

func TestALyingIssuerCannotTellTwoBrowsersApart(t *testing.T) {
	l := &lying{t: t}
	s := httptest.NewServer(l)
	defer s.Close()
	now := start
	m := newMirror(t, Config{Issuers: []string{s.URL}, Now: func() time.Time { return now }})
	refresh(t, m)
	one := visit(m, "Cookie", "mark=1", "If-None-Match", `"1"`, "User-Agent", "one")
	two := visit(m, "Cookie", "mark=2", "If-None-Match", `"2"`, "User-Agent", "two")
	if one.Code != 200 || one.Body.Len() == 0 || !bytes.Equal(one.Body.Bytes(), two.Body.Bytes()) {
		t.Errorf("two browsers get\n%s\n%s", one.Body, two.Body)
	}
	if fmt.Sprint(one.Header()) != fmt.Sprint(two.Header()) {
		t.Errorf("two browsers get\n%v\n%v", one.Header(), two.Header())
	}
	for _, name := range []string{"Set-Cookie", "Last-Modified"} {
		if one.Header().Get(name) != "" {
			t.Errorf("the document has the header %s", name)
		}
	}
	if l.count() != 1 {
		t.Errorf("the issuer was asked %d times by two visitors", l.count())
	}
	// Nor does the mirror carry a mark from one question to the next.
	now = now.Add(time.Hour)
	refresh(t, m)
	for _, r := range l.asked {
		for _, name := range []string{"If-None-Match", "If-Modified-Since", "Cookie", "Referer", "Authorization"} {
			if r.Header.Get(name) != "" {
				t.Errorf("the issuer was asked with %s", name)
			}
		}
		if r.URL.RequestURI() != pst.CommitmentPath {
			t.Errorf("the issuer was asked for %s", r.URL)
		}
	}
	// A key a question: the first is gone and the next waits, for everybody.
	if body := visit(m).Body.String(); body != `{"bonafides":1,"issuers":{}}` {
		t.Errorf("%s", body)
	}
}

func TestVisitorsBeforeTheFirstUpdateCauseOneQuestion(t *testing.T) {
	l := &lying{t: t}
	s := httptest.NewServer(l)
	defer s.Close()
	m := newMirror(t, Config{Issuers: []string{s.URL}})
	if m.Document() != nil {
		t.Error("there is a document before anybody was asked")
	}
	var all sync.WaitGroup
	for range 30 {
		all.Go(func() {
			if w := visit(m); w.Code != 200 || !strings.Contains(w.Body.String(), s.URL) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	all.Wait()
	if l.count() != 1 {
		t.Errorf("the issuer was asked %d times", l.count())
	}
}

func TestTheDocumentOverHTTP(t *testing.T) {
	s := httptest.NewServer(&lying{t: t})
	defer s.Close()
	m := newMirror(t, Config{Issuers: []string{s.URL}})
	refresh(t, m)
	w := visit(m)
	h := w.Header()
	if h.Get("Content-Type") != "application/json" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-cache" || len(h.Get("ETag")) != 66 {
		t.Errorf("%v", h)
	}
	if !bytes.Equal(w.Body.Bytes(), m.Document()) {
		t.Error("Document is another one")
	}
	if again := visit(m, "If-None-Match", h.Get("ETag")); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("%d", again.Code)
	}
	for method, want := range map[string]int{"HEAD": 200, "POST": 405, "OPTIONS": 405} {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest(method, Path, nil))
		if w.Code != want || method == "HEAD" && w.Body.Len() != 0 {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

func TestAnIssuerThatAnswersBadlyIsToldOfAndChangesNothing(t *testing.T) {
	l := &lying{t: t}
	s := httptest.NewServer(l)
	defer s.Close()
	m := newMirror(t, Config{Issuers: []string{s.URL}})
	refresh(t, m)
	before := m.Document()
	good := commitment(t, 1, published{id: 1})
	for name, answer := range map[string]http.HandlerFunc{
		"a redirect to itself": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/other", http.StatusFound) },
		"no content":           func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"not found, with a commitment": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write(good)
		},
		"too much": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(append(good, bytes.Repeat([]byte(" "), 1<<20)...))
		},
		"half": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(good[:len(good)/2]) },
		"less than it says": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10000")
			_, _ = w.Write(good)
		},
		"no HTTP": func(w http.ResponseWriter, _ *http.Request) {
			c, _, _ := w.(http.Hijacker).Hijack()
			_, _ = c.Write([]byte(strings.Repeat("nonsense\x1b", 100)))
			c.Close()
		},
	} {
		l.answer = answer
		events := refresh(t, m)
		if len(events) != 1 || !events[0].Trouble || events[0].Code != Unanswered && events[0].Code != Malformed || len(events[0].Message) > 500 || strings.Contains(events[0].Message, "\x1b") {
			t.Errorf("%s: %+v", name, events)
		}
		if !bytes.Equal(m.Document(), before) {
			t.Errorf("%s: the document changed", name)
		}
	}
}

func TestAnIssuerOutsideThePublicInternetIsNotAsked(t *testing.T) {
	for _, origin := range []string{"https://10.0.0.1", "https://169.254.169.254", "https://[fd00::1]", "https://192.168.0.1:8443"} {
		events := refresh(t, newMirror(t, Config{Issuers: []string{origin}}))
		if len(events) == 0 || events[0].Code != Unanswered || !strings.Contains(events[0].Message, "not a public address") {
			t.Errorf("%s: %+v", origin, events)
		}
	}
}

func TestWhatIsOnTheListIsAnOrigin(t *testing.T) {
	for _, good := range []string{"https://issuer.example", "https://issuer.example:8443", "http://issuer.localhost:8080", "http://127.0.0.1:1", "https://localhost"} {
		if _, err := New(Config{Issuers: []string{good}}); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "issuer.example", "http://issuer.example", "https://issuer.example/", "https://Issuer.example", "https://issuer.example:443", "http://127.0.0.1.example", "http://localhost.example"} {
		if _, err := New(Config{Issuers: []string{bad}}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("a mirror of nobody")
	}
	if _, err := New(Config{Issuers: make([]string, MaxIssuers+1)}); err == nil {
		t.Error("a list without end")
	}
}
