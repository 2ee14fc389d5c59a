package wasm

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// KeeperFiles returns the keeper as files for a host that runs no code, by name:
//
//	keeper/index.html   the page, which hosts serve at /keeper
//	index.html          the same
//	404.html            without it some hosts answer every path with index.html, and a
//	                    keeper refuses to start where it is answered like an issuer
//	bonafides/...       the files that it loads, and the scripts for sites
//	_headers            headers, as Cloudflare Pages and Netlify read them
//	nginx.conf          the same for nginx, to be included in its server block
//	Caddyfile           the same for Caddy
//
// The document of key commitments is not among them: package mirror writes it,
// again and again. The page states its policy itself, so it needs no header, but
// for one thing that no page can say: who may frame it. The script does nothing in
// a frame unless KeeperConfig.AllowFrames, and shows nothing to press there.
//
// KeeperConfig.Assets and Commitments must be empty: the files are at the default
// paths.
func KeeperFiles(c KeeperConfig) (map[string][]byte, error) {
	if c.Assets != "" || c.Commitments != "" {
		return nil, fmt.Errorf("wasm: KeeperFiles chooses the paths itself; leave Assets and Commitments empty")
	}
	v, err := c.values()
	if err != nil {
		return nil, err
	}
	v.NoFrames = !c.AllowFrames
	sum := sha256.Sum256([]byte(keeperStyle))
	v.Policy = keeperPolicy("'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'")
	var page bytes.Buffer
	if err := keeperPage.Execute(&page, v); err != nil {
		return nil, err
	}
	ancestors := "'none'"
	if c.AllowFrames {
		ancestors = "*"
	}
	files := map[string][]byte{
		"index.html":        page.Bytes(),
		"keeper/index.html": page.Bytes(),
		"404.html":          []byte(notFoundPage),
	}
	m, err := ReadManifest()
	if err != nil {
		return nil, err
	}
	for name := range m.Hashes {
		if _, served := types[path.Ext(name)]; !served {
			continue
		}
		if files["bonafides/"+name], err = fs.ReadFile(Files(), name); err != nil {
			return nil, err
		}
	}
	headers := keeperHeaders(v.Policy + "; frame-ancestors " + ancestors)
	files["_headers"] = pagesHeaders(headers, slices.Sorted(maps.Keys(files)))
	files["nginx.conf"] = nginxHeaders(headers)
	files["Caddyfile"] = caddyHeaders(headers)
	return files, nil
}

const notFoundPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<title>Not here</title>
<h1>There is nothing here</h1>
<p>This site keeps tokens. <a href="/keeper/">Its page</a> says which.</p>
</html>
`

// headersOf is what one path is answered with; a path that ends with "*" stands
// for all below it, and found for those that are there: what is missing today may
// be there tomorrow, and nobody should remember for a year that it is not.
type headersOf struct {
	path    string
	headers [][2]string
	found   [][2]string
}

// keeperHeaders is what a server would say if it could, for every path.
func keeperHeaders(policy string) []headersOf {
	page := [][2]string{
		{"Content-Security-Policy", policy},
		{"Cache-Control", "no-store"},
		{"Referrer-Policy", "no-referrer"},
		{"X-Content-Type-Options", "nosniff"},
	}
	return []headersOf{
		{path: "/", headers: page},
		{path: "/index.html", headers: page},
		{path: "/keeper/", headers: page},
		{path: "/keeper/index.html", headers: page},
		{path: "/bonafides/*", headers: [][2]string{
			{"Access-Control-Allow-Origin", "*"},
			{"Cross-Origin-Resource-Policy", "cross-origin"},
			{"X-Content-Type-Options", "nosniff"},
		}, found: [][2]string{
			{"Cache-Control", "public, max-age=31536000, immutable"},
		}},
		{path: "/bonafides-commitments.json", headers: [][2]string{
			{"Cache-Control", "no-cache"},
			{"X-Content-Type-Options", "nosniff"},
		}},
	}
}

// pagesHeaders writes the file _headers: a path, and headers with two spaces
// before them. It knows no condition, so what is there is named file by file.
func pagesHeaders(list []headersOf, files []string) []byte {
	var b strings.Builder
	write := func(path string, headers [][2]string) {
		b.WriteString(path + "\n")
		for _, h := range headers {
			b.WriteString("  " + h[0] + ": " + h[1] + "\n")
		}
	}
	for _, p := range list {
		write(p.path, p.headers)
		prefix, _ := strings.CutSuffix(p.path, "*")
		for _, name := range files {
			if len(p.found) > 0 && strings.HasPrefix("/"+name, prefix) {
				write("/"+name, p.found)
			}
		}
	}
	return []byte(b.String())
}

func nginxHeaders(list []headersOf) []byte {
	var b strings.Builder
	b.WriteString("# Headers of a token keeper: include this in the server block whose root is this folder.\n" +
		"error_page 404 /404.html;\nabsolute_redirect off;\n")
	for _, p := range list {
		where, prefix := strings.CutSuffix(p.path, "*")
		match := "= "
		if prefix {
			match = "^~ "
		}
		b.WriteString("location " + match + where + " {\n")
		switch {
		case prefix:
			// Modules and WebAssembly are refused under another type.
			b.WriteString("    types { text/javascript js mjs; application/wasm wasm; text/plain txt; }\n")
		case strings.HasSuffix(where, "/"):
			// Without this nginx looks for the headers of the file instead.
			b.WriteString("    try_files " + where + "index.html =404;\n")
		}
		for _, h := range p.headers {
			b.WriteString("    add_header " + h[0] + ` "` + h[1] + `" always;` + "\n")
		}
		for _, h := range p.found {
			b.WriteString("    add_header " + h[0] + ` "` + h[1] + `";` + "\n")
		}
		b.WriteString("}\n")
	}
	return []byte(b.String())
}

func caddyHeaders(list []headersOf) []byte {
	var b strings.Builder
	b.WriteString("# A token keeper. Write your own name for keeper.example, and this folder for the root.\n" +
		"keeper.example {\n    root * /srv/keeper\n    file_server\n    handle_errors {\n        rewrite * /404.html\n        file_server\n    }\n")
	write := func(matcher string, headers [][2]string) {
		b.WriteString("    header " + matcher + " {\n")
		for _, h := range headers {
			b.WriteString("        " + h[0] + ` "` + h[1] + `"` + "\n")
		}
		b.WriteString("    }\n")
	}
	for n, p := range list {
		write(p.path, p.headers)
		if len(p.found) > 0 {
			name := fmt.Sprintf("@found%d", n)
			b.WriteString("    " + name + " {\n        path " + p.path + "\n        file\n    }\n")
			write(name, p.found)
		}
	}
	b.WriteString("}\n")
	return []byte(b.String())
}
