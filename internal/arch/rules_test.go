package arch

import (
	"go/ast"
	"slices"
	"strings"
)

// A rule looks at all files of the module and returns what breaks it, each with
// its place.
type rule struct {
	name   string
	broken func(files []*file) []string
}

var rules = []rule{
	{"below the purity line only pure packages are imported", pureImports},
	{"below the purity line nothing reads a clock or starts a goroutine", pureCalls},
	{"issuer, rpserver and idpserver do not know each other", serversApart},
	{"stores are imported by mains, the demo and tests alone", storesOutside},
	{"the rooms of a server are entered one way", roomsOneWay},
	{"the rooms of the operator's command are apart, and its main does nothing", commandRooms},
	{"sessions by scs are for relying parties, whose applications may bring it", scsApart},
	{"a store knows one server, the one that it is for", storesApart},
	{"jwx is imported by internal/jose alone", jwxApart},
	{"the curve is imported by voprf and pst alone", curveApart},
	{"nothing below the demo imports the demo", demoOutside},
	{"what only the demo draws is no part of the provider's look", lookWithoutDemo},
	{"the checks of a record and of the gate bring no sessions, stores or pages along", checksAlone},
	{"guest modules reach pure packages alone", guestsPure},
	{"servers never read with encoding/json", serversReadStrictly},
	{"the Worker's library stays in the Worker", workersApart},
	{"limits are given the time", limitsWithoutClock},
	{"which origins are secure is judged by protocol/origin alone", originsOnce},
	{"who looks for newer keys does it through jwks.Judge", looksAgainOnce},
	{"the relying party's rooms lead one way: rpserver, internal/op, jwks", relyingPartyOneWay},
	{"what the relying party makes to ask others with is the guarded client", asksGuarded},
	{"examples import nothing internal", examplesCanBeCopied},
	{"no public name is of an internal type", publicNamesArePublic},
	{"the relying party's nonces are sealed, used and swept in one place", noncesOnce},
	{"messages are taken apart for people by internal/inspect alone", inspectedOnce},
	{"keys are derived from secrets in one place", derivedOnce},
	{"servers have deadlines", serversHaveDeadlines},
	{"a refusal has one form, and nobody copies it by hand", refusalsOnce},
	{"an authentication request is written and read by protocol/oidc alone", authRequestsOnce},
	{"queries and forms of requests are read by internal/web alone", queriesOnce},
	{"a secret of 256 bits is made by internal/secret alone", secretsOnce},
	{"every package says what it is", documented},
}

// They meet over HTTP, in the demo and in tests. Who runs one of them does not
// carry the others.
func serversApart(files []*file) (broken []string) {
	servers := []string{"issuer", "rpserver", "idpserver"}
	for _, f := range files {
		if f.test {
			continue
		}
		for _, own := range servers {
			if !under(f.dir, own) {
				continue
			}
			for _, p := range f.imports {
				if dir, ok := local(p); ok && under(dir, servers...) && !under(dir, own) {
					broken = append(broken, f.path+" imports "+p)
				}
			}
		}
	}
	return broken
}

