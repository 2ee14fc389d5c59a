package look

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"sort"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// Prefix is where [Handler] is mounted.
const Prefix = "/_look/"

//go:embed css/*.css
var embedded embed.FS

var assets = load()

func load() *Assets {
	files := map[string][]byte{}
	style := tokens()
	for _, name := range []string{"base", "shell", "components"} {
		b, err := embedded.ReadFile("css/" + name + ".css")
		if err != nil {
			panic("look: " + err.Error()) // the file is compiled in
		}
		style += "\n" + string(b)
	}
	files["look.css"] = []byte(style)
	files["favicon.svg"] = []byte(Icon(shield, accent()))
	return AssetsOf(Prefix, files)
}

// Handler serves the stylesheet and the icon. Mount it at [Prefix].
func Handler() http.Handler { return assets }

// Stylesheet returns the URL path of the stylesheet.
func Stylesheet() string { return assets.Path("look.css") }

// Assets serves a few small files from memory. A URL from [Assets.Path] carries
// a hash of all files, so it may be cached for ever, and modules that import
// each other by relative names stay together. It is safe for concurrent use.
type Assets struct {
	prefix, version string
	files           map[string]asset
}

type asset struct {
	body      []byte
	etag, typ string
}

// NewAssets reads every file of fsys whose type it knows (css, js, svg, png,
// webp), in all folders; names must differ. Prefix begins and ends with a
// slash.
func NewAssets(prefix string, fsys fs.FS) (*Assets, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || mediaType(name) == "" {
			return err
		}
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		files[path.Base(name)] = b
		return nil
	})
	if err != nil {
		return nil, err
	}
	return AssetsOf(prefix, files), nil
}

// AssetsOf takes files by their names.
func AssetsOf(prefix string, files map[string][]byte) *Assets {
	a := &Assets{prefix: prefix, files: map[string]asset{}}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	all := sha256.New()
	for _, name := range names {
		sum := sha256.Sum256(files[name])
		all.Write([]byte(name + "\x00"))
		all.Write(sum[:])
		a.files[name] = asset{files[name], `"` + hex.EncodeToString(sum[:12]) + `"`, mediaType(name)}
	}
	a.version = hex.EncodeToString(all.Sum(nil)[:8])
	return a
}

func mediaType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".webp":
		return "image/webp"
	}
	return ""
}

// Path returns the URL path of a file. It panics if there is no such file:
// names are written in the program, not given from outside.
func (a *Assets) Path(name string) string {
	if _, ok := a.files[name]; !ok {
		panic("look: no asset " + name)
	}
	return a.prefix + a.version + "/" + name
}

// ServeHTTP answers for prefix/version/name and prefix/name. Only the first is
// cached without asking again.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.Path, a.prefix)
	version, name, versioned := strings.Cut(rest, "/")
	if !versioned {
		version, name = "", rest
	}
	f, known := a.files[name]
	if !ok || !known {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "This file is read with GET.", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.typ)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("ETag", f.etag)
	if strings.HasSuffix(name, ".svg") {
		// An SVG opened on its own is a document.
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	}
	if version == a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if web.NoneMatch(r.Header.Values("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(f.body)
	}
}
