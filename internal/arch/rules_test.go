package arch

import (
	"go/ast"
	"slices"
	"strings"
)

// A rule looks at all files of the module and returns what breaks it, each with
// its place.
type rule struct {
	name   string
	broken func(files []*file) []string
}

var rules = []rule{
	{"below the purity line only pure packages are imported", pureImports},
	{"below the purity line nothing reads a clock or starts a goroutine", pureCalls},
	{"issuer, rpserver and idpserver do not know each other", serversApart},
	{"stores are imported by mains, the demo and tests alone", storesOutside},
	{"jwx is imported by internal/jose alone", jwxApart},
	{"the curve is imported by voprf and pst alone", curveApart},
	{"nothing below the demo imports the demo", demoOutside},
	{"the record check brings no sessions, stores or pages along", recordAlone},
	{"guest modules reach pure packages alone", guestsPure},
	{"servers never read with encoding/json", serversReadStrictly},
	{"the Worker's library stays in the Worker", workersApart},
	{"every package says what it is", documented},
}

// purePackages is all of the standard library that protocol/* may import
// directly. They run in the browser's and the Worker's small modules, so nothing
// here needs an operating system, a clock or reflection; what is missing is
// missing on purpose: net, net/http, os, syscall/js, math/big, encoding/json,
// reflect, fmt, log, sync.
var purePackages = []string{
	"bytes", "cmp", "crypto", "crypto/ecdsa", "crypto/ed25519", "crypto/elliptic", "crypto/hmac",
	"crypto/rand", "crypto/rsa", "crypto/sha256", "crypto/sha512", "crypto/subtle", "embed",
	"encoding/base64", "encoding/binary", "encoding/hex", "errors", "iter", "maps", "math",
	"math/bits", "slices", "strconv", "strings", "time", "unicode", "unicode/utf8",
}

// pureModules are the modules beneath the curve.
var pureModules = []string{"filippo.io/nistec", "filippo.io/bigmod", "github.com/cloudflare/circl"}

// pure are the folders below the purity line.
var pure = []string{"protocol", "internal/p384"}

