package p384

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// These tests read the package's source: what a Secret can reach must be
// straight-line code over the fixed set of operations that math/bits documents as
// independent of their operands. A branch, an index or a division in it may
// depend only on constants, lengths and loop counters; where the reader needs to
// be told why a value is public, the line says "// public: ...".

// reachable from secrets: these packages' functions and builtins only.
var allowedCalls = []string{
	"bits.Add64", "bits.Sub64", "bits.Mul64", "bits.RotateLeft64", "sha512.Sum384", "rand.Read",
	"expander.NewExpanderMD", ".Expand",
	"append", "copy", "len", "cap", "make", "clear", "min", "panic",
	"bool", "byte", "uint", "int", "int8", "uint8", "int32", "uint32", "int64", "uint64", "limb", "fe", "string",
	"baseOnce.Do", "works.Get", "works.Put", "bit", "step",
}

var allowedImports = []string{"crypto", "crypto/rand", "crypto/sha512", "embed", "errors", "math/bits", "sync", "github.com/cloudflare/circl/expander"}

type function struct {
	file *ast.File
	path string
	decl *ast.FuncDecl
}

func (f function) name() string {
	if f.decl.Recv == nil {
		return f.decl.Name.Name
	}
	t := f.decl.Recv.List[0].Type
	if s, ok := t.(*ast.StarExpr); ok {
		t = s.X
	}
	return t.(*ast.Ident).Name + "." + f.decl.Name.Name
}

func mentions(f *ast.FieldList, name string) (found bool) {
	if f == nil {
		return false
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			found = true
		}
		return !found
	})
	return found
}

// source parses the package, leaving out the build on nistec and one of the two
// shapes of the field.
func source(t *testing.T, without string) (*token.FileSet, []function) {
	t.Helper()
	fset := token.NewFileSet()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var out []function
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || path == "nistec.go" || strings.HasPrefix(path, without) {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if name, _ := strconv.Unquote(i.Path.Value); !slices.Contains(allowedImports, name) {
				t.Errorf("%s imports %s", path, name)
			}
		}
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
				out = append(out, function{f, path, d})
			}
		}
	}
	return fset, out
}

func calleeName(c *ast.CallExpr) string {
	switch f := c.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
		return "." + f.Sel.Name
	case *ast.ParenExpr, *ast.StarExpr, *ast.ArrayType, *ast.IndexExpr:
		return "" // a conversion
	}
	return "?"
}

func TestSecretsStayInConstantTimeCode(t *testing.T) {
	for _, without := range []string{"field28", "field64"} {
		checkSecrets(t, without)
	}
}

func checkSecrets(t *testing.T, without string) {
	fset, all := source(t, without)
	byName := map[string][]function{} // plain name, and method name after a dot
	var queue []function
	for _, f := range all {
		if f.decl.Recv == nil {
			byName[f.decl.Name.Name] = append(byName[f.decl.Name.Name], f)
		} else {
			byName["."+f.decl.Name.Name] = append(byName["."+f.decl.Name.Name], f)
		}
		name := f.decl.Name.Name
		secret := mentions(f.decl.Recv, "Secret") || mentions(f.decl.Type.Params, "Secret")
		if strings.HasPrefix(strings.ToLower(name), "vartime") && (secret || mentions(f.decl.Type.Params, "digits")) {
			t.Errorf("%s: %s takes a Secret", f.path, f.name())
		}
		// Inputs of the hash are nonces, which are secret until they are redeemed;
		// a recomputed token is compared by Equal.
		if secret || name == "hashToCurve" || f.name() == "Point.Equal" {
			queue = append(queue, f)
		}
	}
	if len(queue) < 15 {
		t.Fatalf("only %d functions take secrets: the test does not find them", len(queue))
	}
	seen := map[*ast.FuncDecl]bool{}
	for len(queue) > 0 {
		f := queue[0]
		queue = queue[1:]
		if seen[f.decl] {
			continue
		}
		seen[f.decl] = true
		checkBody(fset, f, t.Errorf)
		ast.Inspect(f.decl.Body, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			name := calleeName(c)
			if name == "" || slices.Contains(allowedCalls, name) {
				return true
			}
			base := name
			if i := strings.LastIndex(name, "."); i >= 0 {
				base = name[i:]
			}
			next, ok := byName[base]
			if !ok {
				t.Errorf("%s: %s calls %s, which is not on the list", fset.Position(c.Pos()), f.name(), name)
			}
			for _, g := range next {
				// Two types have a method of some name: the wrong one is harmless
				// to check, except for the two that belong to public values.
				if strings.HasPrefix(strings.ToLower(g.decl.Name.Name), "vartime") {
					t.Errorf("%s: %s reaches %s", fset.Position(c.Pos()), f.name(), g.name())
				}
				if g.name() == "Scalar.SetBytes" || g.name() == "Point.SetBytes" {
					continue
				}
				queue = append(queue, g)
			}
			return true
		})
	}
	for _, must := range []string{"feMul", "feSqr", "feInvert", "ladder", "mulBase", "scMont", "packed.pick", "mapToCurve", "pointAddAffineOrDouble"} {
		found := false
		for d := range seen {
			if (function{decl: d}).name() == must {
				found = true
			}
		}
		if !found {
			t.Errorf("%s is not reached from a Secret: the walk is broken", must)
		}
	}
}

