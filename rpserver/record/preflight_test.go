package record_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/rpserver/record"
)

func TestPreflightIsAnsweredForListedOriginsAlone(t *testing.T) {
	const news, evil = "https://news.example", "https://evil.example"
	reached := 0
	h, err := record.CORS{Origins: []string{news}, Headers: []string{"Content-Type"}}.Middleware(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reached++ }))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, method string
		header       []string
		status       int
		allow        string
		reached      int
	}{
		{"listed origin's preflight", "OPTIONS", []string{"Origin", news, "Access-Control-Request-Method", "GET"}, 204, news, 0},
		{"stranger's preflight", "OPTIONS", []string{"Origin", evil, "Access-Control-Request-Method", "GET"}, 403, "", 0},
		{"preflight without origin", "OPTIONS", []string{"Access-Control-Request-Method", "GET"}, 403, "", 0},
		{"preflight of origin null", "OPTIONS", []string{"Origin", "null", "Access-Control-Request-Method", "GET"}, 403, "", 0},
		{"preflight of two origins", "OPTIONS", []string{"Origin", news, "Origin", evil, "Access-Control-Request-Method", "GET"}, 403, "", 0},
		{"origin in another spelling", "OPTIONS", []string{"Origin", "https://NEWS.example", "Access-Control-Request-Method", "GET"}, 403, "", 0},
		{"OPTIONS that is no preflight", "OPTIONS", []string{"Origin", news}, 200, news, 1},
		{"listed origin's request", "GET", []string{"Origin", news}, 200, news, 1},
		{"stranger's request", "GET", []string{"Origin", evil}, 200, "", 1},
		{"own request", "GET", nil, 200, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			reached = 0
			r := httptest.NewRequest(c.method, "/ad", nil)
			for i := 0; i < len(c.header); i += 2 {
				r.Header.Add(c.header[i], c.header[i+1])
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != c.status || reached != c.reached {
				t.Fatalf("%d, reached %d times; want %d, %d", w.Code, reached, c.status, c.reached)
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != c.allow {
				t.Fatalf("allowed origin %q, want %q", got, c.allow)
			}
			if w.Header().Get("Vary") != "Origin" || w.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Fatalf("headers %v", w.Header())
			}
			if c.status == 204 {
				if got := w.Header().Get("Access-Control-Allow-Headers"); !strings.Contains(got, record.HeaderPolyfill) || !strings.Contains(got, "Content-Type") {
					t.Fatalf("allowed headers %q", got)
				}
			}
		})
	}
}

func TestCORSNamesWhatIsWrong(t *testing.T) {
	for _, origins := range [][]string{nil, {"*"}, {"https://news.example/"}, {"news.example"}, {"null"}} {
		if _, err := (record.CORS{Origins: origins}).Middleware(http.NotFoundHandler()); err == nil {
			t.Errorf("%q was taken", origins)
		}
	}
}
