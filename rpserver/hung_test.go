package rpserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// hanging is a way to a provider that accepts and does not answer until it is repaired.
type hanging struct {
	document string
	repaired atomic.Bool
	asked    atomic.Int32
}

func (h *hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	h.asked.Add(1)
	if !h.repaired.Load() {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.WriteString(h.document)
	return w.Result(), nil
}

// People who want to sign in wait for a provider that hangs as long as one request may
// take, and not for those who came before them. The time is the bubble's: it passes at once.
func TestAHundredPeopleWhileTheProviderHangs(t *testing.T) {
	const issuer = "https://idp.example"
	h := &hanging{document: `{"issuer":"` + issuer + `","authorization_endpoint":"` + issuer + `/a","token_endpoint":"` + issuer + `/t","jwks_uri":"` + issuer + `/k"}`}
	// Outside the bubble: the default sessions sweep for as long as there is a process.
	rp, err := rpserver.New(rpserver.Config{
		Origin: "https://shop.example", Store: rpmem.New(time.Time{}), Client: &http.Client{Transport: h},
		Providers: []rpserver.Provider{{Issuer: issuer, ClientID: "shop", ClientSecret: "secret", Name: "idp"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		// hundred people begin to sign in at once, and all of them get this after that time.
		hundred := func(status int, holds string, after time.Duration) {
			t.Helper()
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					began, w := time.Now(), httptest.NewRecorder()
					rp.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://shop.example/signin/start?return=/orders", nil))
					if w.Code != status || !strings.Contains(w.Header().Get("Location")+w.Body.String(), holds) {
						t.Errorf("%d %s %s", w.Code, w.Header(), w.Body)
					}
					if waited := time.Since(began); waited != after {
						t.Errorf("waited %v, want %v", waited, after)
					}
				})
			}
			wg.Wait()
		}
		const unreachable = `data-code="provider_unreachable"`
		hundred(http.StatusServiceUnavailable, unreachable, 10*time.Second)
		hundred(http.StatusServiceUnavailable, unreachable, 0) // the failure is known for a while
		if n := h.asked.Load(); n != 1 {
			t.Errorf("200 people asked the provider %d times", n)
		}
		h.repaired.Store(true)
		time.Sleep(time.Second)
		hundred(http.StatusSeeOther, issuer+"/a?", 0)
		if n := h.asked.Load(); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}
