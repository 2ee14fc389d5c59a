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
		{"only pure packages", "internal/keyring/x.go", imports("os")},
		{"only pure packages", "internal/exchange/x.go", imports(module + "/internal/web")},
		{"only pure packages", "internal/recordcheck/x.go", imports("net/http")},
		{"reads a clock", "internal/keyring/x.go", `import "time"; var _ = time.Now`},
		{"reads a clock", "protocol/oidc/x.go", `import "time"; var _ = time.Now`},
		{"reads a clock", "protocol/oidc/x.go", `import clock "time"; var _ = clock.Since(clock.Time{})`},
		{"reads a clock", "protocol/oidc/x.go", `func f() { go f() }`},
		{"reads a clock", "protocol/oidc/x.go", `var c chan int`},
		{"know each other", "rpserver/x.go", imports(module + "/idpserver")},
		{"know each other", "rpserver/record/x.go", imports(module + "/issuer")},
		{"know each other", "idpserver/fedcm/x.go", imports(module + "/rpserver/record")},
		{"know each other", "issuer/x.go", imports(module + "/rpserver")},
		{"stores are imported", "rpserver/x.go", imports(module + "/store/rpstore")},
		{"rooms of a server", "idpserver/internal/people/x.go", imports(module + "/idpserver/internal/tokens")},
		{"rooms of a server", "idpserver/internal/tokens/x.go", imports(module + "/idpserver/internal/pages")},
		{"rooms of a server", "idpserver/internal/pages/x.go", imports(module + "/idpserver/internal/op")},
		{"rooms of a server", "idpserver/internal/op/x.go", imports(module + "/idpserver")},
		{"rooms of a server", "idpserver/internal/new/x.go", imports(module + "/idpserver/directory")},
		{"rooms of the operator's command", "cmd/bonafides/internal/check/x.go", imports(module + "/cmd/bonafides/internal/keys")},
		{"rooms of the operator's command", "cmd/bonafides/x.go", imports(module + "/protocol/pst")},
		{"sessions by scs", "idpserver/internal/people/x.go", imports("github.com/alexedwards/scs/v2")},
		{"a store knows one server", "store/rpstore/x.go", imports(module + "/idpserver")},
		{"a store knows one server", "store/internal/x/x.go", imports(module + "/issuer")},
		{"stores are imported", "internal/web/x.go", imports(module + "/store/mem/rpmem")},
		{"jwx is imported", "idpserver/x.go", imports("github.com/lestrrat-go/jwx/v2/jwt")},
		{"jwx is imported", "protocol/jws/x_test.go", imports("github.com/lestrrat-go/jwx/v2/jwk")},
		{"the curve is imported", "issuer/x.go", imports(module + "/internal/p384")},
		{"imports the demo", "internal/look/x.go", imports(module + "/demo/trace")},
		{"no part of the provider's look", "internal/look/x.go", `func Panel(title string) {}`},
		{"no part of the provider's look", "internal/look/x.go", `type Props struct{ Role string }`},
		{"no part of the provider's look", "internal/look/x.go", `const ( None = 0; Shop = 1 )`},
		{"bring no sessions", "rpserver/record/x.go", imports(module + "/rpserver")},
		{"bring no sessions", "rpserver/record/x.go", imports("github.com/alexedwards/scs/v2")},
		{"bring no sessions", "rpserver/gate/x.go", imports(module + "/rpserver")},
		{"read with encoding/json", "issuer/x.go", `import "encoding/json"; var _ = json.Unmarshal`},
		{"read with encoding/json", "rpserver/x.go", `import j "encoding/json"; var _ = j.NewDecoder`},
		{"reach pure packages", "wasm/guest/edge/x.go", imports("net/http")},
		{"stays in the Worker", "issuer/x.go", imports("github.com/syumai/workers")},
		{"stays in the Worker", "demo/x.go", imports("syscall/js")},
		{"given the time", "internal/limit/x.go", `import "time"; var _ = time.Now`},
		{"given the time", "internal/limit/x.go", `func f() { go f() }`},
		{"given the time", "internal/limit/x.go", imports("golang.org/x/time/rate")},
		{"judged by protocol/origin", "rpserver/x.go", `import "strings"; var _ = strings.HasSuffix("", ".localhost")`},
		{"judged by protocol/origin", "issuer/x.go", `import "net/netip"; var _ = netip.Addr.IsLoopback`},
		{"through jwks.Judge", "rpserver/x.go", `import "` + module + `/jwks"; func f(s jwks.RefreshingKeySource) { _, _ = s.Refresh(nil, "") }`},
		{"through jwks.Judge", "rpserver/gate/x.go", `import "` + module + `/protocol/jws"; type S interface { KeySet() *jws.KeySet }`},
		{"rooms lead one way", "rpserver/internal/op/x.go", imports(module + "/rpserver/record")},
		{"rooms lead one way", "rpserver/internal/op/x.go", imports("github.com/alexedwards/scs/v2")},
		{"rooms lead one way", "rpserver/internal/op/x.go", `import "net/http"; func f(w http.ResponseWriter) {}`},
		{"rooms lead one way", "rpserver/internal/op/x.go", `import web "net/http"; var h web.Handler`},
		{"rooms lead one way", "jwks/x.go", imports(module + "/rpserver/internal/op")},
		{"rooms lead one way", "rpserver/x.go", `import "net/http"; var _ = http.NewRequestWithContext`},
		{"rooms lead one way", "rpserver/x.go", `import "` + module + `/protocol/oidc"; var _ = oidc.ParseDiscovery`},
		{"the guarded client", "rpserver/gate/x.go", `import "net/http"; var c = &http.Client{Timeout: 1}`},
		{"the guarded client", "jwks/x.go", `import "net/http"; var c = http.DefaultClient`},
		{"the guarded client", "rpserver/internal/op/x.go", `import "net/http"; var t http.RoundTripper = &http.Transport{}`},
		{"the guarded client", "rpserver/record/x.go", `import "net"; var _ = net.Dial`},
		{"import nothing internal", "examples/issuer/x.go", imports(module + "/internal/exchange")},
		{"import nothing internal", "examples/issuer/x_test.go", imports(module + "/store/internal/sqldb")},
		{"of an internal type", "issuer/x.go", `import "` + module + `/internal/exchange"; type Keys = exchange.Keys`},
		{"of an internal type", "issuer/x.go", `import "` + module + `/internal/exchange"; type Keys exchange.Keys`},
		{"of an internal type", "issuer/x.go", `import core "` + module + `/internal/exchange"; func Serve(k []*core.Keys) {}`},
		{"of an internal type", "issuer/x.go", `import "` + module + `/internal/exchange"; type Keys struct{}; func (*Keys) Core() *exchange.Keys { return nil }`},
		{"of an internal type", "issuer/x.go", `import "` + module + `/internal/exchange"; type Keys struct{ Core, more *exchange.Keys }`},
		{"of an internal type", "issuer/x.go", `import "` + module + `/internal/exchange"; type Keys struct{ *exchange.Keys }`},
		{"of an internal type", "issuer/x.go", `import "` + module + `/internal/exchange"; type Source interface{ Keys() *exchange.Keys }`},
		{"of an internal type", "issuer/x.go", `import "` + module + `/internal/exchange"; var NotIssue = exchange.NotIssue`},
		{"used and swept in one place", "rpserver/codeflow.go", `func f(s interface{ UseNonce() }) { s.UseNonce() }`},
		{"used and swept in one place", "rpserver/x.go", `func f(s interface{ SweepNonces() }) { s.SweepNonces() }`},
		{"by internal/inspect alone", "demo/trace/x.go", `import "` + module + `/protocol/pst"; var _ = pst.ParseToken`},
		{"by internal/inspect alone", "cmd/bonafides/internal/check/tokeninspect.go", `import "` + module + `/protocol/jws"; var _ = jws.Inspect`},
		{"used and swept in one place", "rpserver/nonce.go", imports(module + "/internal/kdf")},
		{"derived from secrets in one place", "idpserver/internal/people/x.go", imports("crypto/hkdf")},
		{"servers have deadlines", "demo/x.go", `import "net/http"; var s = &http.Server{ReadHeaderTimeout: 1}`},
		{"servers have deadlines", "cmd/bonafides/x.go", `import web "net/http"; var s web.Server = web.Server{}`},
		{"servers have deadlines", "examples/issuer/main.go", `import "net/http"; var s = http.Server{Addr: "x"}`},
		{"servers have deadlines", "rpserver/example_test.go", `import "net/http"; var s = &http.Server{}`},
		{"servers have deadlines", "examples/issuer/main.go", `import "net/http"; func f() { http.ListenAndServe("", nil) }`},
		{"servers have deadlines", "idpserver/x_test.go", `import "net/http"; func f() { http.Serve(nil, nil) }`},
		{"only pure packages", "internal/refusal/x.go", imports("net/http")},
		{"refusal has one form", "idpserver/internal/op/x.go", `type no struct { Status int; Code, Text string }`},
		{"refusal has one form", "wasm/guest/abi/x.go", `type No struct { code string; detail string }`},
		{"refusal has one form", "issuer/x.go", `func f(r *no) { web.NewProblem(r.Status, r.Code, r.Detail) }`},
		{"refusal has one form", "idpserver/x.go", `func f(r *no) any { return &fedcm.Error{Status: r.Status, Code: r.Code, Detail: r.Detail} }`},
		{"refusal has one form", "rpserver/record/x.go", `func f(r *no) any { return Refused{r.Code, r.Detail} }; func g(r *no) any { return Refused{r.Code, r.Detail} }`},
		{"written and read by protocol/oidc", "idpserver/internal/op/x.go", `const method = "code_challenge_method"`},
		{"written and read by protocol/oidc", "rpserver/x.go", `func f(code string) bool { return code == "login_required" }`},
		{"made by internal/secret", "rpserver/x.go", `import ("crypto/rand"; "encoding/base64")
			func f() string { var b [32]byte; rand.Read(b[:]); return base64.RawURLEncoding.EncodeToString(b[:]) }`},
		{"made by internal/secret", "idpserver/internal/people/x.go", `import ("crypto/rand"; "encoding/hex")
			func f() string { b := make([]byte, 32); rand.Read(b); return hex.EncodeToString(b) }`},
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
