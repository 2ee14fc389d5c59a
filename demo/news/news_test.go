package news

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

// checker says what the header "Test-Record" asks for: "" is no record, "ok" a
// shared one, anything else a single-use record of that id. What a record must
// hold is tested where it is checked, in rpserver/record.
type checker struct{}

func (checker) Check(r *http.Request) record.Result {
	switch id := r.Header.Get("Test-Record"); id {
	case "":
		return record.Refused{Code: record.CodeNoRecord, Reason: "none"}
	case "bad":
		return record.Refused{Code: "signature_invalid", Reason: "The signature does not verify."}
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

func TestVotesCountOnceWhateverTheRecord(t *testing.T) {
	for _, tc := range []struct {
		name          string
		first, second sender
		want          string
	}{
		{"same session, other address", sender{"192.0.2.1:1", "ok", session(1), false}, sender{"198.51.100.1:1", "ok", session(1), false}, "already_voted_session"},
		{"other session, same address", sender{"192.0.2.1:1", "ok", session(1), false}, sender{"192.0.2.1:9", "ok", session(2), false}, "already_voted_address"},
		{"other session, same /24", sender{"192.0.2.1:1", "ok", session(1), false}, sender{"192.0.2.254:1", "ok", session(2), false}, "already_voted_address"},
		{"other session, next /24", sender{"192.0.2.1:1", "ok", session(1), false}, sender{"192.0.3.1:1", "ok", session(2), false}, ""},
		{"same /56", sender{"[2001:db8:0:100::1]:1", "ok", session(1), false}, sender{"[2001:db8:0:1ff::9]:1", "ok", session(2), false}, "already_voted_address"},
		{"next /56", sender{"[2001:db8:0:100::1]:1", "ok", session(1), false}, sender{"[2001:db8:0:200::1]:1", "ok", session(2), false}, ""},
		{"IPv4 inside IPv6", sender{"192.0.2.1:1", "ok", session(1), false}, sender{"[::ffff:192.0.2.7]:1", "ok", session(2), false}, "already_voted_address"},
		{"no cookie at all, same address", sender{"192.0.2.1:1", "ok", "", false}, sender{"192.0.2.1:1", "ok", "", false}, "already_voted_address"},
		{"the same shared record, all else differs", sender{"192.0.2.1:1", "ok", session(1), false}, sender{"198.51.100.1:1", "ok", session(2), false}, ""},
		{"the same single-use record, all else differs", sender{"192.0.2.1:1", "jti-1", session(1), false}, sender{"198.51.100.1:1", "jti-1", session(2), false}, "already_voted_record"},
		{"another single-use record", sender{"192.0.2.1:1", "jti-1", session(1), false}, sender{"198.51.100.1:1", "jti-2", session(2), false}, ""},
		{"no record", sender{"192.0.2.1:1", "ok", session(1), false}, sender{"198.51.100.1:1", "", session(2), false}, "no_record"},
		{"a record that does not hold", sender{"192.0.2.1:1", "ok", session(1), false}, sender{"198.51.100.1:1", "bad", session(2), false}, "signature_invalid"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h, _ := paper(t)
			if w := tc.first.post(t, h, "/vote", yes); w.Code != 200 {
				t.Fatalf("first vote: %d %s", w.Code, w.Body)
			}
			if got := code(t, tc.second.post(t, h, "/vote", yes)); got != tc.want {
				t.Errorf("second vote: code %q, want %q", got, tc.want)
			}
		})
	}
}

func TestHundredParallelVotesWithOneRecordCountOnce(t *testing.T) {
	for _, rec := range []string{"ok", "jti-1"} {
		h, _ := paper(t)
		var wg sync.WaitGroup
		counted := make(chan bool, 100)
		for i := range 100 {
			wg.Go(func() {
				s := sender{"192.0.2.9:1", rec, session(i % 50), false}
				counted <- s.post(t, h, "/vote", yes).Code == 200
			})
		}
		wg.Wait()
		close(counted)
		n := 0
		for ok := range counted {
			if ok {
				n++
			}
		}
		if n != 1 {
			t.Errorf("record %q: %d of 100 votes counted", rec, n)
		}
	}
}

func TestARefusedVoteChangesNothing(t *testing.T) {
	h, _ := paper(t)
	s := sender{"192.0.2.1:1", "", session(1), false}
	for range 3 {
		if got := code(t, s.post(t, h, "/vote", yes)); got != "no_record" {
			t.Fatalf("code %q", got)
		}
	}
	s.record = "ok"
	if w := s.post(t, h, "/vote", yes); w.Code != 200 {
		t.Errorf("the first vote with a record: %d %s", w.Code, w.Body)
	}
}

func TestMalformedVotes(t *testing.T) {
	h, _ := paper(t)
	s := sender{"192.0.2.1:1", "ok", session(1), false}
	for name, form := range map[string]url.Values{
		"none": {}, "unknown": {"option": {"<b>"}}, "twice": {"option": {"yes", "no"}}, "huge": {"option": {strings.Repeat("y", 2000)}},
	} {
		if w := s.post(t, h, "/vote", form); w.Code < 400 || w.Code >= 500 || code(t, w) == "" {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/vote", strings.NewReader(`{"option":"yes"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("JSON: %d", w.Code)
	}
}

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

func TestTamperRecordSendsARecordThatDiffersInOneCharacter(t *testing.T) {
	const good = "aGVhZA.Y2xhaW1z.c2lnbmF0dXJl"
	header, err := pst.FormatRedemptionRecordHeader([]pst.OriginRecord{{Origin: "http://issuer.localhost", Record: good}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	c := &clock{t: time.Now()}
	server := httptest.NewServer(nil)
	defer server.Close()
	h, err := New(Config{
		Origins: instrument.Origins{Issuer: "http://issuer.localhost", News: server.URL, Ads: "http://ads.localhost"},
		Hub:     trace.NewHub(), Client: server.Client(), Now: c.now,
		Records: checkerFunc(func(r *http.Request) record.Result {
			list, err := pst.ParseRedemptionRecordHeader(r.Header.Get(record.HeaderNative))
			if err != nil || len(list) != 1 {
				return record.Refused{Code: "header_invalid", Reason: "unreadable"}
			}
			got = append(got, list[0].Record)
			if list[0].Record != good {
				return record.Refused{Code: "signature_invalid", Reason: "The signature does not verify."}
			}
			return record.Vouched{}
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = h
	attack := func() look.Outcome {
		r, _ := http.NewRequest(http.MethodPost, server.URL+"/attack/tamper-record", nil)
		r.Header.Set("Accept", "application/json")
		resp, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var o look.Outcome
		if err := json.NewDecoder(resp.Body).Decode(&o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	if o := attack(); o.State != look.Failed || len(got) != 0 {
		t.Fatalf("before any record arrived: %+v", o)
	}
	r, _ := http.NewRequest(http.MethodPost, server.URL+"/vote", strings.NewReader("option=yes"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", server.URL)
	r.Header.Set(record.HeaderNative, header)
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	o := attack()
	if o.State != look.Refused || o.Title != "The signature does not verify." {
		t.Errorf("%+v", o)
	}
	if len(got) != 2 || got[0] != good || len(got[1]) != len(good) {
		t.Fatalf("records received: %q", got)
	}
	differ := 0
	for i := range good {
		if good[i] != got[1][i] {
			differ++
		}
	}
	if differ != 1 {
		t.Errorf("the tampered record differs in %d characters", differ)
	}
}

type checkerFunc func(*http.Request) record.Result

func (f checkerFunc) Check(r *http.Request) record.Result { return f(r) }

func TestConfigIsChecked(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("an empty configuration is accepted")
	}
}
