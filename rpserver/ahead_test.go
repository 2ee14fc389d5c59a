package rpserver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Some browsers fetch the page ahead that they expect next, and programs look at an
// address with HEAD. Neither is the person, and neither may use up their sign-in.
func TestWhatOnlyLooksAheadUsesUpNoSignIn(t *testing.T) {
	for name, ahead := range map[string]func(*http.Request){
		"HEAD":      func(r *http.Request) { r.Method = http.MethodHead },
		"prefetch":  func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch") },
		"prerender": func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch;prerender") },
		"preview":   func(r *http.Request) { r.Header.Set("Purpose", "preview") },
		"old":       func(r *http.Request) { r.Header.Set("X-Moz", "prefetch") },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFlow(t)
			b := f.browser(t)
			callback := f.consent(f.begin(b, "/signin/start?return=/basket"), "continue")
			r := b.request(http.MethodGet, callback, "", "")
			ahead(r)
			client := *b.client
			client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			res, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			text, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Cache-Control") != "no-store" || len(res.Cookies()) != 0 ||
				r.Method == http.MethodGet && !strings.Contains(string(text), `data-code="fetched_ahead"`) {
				t.Errorf("%d %v %s", res.StatusCode, res.Header, text)
			}
			if status, to, body := f.follow(b, callback); status != http.StatusSeeOther || to != "/basket" {
				t.Errorf("the person: %d %q %s", status, to, body)
			}
			if who := b.whoami(); who != f.account {
				t.Errorf("signed in: %q", who)
			}
		})
	}
}
