package p384

import (
	"go/ast"
	"go/token"
	"testing"
)

// The 28-bit limbs of the field are lazy: see the bounds in field28.go. This test
// reads the formulas and counts units through them, statement by statement: it
// fails where a product could leave 64 bits, where an encoding gets more than it
// may, or where a function gives more than it promises.

// promises are what functions take and give, in units: fields of points are
// written x, y, z after the parameter.
type units map[string]int

type promise struct{ takes, gives units }

var promises = map[string]promise{
	"pointDouble":            {units{"q.x": 4, "q.y": 4, "q.z": 3}, units{"p.x": 3, "p.y": 3, "p.z": 2}},
	"pointAddAffine":         {units{"q.x": 4, "q.y": 4, "q.z": 2, "r.x": 1, "r.y": 1}, units{"p.x": 4, "p.y": 2, "p.z": 1, "h": 5, "s": 5}},
	"pointAddAffineOrDouble": {units{"q.x": 4, "q.y": 4, "q.z": 2, "r.x": 1, "r.y": 1}, units{"p.x": 4, "p.y": 3, "p.z": 2}},
	"pointAdd":               {units{"q.x": 4, "q.y": 4, "q.z": 3, "r.x": 4, "r.y": 4, "r.z": 3}, units{"p.x": 4, "p.y": 4, "p.z": 3}},
	"pointSelect":            {units{"q.x": 4, "q.y": 4, "q.z": 3, "r.x": 4, "r.y": 4, "r.z": 3}, units{"p.x": 4, "p.y": 4, "p.z": 3}},
	"onCurve":                {units{"p.x": 1, "p.y": 1}, nil},
	"toAffine":               {units{"j.x": 4, "j.y": 4, "zInv": 3}, units{"a.x": 1, "a.y": 1}},
	"doubleCoZ":              {units{"p.x": 1, "p.y": 1}, units{"two.x": 3, "two.y": 3, "same.x": 1, "same.y": 2, "z": 2}},
	"mapToCurve":             {units{"u": 1}, units{"p.x": 1, "p.y": 1, "p.z": 3}},
	"feSqrtRatio":            {units{"u": 2, "v": 1}, units{"y": 1}},
	"feMulMinus3":            {units{"x": 10}, nil}, // gives three times what it takes
	"feInvert":               {units{"x": 4}, units{"z": 1}},
	"fePowP34":               {units{"x": 4}, units{"z": 1}},
	"feSetWide":              {nil, units{"z": 1}},
	"feSetBytes":             {nil, units{"z": 1}},
	"feFromWords":            {nil, units{"z": 1}},
	"varTimeAddPair":         {units{"a.x": 1, "a.y": 7, "b.x": 1, "b.y": 7, "inv": 1}, units{"a.x": 1, "a.y": 8}},
	"makeMultiples":          {units{"points[].x": 1, "points[].y": 1, "ratios[]": 4}, units{"r[]": 4}}, // r is a part of ratios
	"varTimeAddAffine":       {units{"p.x": 4, "p.y": 4, "p.z": 2, "r.x": 1, "r.y": 1}, units{"p.x": 4, "p.y": 3, "p.z": 2}},
	"Point.Equal":            {units{"p.j.x": 4, "p.j.y": 4, "p.j.z": 3, "q.j.x": 4, "q.j.y": 4, "q.j.z": 3}, nil},
}

// counted lists the functions that are walked; the others in promises are only
// called.
var counted = []string{
	"pointDouble", "pointAddAffine", "pointAddAffineOrDouble", "pointAdd", "onCurve", "toAffine", "doubleCoZ",
	"mapToCurve", "feSqrtRatio", "varTimeAddPair", "makeMultiples", "varTimeAddAffine", "Point.Equal",
}

const productLimit = 32

type counter struct {
	t    *testing.T
	fset *token.FileSet
	f    function
	env  units
}

