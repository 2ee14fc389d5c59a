package instrument

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
)

func site(t *testing.T) (*Instrument, *trace.Hub, *http.ServeMux) {
	t.Helper()
	hub := trace.NewHub()
	i, err := New(Config{Party: look.Publisher, Hub: hub, Places: []Place{{"Network", "the row"}}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	i.Mount(mux)
	return i, hub, mux
}

func draw(t *testing.T, i *Instrument) string {
	t.Helper()
	var b strings.Builder
	if err := i.Panel(nil).Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPanelShowsWhatTheServerReceived(t *testing.T) {
	i, hub, mux := site(t)
	if page := draw(t, i); strings.Contains(page, `data-kind=`) {
		t.Error("an exchange is shown before any happened")
	}
	h := hub.Wrap(look.Publisher, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"state":"done"}`)
	}))
	r := httptest.NewRequest(http.MethodPost, "/comments", strings.NewReader("text=<script>alert(1)</script>"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", "session=k33p-me")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if page := draw(t, i); !strings.Contains(page, "comments") || strings.Contains(page, "k33p-me") {
		t.Errorf("the exchange is not shown, or a cookie's value is: %s", page)
	}
	path := Prefix + "exchange/" + number(hub.All()[0].Seq)
	for _, path := range []string{path, path + "?fragment"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		page := w.Body.String()
		if w.Code != 200 || !strings.Contains(page, "&lt;script&gt;alert(1)") {
			t.Errorf("%s: %d, not decoded", path, w.Code)
		}
		if strings.Contains(page, "<script>alert") || strings.Contains(page, "k33p-me") {
			t.Errorf("%s shows markup or a cookie's value", path)
		}
	}
}

func TestPanelLeavesPagesOut(t *testing.T) {
	i, hub, _ := site(t)
	h := hub.Wrap(look.Publisher, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	if page := draw(t, i); strings.Contains(page, `data-kind=`) {
		t.Error("a page load is shown as an exchange")
	}
}

func TestAssetsAndFragments(t *testing.T) {
	i, _, mux := site(t)
	for path, typ := range map[string]string{
		i.Script("panel.js"): "text/javascript", i.Script("tokens.js"): "text/javascript", Prefix + "tokens.js": "text/javascript",
		i.Stylesheet(): "text/css", look.Stylesheet(): "text/css", Prefix + "learned": "text/html", Prefix + "learned?fragment": "text/html",
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), typ) {
			t.Errorf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
		}
	}
}

func TestCaptureSendsTheSameRequestAgain(t *testing.T) {
	var got []string
	server := httptest.NewServer(nil)
	defer server.Close()
	var c Capture
	server.Config.Handler = c.From(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("X-Token")+" "+string(b))
		w.WriteHeader(http.StatusForbidden)
	}), func(r *http.Request) bool { return r.URL.Path == "/redeem" })

	if _, ok := c.Again(t.Context(), server.URL); ok || c.Have() {
		t.Fatal("a request to repeat before any arrived")
	}
	for _, path := range []string{"/redeem?a=1", "/other"} {
		r, _ := http.NewRequest(http.MethodPost, server.URL+path, strings.NewReader("body"))
		r.Header.Set("X-Token", "t")
		if resp, err := server.Client().Do(r); err != nil {
			t.Fatal(err)
		} else {
			_ = resp.Body.Close()
		}
	}
	for range 2 { // an attack is not captured in its turn
		r, ok := c.Again(t.Context(), server.URL)
		if !ok {
			t.Fatal("nothing captured")
		}
		r.Header.Set("X-Token", r.Header.Get("X-Token")+"!")
		if _, err := Try(server.Client(), r); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"POST /redeem?a=1 t body", "POST /other t body", "POST /redeem?a=1 t! body", "POST /redeem?a=1 t! body"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestAttackOutcomes(t *testing.T) {
	refused := (&Refusal{Status: 409, Code: "already_spent", Detail: "Spent.", Body: `{"code":"already_spent"}`}).Outcome("the token")
	if refused.State != kit.Refused || refused.Title != "Spent." {
		t.Errorf("%+v", refused)
	}
	if broken := (&Refusal{Status: 200}).Outcome("the token"); broken.State != kit.Failed {
		t.Errorf("an attack that worked is reported as %q", broken.State)
	}
	if long := clip([]byte(strings.Repeat("ü", maxEvidence))); len(long) > maxEvidence+8 || !strings.HasSuffix(long, "…") {
		t.Errorf("evidence of %d bytes", len(long))
	}
}

func TestAnswerByAccept(t *testing.T) {
	o := look.Outcome{State: kit.Refused, Title: "No."}
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	drawn := false
	Answer(httptest.NewRecorder(), r, o, func(look.Outcome) { drawn = true })
	if !drawn {
		t.Error("a form's post got no page")
	}
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	Answer(w, r, o, func(look.Outcome) { t.Error("a script got a page") })
	var back look.Outcome
	if err := json.Unmarshal(w.Body.Bytes(), &back); err != nil || back.Title != o.Title || back.State != o.State {
		t.Errorf("%s %v", w.Body, err)
	}
}

func TestOnlyOwnExchangesAreDecoded(t *testing.T) {
	_, hub, mux := site(t)
	other := hub.Wrap(look.Shop, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	other.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/basket", nil))
	for _, seq := range []string{number(hub.All()[0].Seq), "999", "-1", "x", "99999999999999999999"} {
		for _, query := range []string{"", "?fragment"} {
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, Prefix+"exchange/"+seq+query, nil))
			if w.Code != 404 || strings.Contains(w.Body.String(), "basket") {
				t.Errorf("%s%s: %d", seq, query, w.Code)
			}
		}
	}
}
