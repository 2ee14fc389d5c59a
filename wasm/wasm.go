// Package wasm holds the browser files of the kit and hands them out: the page
// scripts, the keeper and the WebAssembly modules that they load. They are built
// from src and guest into dist; dist/manifest.json lists them by flow, with their
// hashes.
//
// File names carry a hash of their content, so an answer of [Assets] may be kept
// forever. [ScriptTag] writes the tag that a page needs, with its subresource
// integrity.
package wasm

import (
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"sync"

	"github.com/bonafides-dev/bonafides/wasm/returnpage"
)

//go:generate go run ./gen
//go:generate go run -C ../tools ./psl ../wasm/src/keeper

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
	// Hashes has each file's subresource integrity (sha384), its size and its size
	// after brotli at quality 11, in bytes.
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

// ReturnPage serves the page to which a keeper brings answers back. A site that uses
// tokens mounts it at [returnpage.Path] of its origin; see that package, which has
// the page without the rest of this one.
func ReturnPage() http.Handler { return returnpage.Handler() }

// Script returns the name and integrity of the script that a page includes for a
// flow.
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
