package rpserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Anybody may ask for a path that is as long as a server reads, and each is a line of
// the log.
func TestAPathOfAStrangersChoiceIsCutInTheLog(t *testing.T) {
	s := newSite(t, nil)
	for _, path := range []string{"/signin/callback/", "/signin/start?provider="} {
		r := httptest.NewRequest(http.MethodGet, path+strings.Repeat("A", 60<<10), nil)
		s.rp.ServeHTTP(httptest.NewRecorder(), r)
	}
	for line := range strings.Lines(s.log.String()) {
		if len(line) > 1000 {
			t.Errorf("a line of %d bytes begins %q", len(line), line[:200])
		}
	}
	if !strings.Contains(s.log.String(), "/signin/callback/AAA") {
		t.Errorf("log: %s", s.log.String())
	}
}
