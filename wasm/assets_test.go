package wasm_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/wasm"
)

// What a page loads goes over the wire as small as its browser can take it.
func TestAssetsAreServedCompressed(t *testing.T) {
	m, err := wasm.ReadManifest()
	if err != nil {
		t.Fatal(err)
	}
	h := wasm.Assets("/bonafides/")
	ask := func(name, accept string, more ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/bonafides/"+name, nil)
		if accept != "" {
			r.Header.Set("Accept-Encoding", accept)
		}
		for i := 0; i+1 < len(more); i += 2 {
			r.Header.Set(more[i], more[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	for _, form := range []wasm.Form{wasm.ESM, wasm.Classic} {
		for _, flow := range []string{"tokens", "fedcm", "idtoken"} {
			for _, name := range m.Flows[flow][form] {
				plain, err := fs.ReadFile(wasm.Files(), name)
				if err != nil {
					t.Fatal(err)
				}
				br := ask(name, "gzip, deflate, br, zstd")
				if got := br.Header().Get("Content-Encoding"); got != "br" || br.Body.Len() != m.Hashes[name].Brotli {
					t.Errorf("%s: %d bytes in coding %q, want %d in br", name, br.Body.Len(), got, m.Hashes[name].Brotli)
				}
				gz := ask(name, "gzip, deflate")
				if got := gz.Header().Get("Content-Encoding"); got != "gzip" || gz.Body.Len() >= len(plain) {
					t.Errorf("%s: %d bytes in coding %q, want gzip", name, gz.Body.Len(), got)
				}
				z, err := gzip.NewReader(gz.Body)
				if err != nil {
					t.Fatal(err)
				}
				if b, err := io.ReadAll(z); err != nil || !bytes.Equal(b, plain) {
					t.Errorf("%s: gzip of something else (%v)", name, err)
				}
				if w := ask(name, ""); w.Header().Get("Content-Encoding") != "" || !bytes.Equal(w.Body.Bytes(), plain) {
					t.Errorf("%s: nothing was asked for, and it comes in %q", name, w.Header().Get("Content-Encoding"))
				}
				if br.Header().Get("Content-Type") != gz.Header().Get("Content-Type") || strings.Contains(br.Header().Get("Content-Type"), "br") {
					t.Errorf("%s: as %q and %q", name, br.Header().Get("Content-Type"), gz.Header().Get("Content-Type"))
				}
			}
		}
	}

	name := m.Flows["tokens"][wasm.Classic][0]
	tags := map[string]string{}
	for accept, want := range map[string]string{
		"br": "br", "BR": "br", "*": "br", "br;q=0.1": "br", "br;q=0.1, gzip": "gzip", "gzip;q=0.5, br;q=0.5": "br", "br;q=0": "", "br;q=0, *": "gzip",
		"identity": "", "identity;q=0.5, gzip;q=0.2": "", "identity;q=0, gzip": "gzip", "zstd": "", "gzip;q=0, br;q=0": "", "br;q=2": "", "br;q=x, gzip": "gzip", "brotli": "",
		"deflate , gzip ; q=1.0 ": "gzip", ";q=1": "", "*;q=0": "", "identity, br": "br",
	} {
		w := ask(name, accept)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("%q gives %q, want %q", accept, got, want)
		}
		if w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: Vary is %q", accept, w.Header().Get("Vary"))
		}
		tags[want] = w.Header().Get("ETag")
	}
	if len(tags) != 3 || tags[""] == tags["br"] || tags["br"] == tags["gzip"] || tags[""] == "" || tags["gzip"] == "" {
		t.Errorf("tags of the codings: %v", tags)
	}
	for tag, status := range map[string]int{tags["br"]: 304, "W/" + tags["br"]: 304, "*": 304, `"x", ` + tags["br"]: 304, tags[""]: 200, tags["gzip"]: 200, `"x"`: 200} {
		w := ask(name, "br", "If-None-Match", tag)
		if w.Code != status || status == 304 && (w.Body.Len() != 0 || w.Header().Get("ETag") != tags["br"] || w.Header().Get("Vary") == "") {
			t.Errorf("If-None-Match %s: %d, want %d; %v", tag, w.Code, status, w.Header())
		}
	}
	r := httptest.NewRequest("HEAD", "/bonafides/"+name, nil)
	r.Header.Set("Accept-Encoding", "br")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Encoding") != "br" || w.Header().Get("Content-Length") == "" {
		t.Errorf("HEAD: %d %v", w.Code, w.Header())
	}
	// The compressed file is no file of its own.
	if w := ask(name+".br", "br"); w.Code != 404 {
		t.Errorf("%s.br: %d", filepath.Base(name), w.Code)
	}
}
