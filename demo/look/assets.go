package look

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"

	kit "github.com/bonafides-dev/bonafides/internal/look"
)

// Prefix is where the demo's own sheet, scripts and icons lie on every site.
const Prefix = "/_demo/"

//go:embed css/*.css js/*.js
var embedded embed.FS

var assets = load()

func load() *kit.Assets {
	style := tokens()
	for _, name := range []string{"shell", "components"} {
		style += "\n" + string(file("css/"+name+".css"))
	}
	files := map[string][]byte{"demo.css": []byte(style)}
	for _, p := range append(Parties(), Home) {
		files["favicon-"+string(p)+".svg"] = []byte(kit.Icon(p.Path(), p.Colour()))
	}
	scripts, err := fs.Glob(embedded, "js/*.js")
	if err != nil {
		panic("look: " + err.Error()) // the pattern is compiled in
	}
	for _, name := range scripts {
		files[strings.TrimPrefix(name, "js/")] = file(name)
	}
	return kit.AssetsOf(Prefix, files)
}

func file(name string) []byte {
	b, err := embedded.ReadFile(name)
	if err != nil {
		panic("look: " + err.Error()) // the file is compiled in
	}
	return b
}

// tokens gives every party its colour, and makes that of a page, or of a part that
// is about a party, its accent.
func tokens() string {
	var b strings.Builder
	all := append(Parties(), Home)
	b.WriteString(":root {\n")
	for _, p := range all {
		b.WriteString("  --party-" + string(p) + ": " + p.Colour().CSS() + ";\n")
	}
	b.WriteString("  --party: var(--party-home);\n}\n")
	for _, p := range all {
		b.WriteString("[data-party=\"" + string(p) + "\"] { --party: var(--party-" + string(p) + "); --accent: var(--party-" + string(p) + "); }\n")
	}
	return b.String()
}

// Handler serves what the demo's pages are drawn with, the kit's sheet too. Mount
// it with [Mount].
func Handler() http.Handler {
	mux := http.NewServeMux()
	Mount(mux)
	return mux
}

// Mount adds the sheets, scripts and icons to a site's mux.
func Mount(mux *http.ServeMux) {
	mux.Handle("GET "+kit.Prefix, kit.Handler())
	mux.Handle("GET "+Prefix, assets)
}

// Serves reports whether a path is of [Handler].
func Serves(path string) bool {
	return strings.HasPrefix(path, Prefix) || strings.HasPrefix(path, kit.Prefix)
}

// Stylesheet returns the URL path of the demo's sheet, which comes after the kit's.
func Stylesheet() string { return assets.Path("demo.css") }

// Script returns the URL path of a module: "look.js" (copy buttons, the instrument,
// attack forms; every page has it), "ui.js" (what it is made of), "fragment.js"
// (markup of our own server).
func Script(name string) string { return assets.Path(name) }