// checkBody looks for branches, indexes and divisions that could depend on a
// value.
func checkBody(fset *token.FileSet, f function, report func(format string, args ...any)) {
	explained := map[int]bool{} // lines
	for _, g := range f.file.Comments {
		for _, c := range g.List {
			if strings.Contains(c.Text, "// public") {
				explained[fset.Position(c.Pos()).Line] = true
			}
		}
	}
	public := map[string]bool{"true": true, "false": true, "nil": true}
	var isPublic func(e ast.Expr) bool
	isPublic = func(e ast.Expr) bool {
		switch e := e.(type) {
		case nil, *ast.BasicLit:
			return true
		case *ast.Ident:
			return public[e.Name] || e.Obj != nil && e.Obj.Kind == ast.Con || isConstant(e.Name)
		case *ast.ParenExpr:
			return isPublic(e.X)
		case *ast.UnaryExpr:
			return isPublic(e.X)
		case *ast.BinaryExpr:
			return isPublic(e.X) && isPublic(e.Y)
		case *ast.CallExpr:
			name := calleeName(e)
			if name == "len" || name == "cap" {
				return true
			}
			return name == "min" && isPublic(e.Args[0]) && isPublic(e.Args[1])
		}
		return false
	}
	complain := func(n ast.Node, what string) {
		p := fset.Position(n.Pos())
		if !explained[p.Line] {
			report("%s: %s: %s may depend on a secret", p, f.name(), what)
		}
	}
	ast.Inspect(f.decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			if k, ok := n.Key.(*ast.Ident); ok {
				public[k.Name] = true // an index; the value is not
			}
		case *ast.ForStmt:
			if a, ok := n.Init.(*ast.AssignStmt); ok {
				for i := range a.Lhs {
					if id, ok := a.Lhs[i].(*ast.Ident); ok && isPublic(a.Rhs[i]) {
						public[id.Name] = true
					}
				}
			}
			if !isPublic(n.Cond) {
				complain(n, "a loop")
			}
		case *ast.AssignStmt:
			for i := range n.Lhs {
				if id, ok := n.Lhs[i].(*ast.Ident); ok && n.Tok == token.DEFINE && len(n.Lhs) == len(n.Rhs) {
					if isPublic(n.Rhs[i]) {
						public[id.Name] = true
					}
				} else if ok && public[id.Name] && n.Tok != token.DEFINE && len(n.Lhs) == len(n.Rhs) && !isPublic(n.Rhs[i]) {
					delete(public, id.Name)
				}
			}
		case *ast.FuncLit:
			for _, p := range n.Type.Params.List {
				for _, name := range p.Names {
					if id, ok := p.Type.(*ast.Ident); ok && id.Name == "int" {
						public[name.Name] = true // the closures here count bits
					}
				}
			}
		case *ast.IfStmt:
			if !isPublic(n.Cond) {
				complain(n, "a branch")
			}
		case *ast.SwitchStmt:
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					if !isPublic(e) || !isPublic(n.Tag) {
						complain(n, "a switch")
					}
				}
			}
		case *ast.IndexExpr:
			if !isPublic(n.Index) {
				complain(n, "an index")
			}
		case *ast.SliceExpr:
			if !isPublic(n.Low) || !isPublic(n.High) || !isPublic(n.Max) {
				complain(n, "a slice")
			}
		case *ast.BinaryExpr:
			switch n.Op {
			case token.QUO, token.REM:
				if !isPublic(n.X) || !isPublic(n.Y) {
					complain(n, "a division")
				}
			case token.SHL, token.SHR:
				if !isPublic(n.Y) {
					complain(n, "a shift")
				}
			case token.LAND, token.LOR:
				if !isPublic(n.X) || !isPublic(n.Y) {
					complain(n, "a short circuit")
				}
			}
		case *ast.TypeSwitchStmt, *ast.SelectStmt, *ast.GoStmt, *ast.BranchStmt:
			complain(n, "control flow")
		}
		return true
	})
}

// isConstant tells whether a name that another file declares is a constant.
func isConstant(name string) bool {
	return slices.Contains([]string{"windowBits", "windows", "tableSize", "chunk", "hashL", "ScalarSize", "UncompressedSize",
		"combTeeth", "combBlocks", "combSpacing", "combColumns", "mask28", "half28"}, name)
}

// A public number is made of a Secret in one place only: the response of a proof.
func TestOnlyRespondPublishes(t *testing.T) {
	fset, all := source(t, "field28")
	var got []string
	for _, f := range all {
		ast.Inspect(f.decl.Body, func(n ast.Node) bool {
			if c, ok := n.(*ast.CompositeLit); ok {
				if id, ok := c.Type.(*ast.Ident); ok && id.Name == "Scalar" && len(c.Elts) > 0 {
					got = append(got, f.name())
				}
			}
			return true
		})
		if mentions(f.decl.Type.Results, "Scalar") && f.name() != "HashToScalar" && f.name() != "Secret.Respond" {
			t.Errorf("%s: %s returns a Scalar", fset.Position(f.decl.Pos()), f.name())
		}
	}
	slices.Sort(got)
	if want := []string{"HashToScalar", "Secret.Respond"}; !slices.Equal(got, want) {
		t.Errorf("Scalars are made in %v, want %v", got, want)
	}
}

// The test of the source must be able to fail.
func TestStructureTestSeesBranches(t *testing.T) {
	const bad = `package p384
func f(k *Secret, table []int) int {
	if k.v[0] == 1 { return 1 }
	x := k.v[0]
	for x > 0 { x-- }
	return table[x] + int(x) % 3 + 1<<x
}`
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "bad.go", bad, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	checkBody(fset, function{file, "bad.go", file.Decls[0].(*ast.FuncDecl)}, func(format string, args ...any) {
		seen = append(seen, args[len(args)-1].(string))
	})
	for _, want := range []string{"a branch", "a loop", "an index", "a division", "a shift"} {
		if !slices.Contains(seen, want) {
			t.Errorf("%s that depends on a secret passes", want)
		}
	}
}
