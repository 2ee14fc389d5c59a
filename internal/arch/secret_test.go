package arch

import "go/ast"

// Four places made the same text of 256 random bits, and two of those that read it
// took more than one spelling. Keys are bytes and stay so; a nonce of a page's policy
// is shorter.
func secretsOnce(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || under(f.dir, "internal/secret", "internal/p384", "protocol") {
			continue
		}
		calls := map[string]string{}
		f.uses(func(n ast.Node, p, name string) {
			if p == "crypto/rand" && name == "Read" {
				calls[f.at(n)] = name
			}
		})
		if len(calls) == 0 {
			continue
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			read, size, text := false, false, false
			ast.Inspect(fn, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.SelectorExpr:
					read = read || calls[f.at(n)] == n.Sel.Name
					text = text || n.Sel.Name == "EncodeToString"
				case *ast.BasicLit:
					size = size || n.Value == "32"
				}
				return true
			})
			if read && size && text {
				broken = append(broken, f.at(fn)+" "+fn.Name.Name+" makes a secret of its own")
			}
		}
	}
	return broken
}
