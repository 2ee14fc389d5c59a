// Package wasm holds the browser files of the kit and hands them out: the page
// scripts, the keeper and the WebAssembly modules that they load. They are built
// from src and guest into dist; dist/manifest.json lists them by flow, with their
// hashes.
//
// File names carry a hash of their content, so an answer of [Assets] may be kept
// for ever. [ScriptTag] writes the tag that a page needs, with its subresource
// integrity.
package wasm

import (
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:generate go run ./gen

//go:embed dist
var dist embed.FS

// Form is how a script is written.
type Form string

const (
	ESM     Form = "esm"     // a module: <script type="module"> or import
	Classic Form = "classic" // a plain <script>
)

// Manifest is dist/manifest.json.
type Manifest struct {
	// Flows lists, by flow ("tokens") and form, everything that the flow
	// fetches; the script to include stands first.
	Flows map[string]map[Form][]string `json:"flows"`
	// Toolchain is what the files were built with.
	Toolchain string `json:"toolchain"`
	// Hashes tells of each file its subresource integrity (sha384), its size and
	// its size after brotli at quality 11, in bytes.
	Hashes map[string]File `json:"hashes"`
}

// File is what the manifest says of one file.
type File struct {
	Integrity string `json:"integrity"`
	Bytes     int    `json:"bytes"`
	Brotli    int    `json:"brotli"`
}

// ReadManifest returns the manifest of the embedded files. It is read once.
var ReadManifest = sync.OnceValues(func() (*Manifest, error) {
	b, err := dist.ReadFile("dist/manifest.json")
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("dist/manifest.json: %w", err)
	}
	return &m, nil
})

// Files are the embedded files, without the folder.
func Files() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sub
}

// types are the media types of the files; WebAssembly must be served as its own,
// or browsers will not compile it while it arrives.
var types = map[string]string{
	".mjs":  "text/javascript; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".wasm": "application/wasm",
}

// Assets serves the files under prefix ("/bonafides/"), to any origin, to be kept
// for ever: a new build has new names.
func Assets(prefix string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "These files are read with GET.", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(r.URL.Path, prefix)
		media, ok := types[path.Ext(name)]
		b, err := fs.ReadFile(Files(), name)
		if !ok || err != nil {
			http.Error(w, "There is no such file in this release.", http.StatusNotFound)
			return
		}
		h := w.Header()
		h.Set("Content-Type", media)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Length", fmt.Sprint(len(b)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(b)
		}
	})
}

// Script returns name and integrity of the script that a page includes for a flow.
func Script(flow string, form Form) (name, integrity string, err error) {
	m, err := ReadManifest()
	if err != nil {
		return "", "", err
	}
	files := m.Flows[flow][form]
	if len(files) == 0 {
		return "", "", fmt.Errorf("wasm: there is no flow %q in form %q", flow, form)
	}
	return files[0], m.Hashes[files[0]].Integrity, nil
}

// ScriptTag returns the one tag that a page needs for the token flow: base is
// where Assets is served ("https://keeper.example/bonafides/"), keeper the
// keeper's origin.
func ScriptTag(base, keeper string) (string, error) {
	name, integrity, err := Script("tokens", Classic)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`<script src="%s" integrity="%s" crossorigin="anonymous" data-keeper="%s"></script>`,
		html.EscapeString(base+name), integrity, html.EscapeString(keeper)), nil
}
