package arch

import (
	"go/ast"
	"slices"
	"strings"
)

// publicRefusals are the types that users see. Those with the fields of
// refusal.Refusal are converted by the compiler; the two that call the sentence a
// reason are made in one place each.
var publicRefusals = []string{"rpserver.Refusal", "rpserver/gate.Refused", "rpserver/record.Refused", "idpserver/fedcm.Error"}

// Eight types said the same three things, and a dozen places copied one into
// another. What the protocol packages call an Error is a message and no answer; the
// demo keeps what came over the wire, and what the provider cannot know of a token
// endpoint has no sentence.
func refusalsOnce(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || under(f.dir, "internal/refusal", "internal/web", "protocol", "demo", "test") {
			continue
		}
		copies := 0
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.TypeSpec:
				if s, ok := n.Type.(*ast.StructType); ok && saysNo(s) && !slices.Contains(publicRefusals, f.dir+"."+n.Name.Name) {
					broken = append(broken, f.at(n)+" "+n.Name.Name+" is another form of refusal.Refusal")
				}
			case *ast.CallExpr:
				if copied(n.Args) {
					copies++
				}
			case *ast.CompositeLit:
				if copied(n.Elts) {
					copies++
				}
			}
			return true
		})
		if own := slices.ContainsFunc(publicRefusals, func(p string) bool { return strings.HasPrefix(p, f.dir+".") }); copies > 1 || copies == 1 && !own {
			broken = append(broken, f.path+" copies a refusal field by field")
		}
	}
	return broken
}

// saysNo tells whether a struct holds a code beside a sentence.
func saysNo(s *ast.StructType) bool {
	code, sentence, fields := false, false, 0
	for _, field := range s.Fields.List {
		fields += len(field.Names)
		for _, name := range field.Names {
			switch strings.ToLower(name.Name) {
			case "code":
				code = true
			case "detail", "reason", "message", "text":
				sentence = true
			}
		}
	}
	return code && sentence && fields <= 3
}

// copied tells whether a list takes all of one refusal: code and sentence, and the
// status unless there is nothing else. What is drawn on a page takes other things.
func copied(list []ast.Expr) bool {
	status, code, sentence := "", "", ""
	for _, e := range list {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			e = kv.Value
		}
		s, ok := e.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		x, ok := s.X.(*ast.Ident)
		if !ok {
			continue
		}
		switch s.Sel.Name {
		case "Status":
			status = x.Name
		case "Code":
			code = x.Name
		case "Detail", "Reason":
			sentence = x.Name
		}
	}
	return code != "" && code == sentence && (status == code || len(list) == 2)
}