// place names where an expression lives: x.y for fields, x[] for elements.
func place(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.UnaryExpr:
		return place(e.X)
	case *ast.StarExpr:
		return place(e.X)
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return place(e.X) + "." + e.Sel.Name
	case *ast.IndexExpr:
		return place(e.X) + "[]"
	case *ast.CompositeLit:
		return "literal"
	}
	return "?"
}

func (c *counter) get(e ast.Expr) int {
	name := place(e)
	switch name {
	case "feOne", "literal":
		// 1 in limb 0, which a reduction leaves below 2^27, and a unit has 2^22 to
		// spare; 0 elsewhere.
		return 0
	case "curveB", "sqrt12", "feZ":
		return 1
	}
	u, ok := c.env[name]
	if !ok {
		c.t.Errorf("%s: %s: nothing is known of %s", c.fset.Position(e.Pos()), c.f.name(), name)
	}
	return u
}

func (c *counter) set(e ast.Expr, u int) {
	name := place(e)
	if len(name) > 2 && name[len(name)-2:] == "[]" || contains(name, "[]") {
		u = max(u, c.env[name]) // some element
	}
	c.env[name] = u
}

func contains(s, sub string) bool {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i:i+len(sub)] == sub {
			return true
		}
	}
	return false
}

func (c *counter) product(n ast.Node, a, b int) {
	if a*b > productLimit {
		c.t.Errorf("%s: %s: a product of %d and %d units", c.fset.Position(n.Pos()), c.f.name(), a, b)
	}
}

func (c *counter) call(n *ast.CallExpr) {
	arg := n.Args
	switch name := calleeName(n); name {
	case "feMul":
		c.product(n, c.get(arg[1]), c.get(arg[2]))
		c.set(arg[0], 1)
	case "feSqr":
		c.product(n, c.get(arg[1]), c.get(arg[1]))
		c.set(arg[0], 1)
	case "feAdd", "feSub":
		c.set(arg[0], c.get(arg[1])+c.get(arg[2]))
	case "feNeg":
		c.set(arg[0], c.get(arg[1]))
	case "feMulMinus3":
		c.set(arg[0], 3*c.get(arg[1]))
	case "feCarry":
		c.product(n, c.get(arg[0]), 1)
		c.set(arg[0], 1)
	case "feCondNeg":
		c.get(arg[0])
	case "feSelect":
		c.set(arg[0], max(c.get(arg[1]), c.get(arg[2])))
	case "feIsZero", "feIsOdd":
		c.product(n, c.get(arg[0]), 1)
	case "feEqual":
		c.product(n, c.get(arg[0])+c.get(arg[1]), 1)
	case "pointSelect":
		for _, field := range []string{".x", ".y", ".z"} {
			c.env[place(arg[0])+field] = max(c.env[place(arg[1])+field], c.env[place(arg[2])+field])
		}
	case "feInvertAll", "append", "len", "make", "room", "clear":
	default:
		p, ok := promises[name]
		if !ok {
			c.t.Errorf("%s: %s calls %s, which promises nothing", c.fset.Position(n.Pos()), c.f.name(), name)
			return
		}
		params := map[string]string{"pointDouble": "p q", "pointAddAffine": "p q r", "doubleCoZ": "two same z p", "toAffine": "a j zInv",
			"feSqrtRatio": "y u v", "fePowP34": "z x", "feInvert": "z x"}[name]
		names := map[string]string{}
		i := 0
		for start, k := 0, 0; k <= len(params); k++ {
			if k == len(params) || params[k] == ' ' {
				if i < len(arg) {
					names[params[start:k]] = place(arg[i])
				}
				i++
				start = k + 1
			}
		}
		at := func(s string) string {
			for k := range s {
				if s[k] == '.' {
					return names[s[:k]] + s[k:]
				}
			}
			return names[s]
		}
		for param, most := range p.takes {
			if got := c.env[at(param)]; got > most {
				c.t.Errorf("%s: %s gives %s %d units for %s, at most %d", c.fset.Position(n.Pos()), c.f.name(), name, got, param, most)
			}
		}
		for param, u := range p.gives {
			if param != "h" && param != "s" {
				c.env[at(param)] = u
			}
		}
	}
}

