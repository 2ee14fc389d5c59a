package arch

import (
	"go/ast"
	"slices"
)

// What a guest imports runs in a module without network, clock or scheduler, also
// where it is not below the line by its place.
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
		if f.test || !under(f.dir, "issuer", "rpserver", "idpserver", "jwks", "internal/web", "internal/jose") {
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

// Fifteen of twenty-seven strings were judged differently while seven packages
// each knew what "this machine" is. Mains that dial such names, and the demo that
// serves them, judge nothing.
func originsOnce(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || f.main || f.dir == "protocol/origin" || under(f.dir, "demo") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if n.Value == `".localhost"` || n.Value == `"localhost"` {
					broken = append(broken, f.at(n)+" judges a host by "+n.Value)
				}
			case *ast.SelectorExpr:
				// The dialer judges the addresses that a name came to, not names.
				if n.Sel.Name == "IsLoopback" && f.dir != "internal/web" {
					if p, ok := n.X.(*ast.Ident); !ok || p.Name != "origin" {
						broken = append(broken, f.at(n)+" judges an address by IsLoopback")
					}
				}
			}
			return true
		})
	}
	return broken
}
