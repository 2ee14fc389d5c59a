package news

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

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
