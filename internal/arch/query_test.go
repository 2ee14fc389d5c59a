package arch

import "go/ast"

// Go's own reader of queries drops a pair that holds a semicolon, and with it a demand
// of the one who asked: what a request says is read by internal/web.
func queriesOnce(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || !under(f.dir, "rpserver", "idpserver", "issuer", "internal/web") {
			continue
		}
		if f.path == "internal/web/query.go" {
			continue
		}
		f.uses(func(n ast.Node, p, name string) {
			if p == "net/url" && name == "ParseQuery" {
				broken = append(broken, f.at(n)+" reads a query with net/url")
			}
		})
		ast.Inspect(f.ast, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			of, ok := s.X.(*ast.SelectorExpr)
			if ok && of.Sel.Name == "URL" && s.Sel.Name == "Query" {
				broken = append(broken, f.at(n)+" reads a request's query with net/url")
			}
			if s.Sel.Name == "ParseForm" || s.Sel.Name == "FormValue" || s.Sel.Name == "PostFormValue" {
				broken = append(broken, f.at(n)+" reads a request's form with net/http")
			}
			return true
		})
	}
	return broken
}