func pureImports(files []*file) (broken []string) {
	for _, f := range files {
		if !under(f.dir, pure...) || f.test || f.main {
			continue
		}
		for _, p := range f.imports {
			dir, ours := local(p)
			switch {
			case ours && under(dir, pure...):
			case slices.Contains(purePackages, p):
			case f.dir == "internal/p384" && under(p, pureModules...):
			case f.dir == "internal/p384" && p == "sync": // a table read once, never written again
			default:
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

// clock are the functions of package time that ask or wait; its types and
// arithmetic are values.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Local", "LoadLocation"}

func pureCalls(files []*file) (broken []string) {
	for _, f := range files {
		if !under(f.dir, pure...) || f.test || f.main {
			continue
		}
		f.uses(func(n ast.Node, p, name string) {
			if p == "time" && slices.Contains(clock, name) {
				broken = append(broken, f.at(n)+" uses time."+name)
			}
		})
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n.(type) {
			case *ast.GoStmt:
				broken = append(broken, f.at(n)+" starts a goroutine")
			case *ast.SelectStmt, *ast.ChanType:
				broken = append(broken, f.at(n)+" uses channels")
			}
			return true
		})
	}
	return broken
}

// They meet over HTTP, in the demo and in tests. Who runs one of them does not
// carry the others.
func serversApart(files []*file) (broken []string) {
	servers := []string{"issuer", "rpserver", "idpserver"}
	for _, f := range files {
		if f.test {
			continue
		}
		for _, own := range servers {
			if !under(f.dir, own) {
				continue
			}
			for _, p := range f.imports {
				if dir, ok := local(p); ok && under(dir, servers...) && !under(dir, own) {
					broken = append(broken, f.path+" imports "+p)
				}
			}
		}
	}
	return broken
}

// Interfaces belong to the package that uses them, and a store is chosen by the
// program.
func storesOutside(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || f.main || under(f.dir, "store", "demo", "test") {
			continue
		}
		for _, p := range f.imports {
			if dir, ok := local(p); ok && under(dir, "store") {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

// jwx makes and publishes keys and signs; it never sees a token of a stranger.
// Tests obey too: what a test of jwx's answers wants is in a nested module.
func jwxApart(files []*file) (broken []string) {
	for _, f := range files {
		for _, p := range f.imports {
			if under(p, "github.com/lestrrat-go/jwx") && f.dir != "internal/jose" {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

func curveApart(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || under(f.dir, "internal/p384", "protocol/voprf", "protocol/pst") {
			continue
		}
		if slices.Contains(f.imports, module+"/internal/p384") {
			broken = append(broken, f.path+" imports the curve")
		}
	}
	return broken
}

func demoOutside(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || under(f.dir, "demo", "test") {
			continue
		}
		for _, p := range f.imports {
			if dir, ok := local(p); ok && under(dir, "demo") {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

// An ad network imports rpserver/record; everything that it brings along is read
// here, through as many steps as it takes.
func recordAlone(files []*file) (broken []string) {
	imports := map[string][]string{}
	for _, f := range files {
		if !f.test && !f.main {
			imports[f.dir] = append(imports[f.dir], f.imports...)
		}
	}
	seen := map[string]bool{}
	var visit func(dir string)
	visit = func(dir string) {
		if seen[dir] {
			return
		}
		seen[dir] = true
		for _, p := range imports[dir] {
			if d, ok := local(p); ok {
				visit(d)
				if d == "rpserver" || under(d, "store", "issuer", "idpserver", "internal/look", "internal/jose") {
					broken = append(broken, dir+" imports "+p)
				}
			} else if strings.Contains(p, ".") && !under(p, pureModules...) {
				broken = append(broken, dir+" imports "+p)
			} else if p == "database/sql" {
				broken = append(broken, dir+" imports "+p)
			}
		}
	}
	visit("rpserver/record")
	return broken
}

// What a guest imports runs in a module without network, clock or scheduler, also
// where it belongs to a server: issuer/exchange, rpserver/record/check.
func guestsPure(files []*file) (broken []string) {
	imports := map[string][]string{}
	for _, f := range files {
		if !f.test && (!f.main || under(f.dir, "wasm/guest")) {
			imports[f.dir] = append(imports[f.dir], f.imports...)
		}
	}
	seen := map[string]bool{}
	var visit func(dir string)
	visit = func(dir string) {
		if seen[dir] || under(dir, pure...) { // pure packages have a rule of their own
			return
		}
		seen[dir] = true
		for _, p := range imports[dir] {
			if d, ok := local(p); ok {
				visit(d)
			} else if p != "unsafe" && !slices.Contains(purePackages, p) {
				broken = append(broken, dir+" imports "+p)
			}
		}
	}
	for dir := range imports {
		if under(dir, "wasm/guest") {
			visit(dir)
		}
	}
	slices.Sort(broken)
	return broken
}

// encoding/json folds case, takes duplicates and invalid UTF-8, and ignores what
// follows: what a stranger sent is read by protocol/strictjson. Writing with it
// is fine.
func serversReadStrictly(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || !under(f.dir, "issuer", "rpserver", "idpserver", "internal/web", "internal/jose") {
			continue
		}
		f.uses(func(n ast.Node, p, name string) {
			if p == "encoding/json" && (name == "Unmarshal" || name == "NewDecoder") {
				broken = append(broken, f.at(n)+" uses json."+name)
			}
		})
	}
	return broken
}

// What JavaScript looks like to Go is known in one place.
func workersApart(files []*file) (broken []string) {
	for _, f := range files {
		for _, p := range f.imports {
			if under(p, "github.com/syumai/workers") && !under(f.dir, "worker") {
				broken = append(broken, f.path+" imports "+p)
			}
			if p == "syscall/js" && !under(f.dir, "worker", "wasm/guest") {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

func documented(files []*file) (broken []string) {
	said := map[string]bool{}
	for _, f := range files {
		if !f.test {
			said[f.dir] = said[f.dir] || f.ast.Doc != nil && len(f.ast.Doc.Text()) > 30
		}
	}
	for dir, ok := range said {
		if !ok {
			broken = append(broken, dir+" has no package comment")
		}
	}
	slices.Sort(broken)
	return broken
}
