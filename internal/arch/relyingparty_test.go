package arch

import (
	"go/ast"
	"slices"
	"strings"
)

// Each room of the relying party can be read without the one before it:
// internal/op knows a provider and nobody who signs in, jwks knows keys. rpserver
// asks a provider through internal/op alone.
func relyingPartyOneWay(files []*file) (broken []string) {
	leads := map[string][]string{
		"rpserver/internal/op": {"jwks", "protocol", "internal/web", "internal/secret"},
		"jwks":                 {"protocol", "internal/web"},
	}
	for _, f := range files {
		if f.test {
			continue
		}
		if to, ok := leads[f.dir]; ok {
			for _, p := range f.imports {
				if dir, ours := local(p); ours && !under(dir, to...) || !ours && foreign(p) {
					broken = append(broken, f.path+" imports "+p)
				}
			}
		}
		f.uses(func(n ast.Node, p, name string) {
			serves := p == "net/http" && slices.Contains([]string{"Handler", "HandlerFunc", "ResponseWriter", "ServeMux", "Cookie"}, name)
			asks := p == "net/http" && slices.Contains([]string{"NewRequest", "NewRequestWithContext"}, name) ||
				p == module+"/protocol/oidc" && name == "ParseDiscovery"
			if leads[f.dir] != nil && serves || f.dir == "rpserver" && asks {
				broken = append(broken, f.at(n)+" uses "+name)
			}
		})
	}
	return broken
}

// Where a client goes whose addresses come from others is decided after the name
// was resolved, and internal/web alone does that. The caller may bring a client.
func asksGuarded(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || f.main || !under(f.dir, "rpserver", "jwks") {
			continue
		}
		f.uses(func(n ast.Node, p, name string) {
			ready := []string{"DefaultClient", "DefaultTransport", "Get", "Head", "Post", "PostForm", "Transport"}
			if p == "net/http" && slices.Contains(ready, name) || p == "net" && (name == "Dial" || name == "DialTimeout" || name == "Dialer") {
				broken = append(broken, f.at(n)+" uses "+name)
			}
		})
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if c, ok := n.(*ast.CompositeLit); ok {
				if s, ok := c.Type.(*ast.SelectorExpr); ok && s.Sel.Name == "Client" {
					broken = append(broken, f.at(n)+" makes a client of its own")
				}
			}
			return true
		})
	}
	return broken
}

// Relying party, gate and record check each had a source of keys and a second look
// of their own, and they differed in what a failed second look meant.
func looksAgainOnce(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || f.dir == "jwks" {
			continue
		}
		for _, p := range f.imports {
			if p != module+"/jwks" && p != module+"/protocol/jws" {
				continue
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					if s, ok := n.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "Refresh" {
						broken = append(broken, f.at(n)+" looks for keys again by itself")
					}
				case *ast.InterfaceType:
					for _, m := range n.Methods.List {
						if len(m.Names) == 1 && (m.Names[0].Name == "KeySet" || m.Names[0].Name == "Refresh") {
							broken = append(broken, f.at(m)+" is another source of keys than jwks.KeySource")
						}
					}
				}
				return true
			})
			break
		}
	}
	return broken
}

// Who only asks costs no row. A nonce is used, checked and swept in one place, behind
// the judgement of its seal, and what is sealed is read where it is made.
func noncesOnce(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || f.main || f.dir != "rpserver" {
			continue
		}
		for _, p := range f.imports {
			if p == module+"/internal/kdf" && f.path != "rpserver/sealed.go" {
				broken = append(broken, f.path+" imports "+p)
			}
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok && f.path != "rpserver/nonce.go" {
				s, ok := c.Fun.(*ast.SelectorExpr)
				if ok && slices.Contains([]string{"UseNonce", "CheckNonce", "SweepNonces"}, s.Sel.Name) {
					broken = append(broken, f.at(n)+" calls "+s.Sel.Name)
				}
			}
			return true
		})
	}
	return broken
}

// What a relying party sends and what a provider takes of it are one list of names
// and one of codes: a name that is read as it is not written is a check that never
// fails. Other words of the requests ("prompt", "max_age") mean other things too.
func authRequestsOnce(files []*file) (broken []string) {
	own := []string{"code_challenge", "code_challenge_method", "response_type", "response_mode", "request_uri", "acr_values",
		"select_account", "login_required", "consent_required", "account_selection_required", "interaction_required",
		"unsupported_response_type", "invalid_scope", "request_not_supported", "request_uri_not_supported", "registration_not_supported"}
	for _, f := range files {
		if f.test || f.main || !under(f.dir, "rpserver", "idpserver", "internal/web") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && slices.Contains(own, strings.Trim(l.Value, `"`)) {
				broken = append(broken, f.at(l)+" says "+l.Value)
			}
			return true
		})
	}
	return broken
}
