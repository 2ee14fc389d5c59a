package guide

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
)

var origins = Origins{Home: "http://localhost:8080", Issuer: "http://issuer.localhost:8080", News: "http://news.localhost:8080", IdP: "http://idp.localhost:8080", Shop: "http://shop.localhost:8080"}

func happen(hub *trace.Hub, to look.Party, method, path string, status int, header map[string]string) {
	h := hub.Wrap(to, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		w.WriteHeader(status)
	}))
	r := httptest.NewRequest(method, "http://"+string(to)+".localhost:8080"+path, nil)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
}

func strippedAt(t *testing.T, h http.Handler, host string) string {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "http://"+host+Prefix+"strip", nil)
	h.ServeHTTP(w, r)
	if w.Code != 200 {
		t.Fatalf("%s: %d", host, w.Code)
	}
	return w.Body.String()
}

func TestStripSaysWhatToPressHereAndWhereToGo(t *testing.T) {
	hub := trace.NewHub()
	h, err := New(hub, origins)
	if err != nil {
		t.Fatal(err)
	}
	if got := strippedAt(t, h, "issuer.localhost:8080"); !strings.Contains(got, "Step 1 of 6") || !strings.Contains(got, `data-press="signin-ada get-tokens"`) || strings.Contains(got, "<a ") {
		t.Errorf("at the issuer: %s", got)
	}
	if got := strippedAt(t, h, "shop.localhost:8080"); !strings.Contains(got, `href="http://issuer.localhost:8080/#guide"`) || strings.Contains(got, "data-press") {
		t.Errorf("at the shop: %s", got)
	}
}

// A phone shows two lines of a step, and what to press has to stand in them.
func TestAStepBeginsWithWhatToPress(t *testing.T) {
	for _, s := range Steps(nil, origins) {
		if end := strings.LastIndexByte(s.Text, '"') + 1; end > 85 {
			t.Errorf("%s: the names of the buttons end at character %d: %s", s.Title, end, s.Text)
		}
	}
}

func TestEveryStepIsDoneByItsOwnMessages(t *testing.T) {
	record := `"http://issuer.localhost:8080";redemption-record="eyJhIjoxfQ.eyJhIjoxfQ.eA"`
	steps := func(hub *trace.Hub) string {
		var b strings.Builder
		for _, s := range Steps(hub.All(), origins) {
			if s.Done {
				b.WriteByte('d')
			} else {
				b.WriteByte('-')
			}
		}
		return b.String()
	}
	for _, c := range []struct {
		name string
		do   func(*trace.Hub)
		want string
	}{
		{"nothing", func(*trace.Hub) {}, "------"},
		{"tokens asked, none granted", func(h *trace.Hub) { happen(h, look.Issuer, "POST", "/issue", 200, nil) }, "------"},
		{"a redemption", func(h *trace.Hub) { happen(h, look.Issuer, "POST", "/redeem", 200, nil) }, "-d----"},
		{"a refused redemption", func(h *trace.Hub) { happen(h, look.Issuer, "POST", "/redeem", 409, nil) }, "---d--"},
		{"the frame's own request", func(h *trace.Hub) {
			happen(h, look.AdNetwork, "GET", "/frame", 200, map[string]string{"Sec-Redemption-Record": record})
		}, "------"},
		{"a record by fetch", func(h *trace.Hub) {
			happen(h, look.AdNetwork, "GET", "/ad", 200, map[string]string{"Sec-Redemption-Record": record})
		}, "--d---"},
		{"a record by the attack button", func(h *trace.Hub) {
			happen(h, look.AdNetwork, "GET", "/ad", 200, map[string]string{"Sec-Redemption-Record": record, "Bonafides-Demo-Attack": "1"})
		}, "------"},
		{"no record to send", func(h *trace.Hub) {
			happen(h, look.AdNetwork, "GET", "/ad", 200, map[string]string{"Sec-Redemption-Record": ""})
		}, "------"},
		{"a missing page", func(h *trace.Hub) { happen(h, look.Shop, "GET", "/nothing", 404, nil) }, "------"},
		{"a sign-in at the issuer, not at the provider", func(h *trace.Hub) { happen(h, look.Issuer, "POST", "/signin", 303, nil) }, "------"},
		{"a sign-in at the provider", func(h *trace.Hub) { happen(h, look.IdP, "POST", "/signin", 303, nil) }, "----d-"},
		{"a sign-in at the shop", func(h *trace.Hub) { happen(h, look.Shop, "POST", "/signin/fedcm", 200, nil) }, "-----d"},
		{"a fault of the server", func(h *trace.Hub) { happen(h, look.Shop, "POST", "/signin/fedcm", 503, nil) }, "------"},
	} {
		hub := trace.NewHub()
		c.do(hub)
		if got := steps(hub); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestWalkedThrough(t *testing.T) {
	hub := trace.NewHub()
	h, err := New(hub, origins)
	if err != nil {
		t.Fatal(err)
	}
	all := Steps(nil, origins)
	if Current(all) != 0 {
		t.Error("the first step is not current")
	}
	for i := range all {
		all[i].Done = true
	}
	if Current(all) != len(all) {
		t.Error("a walk that is done has a current step")
	}
	// Each name of the script is served.
	for _, name := range []string{"guide.js", "guide.css"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, Prefix+name, nil))
		if w.Code != 200 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
}

// What one browser did is no progress of another, and what was before a walk
// began is no progress of it.
func TestProgressBelongsToTheBrowserAndItsWalk(t *testing.T) {
	hub := trace.NewHub()
	g, err := New(hub, origins)
	if err != nil {
		t.Fatal(err)
	}
	early := g.Begin()
	happen(hub, look.Issuer, "POST", "/redeem", 200, map[string]string{"User-Agent": "Firefox"})
	late := g.Begin()
	for _, c := range []struct {
		name, walk, agent string
		done              bool
	}{
		{"who did it", early, "Firefox", true},
		{"another browser", early, "Chromium", false},
		{"who starts again", late, "Firefox", false},
		{"a walk of an earlier run of the demo", "00000000-9999", "Firefox", true},
		{"no walk", "", "Firefox", true},
		{"a walk that is none", `"><script>`, "Firefox", true},
	} {
		if got := g.Steps(c.walk, c.agent)[1].Done; got != c.done {
			t.Errorf("%s: done is %v, want %v", c.name, got, c.done)
		}
	}
	if g.Known("00000000-9999") || !g.Known(late) {
		t.Error("walks of this run are not told from others")
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://shop.localhost:8080"+Prefix+"strip?walk="+late, nil))
	if !strings.Contains(w.Body.String(), `href="http://issuer.localhost:8080/#guide=`+late+`"`) {
		t.Errorf("the walk is not carried on: %s", w.Body)
	}
}