// Interfaces belong to the package that uses them, and a store is chosen by the
// program.
func storesOutside(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || f.main || under(f.dir, "store", "demo", "test") {
			continue
		}
		for _, p := range f.imports {
			if dir, ok := local(p); ok && under(dir, "store") {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

// rooms are the packages inside a server, each with those that it may enter.
var rooms = map[string][]string{
	"idpserver/directory":       {},
	"idpserver/internal/people": {"idpserver/directory"},
	"idpserver/internal/logout": {},
	"idpserver/internal/tokens": {"idpserver/directory", "idpserver/internal/people", "idpserver/internal/logout"},
	"idpserver/internal/pages":  {"idpserver/directory", "idpserver/fedcm", "idpserver/internal/people", "idpserver/internal/tokens"},
	"idpserver/internal/op":     {"idpserver/directory", "idpserver/fedcm", "idpserver/internal/people", "idpserver/internal/tokens", "idpserver/internal/pages"},
	"idpserver/internal/popup":  {"idpserver/directory", "idpserver/fedcm", "idpserver/internal/people", "idpserver/internal/tokens", "idpserver/internal/pages"},
	"idpserver/fedcm":           {},
}

// One package of 26 files referred to itself 191 times, 77 of them back up.
func roomsOneWay(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || !under(f.dir, "idpserver") || f.dir == "idpserver" {
			continue
		}
		for _, p := range f.imports {
			if dir, ok := local(p); ok && under(dir, "idpserver") && !slices.Contains(rooms[f.dir], dir) {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

func scsApart(files []*file) (broken []string) {
	for _, f := range files {
		for _, p := range f.imports {
			if under(p, "github.com/alexedwards/scs") && !f.test && !under(f.dir, "rpserver", "store/rpstore", "store/mem/rpmem", "store/storetest") {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

var storeOf = map[string]string{
	"store/idpstore": "idpserver", "store/mem/idpmem": "idpserver",
	"store/rpstore": "rpserver", "store/mem/rpmem": "rpserver",
	"store/spentstore": "issuer", "store/mem/spentmem": "issuer",
}

// Who links one server's store does not link the others' servers.
func storesApart(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || !under(f.dir, "store") || f.dir == "store/storetest" {
			continue
		}
		own := storeOf[f.dir]
		for _, p := range f.imports {
			if dir, ok := local(p); ok && under(dir, "issuer", "rpserver", "idpserver") && (own == "" || !under(dir, own)) {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

// jwx makes and publishes keys and signs; it never sees a token of a stranger.
// Tests obey too: what a test of jwx's answers wants is in a nested module.
func jwxApart(files []*file) (broken []string) {
	for _, f := range files {
		for _, p := range f.imports {
			if under(p, "github.com/lestrrat-go/jwx") && f.dir != "internal/jose" {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

func curveApart(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || under(f.dir, "internal/p384", "protocol/voprf", "protocol/pst") {
			continue
		}
		if slices.Contains(f.imports, module+"/internal/p384") {
			broken = append(broken, f.path+" imports the curve")
		}
	}
	return broken
}

func demoOutside(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || under(f.dir, "demo", "test") {
			continue
		}
		for _, p := range f.imports {
			if dir, ok := local(p); ok && under(dir, "demo") {
				broken = append(broken, f.path+" imports "+p)
			}
		}
	}
	return broken
}

// demoWords are what the demo draws and a provider's pages do not know: its parties,
// and the parts of its instrument.
var demoWords = []string{"Party", "Parties", "Publisher", "AdNetwork", "Shop", "IdP", "Panel", "Instrument", "Attack", "Bytes", "Learned", "Steps", "Outcome", "Role"}

func lookWithoutDemo(files []*file) (broken []string) {
	for _, f := range files {
		if f.test || f.dir != "internal/look" {
			continue
		}
		for _, d := range f.ast.Decls {
			for _, name := range declared(d) {
				if slices.Contains(demoWords, name) {
					broken = append(broken, f.path+" declares "+name)
				}
			}
		}
	}
	return broken
}

// declared returns the names of a declaration at a file's top, and of the fields of
// its types.
func declared(d ast.Decl) (names []string) {
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			return false
		case *ast.FuncDecl:
			names = append(names, n.Name.Name)
		case *ast.TypeSpec:
			names = append(names, n.Name.Name)
		case *ast.ValueSpec:
			for _, id := range n.Names {
				names = append(names, id.Name)
			}
		case *ast.StructType:
			for _, field := range n.Fields.List {
				for _, id := range field.Names {
					names = append(names, id.Name)
				}
			}
		}
		return true
	})
	return names
}

// An ad network imports rpserver/record, a server behind the gate rpserver/gate;
// everything that they bring along is read here, through as many steps as it takes.
func checksAlone(files []*file) (broken []string) {
	imports := map[string][]string{}
	for _, f := range files {
		if !f.test && !f.main {
			imports[f.dir] = append(imports[f.dir], f.imports...)
		}
	}
	seen := map[string]bool{}
	var visit func(dir string)
	visit = func(dir string) {
		if seen[dir] {
			return
		}
		seen[dir] = true
		for _, p := range imports[dir] {
			if d, ok := local(p); ok {
				visit(d)
				if d == "rpserver" || under(d, "store", "issuer", "idpserver", "internal/look", "internal/jose") {
					broken = append(broken, dir+" imports "+p)
				}
			} else if strings.Contains(p, ".") && !under(p, pureModules...) {
				broken = append(broken, dir+" imports "+p)
			} else if p == "database/sql" {
				broken = append(broken, dir+" imports "+p)
			}
		}
	}
	visit("rpserver/record")
	visit("rpserver/gate")
	return broken
}

func documented(files []*file) (broken []string) {
	said := map[string]bool{}
	for _, f := range files {
		if !f.test {
			said[f.dir] = said[f.dir] || f.ast.Doc != nil && len(f.ast.Doc.Text()) > 30
		}
	}
	for dir, ok := range said {
		if !ok {
			broken = append(broken, dir+" has no package comment")
		}
	}
	slices.Sort(broken)
	return broken
}
