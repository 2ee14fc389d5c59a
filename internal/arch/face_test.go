package arch

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
)

// The rules of what a user sees and copies.

// A user copies an example, and cannot import what is internal here; nor can the
// example's tests.
func examplesCanBeCopied(files []*file) (broken []string) {
	for _, f := range files {
		if !under(f.dir, "examples") {
			continue
		}
		for _, p := range f.imports {
			if dir, ok := local(p); ok && internal(dir) {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

// internal says whether a folder is out of a user's reach.
func internal(dir string) bool { return strings.Contains("/"+dir+"/", "/internal/") }

// A type that a user cannot name is one that he cannot document, store or fake, and
// an alias into internal/ makes its every method a promise. Constants are values and
// may come from anywhere.
func publicNamesArePublic(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || f.main || internal(f.dir) || under(f.dir, "demo", "test", "worker", "wasm/guest") {
			continue
		}
		inside := map[string]bool{}
		f.uses(func(n ast.Node, p, _ string) {
			if dir, ok := local(p); ok && internal(dir) {
				inside[f.at(n)+" "+n.(*ast.SelectorExpr).X.(*ast.Ident).Name] = true
			}
		})
		named := func(name string, nodes ...ast.Node) {
			for _, n := range nodes {
				ast.Inspect(n, func(n ast.Node) bool {
					if _, body := n.(*ast.BlockStmt); body {
						return false
					}
					if s, ok := n.(*ast.SelectorExpr); ok {
						if x, ok := s.X.(*ast.Ident); ok && inside[f.at(s)+" "+x.Name] {
							broken = append(broken, f.at(s)+" "+name+" is of the internal "+x.Name+"."+s.Sel.Name)
						}
					}
					return true
				})
			}
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d))) {
					named(d.Name.Name, d.Type)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						if s.Name.IsExported() {
							named(s.Name.Name, publicParts(s.Type)...)
						}
					case *ast.ValueSpec:
						for i, name := range s.Names {
							if !name.IsExported() || d.Tok == token.CONST {
								continue
							}
							if s.Type != nil {
								named(name.Name, s.Type)
							} else if i < len(s.Values) {
								named(name.Name, s.Values[i])
							}
						}
					}
				}
			}
		}
	}
	return broken
}

// receiver names the type of a method.
func receiver(d *ast.FuncDecl) (name string) {
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return true
	})
	return name
}

// publicParts are a type's parts that users see: of a struct its exported and its
// embedded fields.
func publicParts(t ast.Expr) []ast.Node {
	s, ok := t.(*ast.StructType)
	if !ok {
		return []ast.Node{t}
	}
	var parts []ast.Node
	for _, field := range s.Fields.List {
		seen := len(field.Names) == 0
		for _, n := range field.Names {
			seen = seen || n.IsExported()
		}
		if seen {
			parts = append(parts, field.Type)
		}
	}
	return parts
}

// Without deadlines whoever holds connections holds the server. The kit's own
// programs run web.Server; an example, which cannot, has its deadlines in sight, and
// nobody copies a function that has none.
func serversHaveDeadlines(files []*file) (broken []string) {
	for _, f := range files {
		server := map[ast.Node]bool{}
		f.uses(func(n ast.Node, p, name string) {
			switch {
			case p != "net/http":
			case name == "Server":
				server[n] = true
			case name == "Serve" || name == "ServeTLS" || strings.HasPrefix(name, "ListenAndServe"):
				broken = append(broken, f.at(n)+" calls http."+name)
			}
		})
		example := under(f.dir, "examples") || strings.HasPrefix(path.Base(f.path), "example")
		if f.dir == "internal/web" || f.test && !example {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if ok && server[lit.Type] && !(example && sets(lit, "ReadHeaderTimeout")) {
				broken = append(broken, f.at(lit)+" makes a server of its own")
			}
			return true
		})
	}
	return broken
}

// sets says whether a literal gives a field.
func sets(lit *ast.CompositeLit, field string) bool {
	return slices.ContainsFunc(lit.Elts, func(e ast.Expr) bool {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		key, ok := kv.Key.(*ast.Ident)
		return ok && key.Name == field
	})
}
