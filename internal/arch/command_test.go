package arch

import (
	"go/ast"
	"slices"
)

// The rooms share cmd/bonafides/internal/cli and nothing else, or a command could no
// longer be read by itself; main names them and does nothing that a test would miss.
func commandRooms(files []*file) (broken []string) {
	const command, shared = "cmd/bonafides", "cmd/bonafides/internal/cli"
	for _, f := range files {
		if !under(f.dir, command) || f.test {
			continue
		}
		for _, p := range f.imports {
			dir, own := local(p)
			switch {
			case own && under(dir, command) && f.dir != command && !under(dir, shared):
				broken = append(broken, f.path+" imports "+p)
			case f.dir == command && !(own && under(dir, command)) && p != "os" && p != "slices" && p != "time":
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

// The trace and the command took the same messages apart, each in its own way. Who
// plays a party of the protocol reads its messages, and shows none.
func inspectedOnce(files []*file) (broken []string) {
	parsers := []string{"ParseIssueRequest", "ParseIssueResponse", "ParseRedeemRequest", "ParseToken", "ParsePublicKey", "ParseClientData", "Inspect"}
	for _, f := range files {
		if f.test || !under(f.dir, "demo/trace") && f.path != "cmd/bonafides/internal/check/tokeninspect.go" {
			continue
		}
		f.uses(func(n ast.Node, p, name string) {
			if dir, ok := local(p); ok && under(dir, "protocol/pst", "protocol/jws") && slices.Contains(parsers, name) {
				broken = append(broken, f.at(n)+" uses "+p+"."+name)
			}
		})
	}
	return broken
}
