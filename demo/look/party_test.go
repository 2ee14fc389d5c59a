package look

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/look/looktest"
)

func TestEveryPartyHasNameShapeAndIcon(t *testing.T) {
	seen := map[string]Party{}
	for _, p := range append(Parties(), Home) {
		for _, v := range []string{p.Name(), p.Brand(), p.Shape(), p.Path(), p.Colour().Light, p.Colour().Dark} {
			if v == "" {
				t.Errorf("%s: an empty property", p)
			}
			if other, ok := seen[v]; ok {
				t.Errorf("%s and %s share %q", p, other, v)
			}
			seen[v] = p
		}
		w := get(Handler(), p.Favicon())
		if w.Code != 200 || w.Header().Get("Content-Type") != "image/svg+xml" || !strings.Contains(w.Body.String(), p.Path()) {
			t.Errorf("%s: icon %d %s", p, w.Code, w.Header().Get("Content-Type"))
		}
	}
}

// A party's colour is read as text, and text stands on it.
func TestPartiesCanBeRead(t *testing.T) {
	white := kit.Colour{Light: "#ffffff", Dark: "#0b1020"}
	raised := kit.Colour{Light: "#f6f8fb", Dark: "#131a2e"}
	for _, p := range append(Parties(), Home) {
		for _, on := range []kit.Colour{white, raised} {
			for _, c := range [][2]string{{p.Colour().Light, on.Light}, {p.Colour().Dark, on.Dark}} {
				if got, err := looktest.Contrast(c[0], c[1]); err != nil || got < 4.5 {
					t.Errorf("%s, %s on %s: contrast %.2f, %v", p, c[0], c[1], got, err)
				}
			}
		}
	}
}

func TestEveryPartyHasItsColourInTheSheet(t *testing.T) {
	w := get(Handler(), Stylesheet())
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Fatalf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
	for _, p := range append(Parties(), Home) {
		for _, want := range []string{"--party-" + string(p) + ": " + p.Colour().CSS(), `[data-party="` + string(p) + `"]`} {
			if !strings.Contains(w.Body.String(), want) {
				t.Errorf("no %s", want)
			}
		}
	}
	if w := get(Handler(), kit.Stylesheet()); w.Code != 200 {
		t.Errorf("the kit's sheet: %d", w.Code)
	}
	for path, want := range map[string]bool{Stylesheet(): true, kit.Stylesheet(): true, "/demo": false, "/": false} {
		if Serves(path) != want {
			t.Errorf("Serves(%s) is %v", path, !want)
		}
	}
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}
