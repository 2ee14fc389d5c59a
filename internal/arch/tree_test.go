package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/bonafides-dev/bonafides"

// file is one Go file of this module.
type file struct {
	path    string // from the root, with slashes: "protocol/jws/sign.go"
	dir     string // "protocol/jws"
	test    bool
	main    bool // package main, or a room of a command
	imports []string
	ast     *ast.File
	fset    *token.FileSet
}

// at names a place in the file for a message.
func (f *file) at(n ast.Node) string {
	return f.path + ":" + strconv.Itoa(f.fset.Position(n.Pos()).Line)
}

// parse reads one Go file.
func parse(name string, source []byte) (*file, error) {
	fset := token.NewFileSet()
	a, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	f := &file{
		path: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
		main: a.Name.Name == "main" || under(path.Dir(name), "cmd"), ast: a, fset: fset,
	}
	for _, i := range a.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, err
		}
		f.imports = append(f.imports, p)
	}
	return f, nil
}

const root = "../.."

// walk visits every file of the tree that belongs to the project: nothing
// hidden, installed or built.
func walk(t *testing.T, visit func(name string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		hidden := strings.HasPrefix(d.Name(), ".") && name != "." && d.Name() != ".ci" && d.Name() != ".github"
		switch {
		case d.IsDir() && (hidden || d.Name() == "node_modules"):
			return filepath.SkipDir
		case d.Type().IsRegular():
			visit(name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// goFiles returns every Go file of this module, without those of nested modules
// and test data.
func goFiles(t *testing.T) []*file {
	t.Helper()
	var names, nested []string
	walk(t, func(name string) {
		switch {
		case path.Base(name) == "go.mod" && name != "go.mod":
			nested = append(nested, path.Dir(name)+"/")
		case strings.HasSuffix(name, ".go") && !strings.Contains("/"+name, "/testdata/"):
			names = append(names, name)
		}
	})
	var files []*file
next:
	for _, name := range names {
		for _, dir := range nested {
			if strings.HasPrefix(name, dir) {
				continue next
			}
		}
		source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		f, err := parse(name, source)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files
}

// under says whether a folder is one of these or lies below one.
func under(dir string, parents ...string) bool {
	for _, p := range parents {
		if dir == p || strings.HasPrefix(dir, p+"/") {
			return true
		}
	}
	return false
}

// local gives the folder of an import of this module.
func local(importPath string) (dir string, ok bool) {
	return strings.CutPrefix(importPath, module+"/")
}

// foreign tells whether an import is of another module.
func foreign(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return strings.Contains(first, ".")
}

// calls visits every use of pkg.Name of the imports, also where the import has
// another name.
func (f *file) uses(visit func(n ast.Node, importPath, name string)) {
	names := map[string]string{}
	for _, i := range f.ast.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		name := path.Base(p)
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = p
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok {
				if p, ok := names[x.Name]; ok {
					visit(s, p, s.Sel.Name)
				}
			}
		}
		return true
	})
}