func (c *counter) block(stmts []ast.Stmt) {
	for _, s := range stmts {
		c.stmt(s)
	}
}

// either walks alternatives from the same state and keeps the larger counts.
func (c *counter) either(alternatives ...[]ast.Stmt) {
	before, after := c.env, units{}
	for _, a := range alternatives {
		c.env = units{}
		for k, v := range before {
			c.env[k] = v
		}
		c.block(a)
		if len(a) > 0 {
			if _, leaves := a[len(a)-1].(*ast.ReturnStmt); leaves {
				c.promised()
				continue
			}
		}
		for k, v := range c.env {
			after[k] = max(after[k], v)
		}
	}
	c.env = after
}

func (c *counter) expr(e ast.Expr) {
	ast.Inspect(e, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if name := calleeName(call); name != "" && (name[0] == 'f' || name[0] == 'p' || name[0] == 't' || name == "doubleCoZ") {
				c.call(call)
				return false
			}
		}
		return true
	})
}

func (c *counter) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		c.expr(s.X)
	case *ast.AssignStmt:
		for _, r := range s.Rhs {
			c.expr(r)
		}
		if len(s.Lhs) == 2 && len(s.Rhs) == 1 { // h, s := pointAddAffine(...)
			c.set(s.Lhs[0], 5)
			c.set(s.Lhs[1], 5)
			return
		}
		for i, r := range s.Rhs {
			switch r := r.(type) {
			case *ast.CompositeLit:
				if id, ok := r.Type.(*ast.Ident); ok && id.Name == "jacobian" {
					for j, field := range []string{".x", ".y", ".z"} {
						c.env[place(s.Lhs[i])+field] = c.get(r.Elts[j])
					}
				}
			case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr:
				from, to := place(r), place(s.Lhs[i])
				if u, ok := c.env[from]; ok {
					c.set(s.Lhs[i], u)
				}
				for _, field := range []string{".x", ".y", ".z"} {
					if u, ok := c.env[from+field]; ok {
						c.env[to+field] = max(u, c.env[to+field]*btoi(contains(to, "[]")))
					}
				}
			}
		}
	case *ast.ForStmt:
		for range 3 { // until nothing grows
			c.block(s.Body.List)
		}
	case *ast.RangeStmt:
		for range 3 {
			c.block(s.Body.List)
		}
	case *ast.IfStmt:
		c.expr(s.Cond)
		var other []ast.Stmt
		if b, ok := s.Else.(*ast.BlockStmt); ok {
			other = b.List
		}
		c.either(s.Body.List, other)
	case *ast.SwitchStmt:
		var all [][]ast.Stmt
		for _, clause := range s.Body.List {
			all = append(all, clause.(*ast.CaseClause).Body)
		}
		c.either(all...)
	case *ast.BlockStmt:
		c.block(s.List)
	case *ast.ReturnStmt:
		for _, r := range s.Results {
			c.expr(r)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (c *counter) promised() {
	for name, most := range promises[c.f.name()].gives {
		if got := c.env[name]; got > most {
			c.t.Errorf("%s: %s gives %d units in %s, promised %d", c.fset.Position(c.f.decl.Pos()), c.f.name(), got, name, most)
		}
	}
}

func TestLazyBounds(t *testing.T) {
	fset, all := source(t, "field64")
	done := 0
	for _, name := range counted {
		for _, f := range all {
			if f.name() != name {
				continue
			}
			done++
			c := &counter{t, fset, f, units{}}
			for k, v := range promises[name].takes {
				c.env[k] = v
			}
			c.block(f.decl.Body.List)
			c.promised()
			t.Logf("%s: %v", name, c.env)
		}
	}
	if done != len(counted) {
		t.Errorf("%d of %d functions found", done, len(counted))
	}
}
