package home

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/guide"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
)

func newGuide(t *testing.T, hub *trace.Hub) *guide.Guide {
	t.Helper()
	g, err := guide.New(hub, guide.Origins{Home: "http://localhost:8080", Issuer: "http://issuer.localhost:8080", IdP: "http://idp.localhost:8080", Shop: "http://shop.localhost:8080"})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func newHome(t *testing.T) (http.Handler, *trace.Hub, *Mailbox) {
	t.Helper()
	hub, box := trace.NewHub(), &Mailbox{}
	h, err := New(Config{
		Hub: hub, Mailbox: box, Guide: newGuide(t, hub), Origin: "http://localhost:8080", Keeper: "http://keeper.localhost:8080", HostsLine: "127.0.0.1 shop.localhost", ChromeCommand: "chrome --x='{}'",
		Parties: []Party{{look.Issuer, "http://issuer.localhost:8080"}, {look.IdP, "http://idp.localhost:8080"}, {look.Shop, "http://shop.localhost:8080"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h, hub, box
}

// happen records one exchange.
func happen(hub *trace.Hub, to look.Party, method, path string, status int, answer string) {
	h := hub.Wrap(to, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	r := httptest.NewRequest(method, "http://"+string(to)+".localhost:8080"+path, strings.NewReader("who=<script>alert(1)</script>"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", "session=s3cr3t-value")
	h.ServeHTTP(httptest.NewRecorder(), r)
}

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost:8080"+path, nil))
	return w
}
