package arch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheTreeKeepsItsRules(t *testing.T) {
	files := goFiles(t)
	if len(files) < 50 {
		t.Fatalf("only %d Go files were found", len(files))
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			for _, b := range r.broken(files) {
				t.Error(b)
			}
		})
	}
}

// Every rule must be able to fail: these files break them, one rule each.
func TestEveryRuleCatchesItsBreach(t *testing.T) {
	imports := func(p string) string { return `import _ "` + p + `"` }
	for _, c := range []struct{ rule, path, source string }{
		{"only pure packages", "protocol/jws/x.go", imports("fmt")},
		{"only pure packages", "protocol/x/y/x.go", imports("net/http")},
		{"only pure packages", "protocol/pst/x.go", imports("math/big")},
		{"only pure packages", "protocol/pst/x.go", imports("encoding/json")},
		{"only pure packages", "protocol/pst/x.go", imports("github.com/cloudflare/circl/group")},
		{"only pure packages", "protocol/pst/x.go", imports(module + "/internal/web")},
		{"only pure packages", "internal/p384/x.go", imports("reflect")},
		{"reads a clock", "protocol/oidc/x.go", `import "time"; var _ = time.Now`},
		{"reads a clock", "protocol/oidc/x.go", `import clock "time"; var _ = clock.Since(clock.Time{})`},
		{"reads a clock", "protocol/oidc/x.go", `func f() { go f() }`},
		{"reads a clock", "protocol/oidc/x.go", `var c chan int`},
		{"know each other", "rpserver/x.go", imports(module + "/idpserver")},
		{"know each other", "rpserver/record/x.go", imports(module + "/issuer")},
		{"know each other", "idpserver/fedcm/x.go", imports(module + "/rpserver/jwks")},
		{"know each other", "issuer/x.go", imports(module + "/rpserver")},
		{"stores are imported", "rpserver/x.go", imports(module + "/store/rp")},
		{"stores are imported", "internal/web/x.go", imports(module + "/store/memstore")},
		{"jwx is imported", "idpserver/x.go", imports("github.com/lestrrat-go/jwx/v2/jwt")},
		{"jwx is imported", "protocol/jws/x_test.go", imports("github.com/lestrrat-go/jwx/v2/jwk")},
		{"the curve is imported", "issuer/x.go", imports(module + "/internal/p384")},
		{"imports the demo", "internal/look/x.go", imports(module + "/demo/trace")},
		{"brings no sessions", "rpserver/record/x.go", imports(module + "/rpserver")},
		{"brings no sessions", "rpserver/record/x.go", imports("github.com/alexedwards/scs/v2")},
		{"read with encoding/json", "issuer/x.go", `import "encoding/json"; var _ = json.Unmarshal`},
		{"read with encoding/json", "rpserver/x.go", `import j "encoding/json"; var _ = j.NewDecoder`},
		{"reach pure packages", "wasm/guest/edge/x.go", imports("net/http")},
		{"stays in the Worker", "issuer/x.go", imports("github.com/syumai/workers")},
		{"stays in the Worker", "demo/x.go", imports("syscall/js")},
		{"says what it is", "somewhere/x.go", ``},
	} {
		f, err := parse(c.path, []byte("package x\n"+c.source))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, r := range rules {
			if strings.Contains(r.name, c.rule) {
				found = true
				if len(r.broken([]*file{f})) == 0 {
					t.Errorf("%s with %q does not break %q", c.path, c.source, r.name)
				}
			}
		}
		if !found {
			t.Errorf("no rule is named like %q", c.rule)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A dependency is a promise to every user, so each says in one line why it is
// there.
func TestEveryDirectDependencySaysWhy(t *testing.T) {
	if broken := unexplained(read(t, "go.mod")); len(broken) > 0 {
		t.Errorf("go.mod: no reason beside %s", strings.Join(broken, ", "))
	}
	const bad = "module m\n\nrequire (\n\ta.example/a v1.0.0 // why\n\tb.example/b v1.0.0\n)\n\nrequire c.example/c v1.0.0\n" +
		"require (\n\td.example/d v1.0.0 // indirect\n)\n"
	if got := strings.Join(unexplained(bad), " "); got != "b.example/b c.example/c" {
		t.Errorf("this test sees %q", got)
	}
}

// unexplained lists the direct requirements of a go.mod without a comment.
func unexplained(gomod string) (names []string) {
	block := false
	for line := range strings.Lines(gomod) {
		line = strings.TrimSpace(line)
		switch {
		case line == "require (":
			block = true
			continue
		case line == ")":
			block = false
			continue
		case strings.HasPrefix(line, "require "):
			line = strings.TrimPrefix(line, "require ")
		case !block || line == "" || strings.HasPrefix(line, "//"):
			continue
		}
		requirement, comment, _ := strings.Cut(line, "//")
		if strings.TrimSpace(comment) == "" {
			name, _, _ := strings.Cut(requirement, " ")
			names = append(names, name)
		}
	}
	return names
}

// Where packages are fetched from is the business of whoever builds: the tree
// names no registry, mirror or proxy, also not in a lock file. Nor does it keep
// notes to its writers.
func TestNoFileNamesARegistryOrHoldsANote(t *testing.T) {
	hosts := []string{ // in two pieces, or this file would break its own rule
		"registry.npm" + "js.org", "registry.yarn" + "pkg.com", "npm.pkg." + "github.com", "npm" + "mirror.com",
		"proxy.go" + "lang.org", "sum.go" + "lang.org", "go" + "proxy.io", "go" + "proxy.cn",
		"py" + "pi.org", "python" + "hosted.org", "static.crates" + ".io", "index.crates" + ".io",
		"deb.debian" + ".org", "archive.ubuntu" + ".com", "j" + "frog.io",
	}
	notes := []string{"TO" + "DO", "FIX" + "ME", "XX" + "X:"}
	count := 0
	walk(t, func(name string) {
		text := read(t, name)
		count++
		lower := strings.ToLower(text)
		for _, h := range hosts {
			if strings.Contains(lower, h) {
				t.Errorf("%s names %s", name, h)
			}
		}
		if strings.Contains("/"+name, "/testdata/") || strings.HasSuffix(name, ".wasm") || strings.HasSuffix(name, ".png") {
			return
		}
		for _, n := range notes {
			if strings.Contains(text, n) {
				t.Errorf("%s holds a %s", name, n)
			}
		}
	})
	if count < 100 {
		t.Errorf("only %d files were read", count)
	}
}
