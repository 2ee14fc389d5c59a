package wasm_test

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/wasm"
)

func get(t *testing.T, h http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

func TestManifestIsTrueAndWhole(t *testing.T) {
	m, err := wasm.ReadManifest()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{"manifest.json": true, "package.json": true, "README.md": true, "LICENSE": true, "return.html": true}
	for _, name := range []string{"index", "tokens", "fedcm", "idtoken", "keeper"} {
		seen[name+".d.ts"], seen[name+".d.cts"] = true, true
	}
	for name, f := range m.Hashes {
		seen[name], seen[name+".br"] = true, true
		b, err := fs.ReadFile(wasm.Files(), name)
		if err != nil {
			t.Error(err)
			continue
		}
		sum := sha512.Sum384(b)
		if got := "sha384-" + base64.StdEncoding.EncodeToString(sum[:]); got != f.Integrity || len(b) != f.Bytes {
			t.Errorf("%s: the manifest says %s and %d bytes, the file is %s and %d", name, f.Integrity, f.Bytes, got, len(b))
		}
	}
	files, err := fs.ReadDir(wasm.Files(), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !seen[f.Name()] {
			t.Errorf("%s is not in the manifest", f.Name())
		}
	}
	for flow, forms := range m.Flows {
		for _, form := range []wasm.Form{wasm.ESM, wasm.Classic} {
			if len(forms[form]) == 0 {
				t.Errorf("flow %s has no form %s", flow, form)
			}
			for _, name := range forms[form] {
				if _, ok := m.Hashes[name]; !ok {
					t.Errorf("flow %s, form %s: %s is not in this release", flow, form, name)
				}
			}
		}
	}
}

func TestAssetsAreServedToBeKept(t *testing.T) {
	m, err := wasm.ReadManifest()
	if err != nil {
		t.Fatal(err)
	}
	h := wasm.Assets("/bonafides/")
	for name, f := range m.Hashes {
		w := get(t, h, "GET", "/bonafides/"+name)
		if strings.HasSuffix(name, ".cjs") { // for bundlers and Node, not for pages
			if w.Code != 404 {
				t.Errorf("%s: %d", name, w.Code)
			}
			continue
		}
		if w.Code != 200 || w.Body.Len() != f.Bytes {
			t.Errorf("%s: %d, %d bytes", name, w.Code, w.Body.Len())
		}
		for k, v := range map[string]string{
			"Access-Control-Allow-Origin": "*", "X-Content-Type-Options": "nosniff",
			"Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "cross-origin",
		} {
			if w.Header().Get(k) != v {
				t.Errorf("%s: %s is %q, want %q", name, k, w.Header().Get(k), v)
			}
		}
		if want := "application/wasm"; strings.HasSuffix(name, ".wasm") && w.Header().Get("Content-Type") != want {
			t.Errorf("%s is served as %q", name, w.Header().Get("Content-Type"))
		}
		if w := get(t, h, "HEAD", "/bonafides/"+name); w.Code != 200 || w.Body.Len() != 0 {
			t.Errorf("HEAD %s: %d, %d bytes", name, w.Code, w.Body.Len())
		}
	}
	for path, status := range map[string]int{
		"/bonafides/": 404, "/bonafides/manifest.json": 404, "/bonafides/package.json": 404, "/bonafides/../wasm.go": 404, "/bonafides/nosuch.js": 404,
		"/bonafides/suffixes.txt": 404, "/bonafides//etc/passwd.js": 404, "/bonafides/%2e%2e/wasm.js": 404,
	} {
		if w := get(t, h, "GET", path); w.Code != status {
			t.Errorf("GET %s: %d, want %d", path, w.Code, status)
		}
	}
	if w := get(t, h, "POST", "/bonafides/x.js"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}

// The page says whose keeper it is and what it spends by itself; what would be
// another meaning is refused.
func TestKeeperPageSaysWhoseItIsAndWhatItSpends(t *testing.T) {
	for name, c := range map[string]struct {
		config wasm.KeeperConfig
		want   []string
	}{
		"zero": {wasm.KeeperConfig{}, []string{`name="bonafides-budget" content="6 20"`, `name="bonafides-commitments" content="/bonafides-commitments.json"`, "<title>Token keeper</title>"}},
		"all": {wasm.KeeperConfig{Name: `The <Guild>`, Commitments: "/keys.json", RedemptionsPerHour: 1, RedemptionsPerDay: 3}, []string{
			`content="1 3"`, `name="bonafides-commitments" content="/keys.json"`, "<title>Token keeper of The &lt;Guild&gt;</title>", `name="bonafides-name" content="The &lt;Guild&gt;"`}},
		"only the hour": {wasm.KeeperConfig{RedemptionsPerHour: 20}, []string{`content="20 20"`}},
	} {
		h, err := wasm.Keeper(c.config)
		if err != nil {
			t.Fatal(err)
		}
		body := get(t, h, "GET", "/keeper").Body.String()
		for _, want := range c.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s: the page lacks %s", name, want)
			}
		}
		if strings.Contains(body, "http-equiv") {
			t.Errorf("%s: the policy stands twice", name)
		}
	}
	for name, c := range map[string]wasm.KeeperConfig{
		"below zero": {RedemptionsPerHour: -1}, "a day below its hour": {RedemptionsPerHour: 9, RedemptionsPerDay: 8}, "no hour fits the day": {RedemptionsPerDay: 5}, "too many": {RedemptionsPerDay: 1_000_000},
	} {
		if _, err := wasm.Keeper(c); err == nil {
			t.Errorf("%s: a keeper was made", name)
		}
	}
}

func TestKeeperPageIsClosed(t *testing.T) {
	h, err := wasm.Keeper(wasm.KeeperConfig{})
	if err != nil {
		t.Fatal(err)
	}
	one, two := get(t, h, "GET", "/keeper"), get(t, h, "GET", "/keeper")
	policy := one.Header().Get("Content-Security-Policy")
	for _, part := range []string{
		"default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "frame-ancestors 'none'", "base-uri 'none'",
		"form-action 'none'", "require-trusted-types-for 'script'",
	} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s: %s", part, policy)
		}
	}
	if policy == two.Header().Get("Content-Security-Policy") {
		t.Error("two answers have the same nonce")
	}
	for k, v := range map[string]string{"Cross-Origin-Opener-Policy": "", "Set-Cookie": "", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
		if one.Header().Get(k) != v {
			t.Errorf("%s is %q, want %q", k, one.Header().Get(k), v)
		}
	}
	if strings.Contains(one.Body.String(), "bonafides-keeper") {
		t.Error("the zero configuration lets the keeper start at an issuer")
	}
	insecure, err := wasm.Keeper(wasm.KeeperConfig{InsecureKeeperOnIssuer: true})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(get(t, insecure, "GET", "/keeper").Body.String(), `content="insecure-on-issuer"`) {
		t.Error("InsecureKeeperOnIssuer is not told to the page")
	}
	if p := get(t, h, "GET", "/keeper?frame").Header().Get("Content-Security-Policy"); !strings.Contains(p, "frame-ancestors 'none'") {
		t.Errorf("the zero configuration lets the keeper be framed: %s", p)
	}
	framed, err := wasm.Keeper(wasm.KeeperConfig{AllowFrames: true})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/keeper": "frame-ancestors 'none'", "/keeper?frame": "frame-ancestors *", "/keeper?x=frame": "frame-ancestors 'none'"} {
		if p := get(t, framed, "GET", path).Header().Get("Content-Security-Policy"); !strings.Contains(p, want) {
			t.Errorf("%s: %s", path, p)
		}
	}
	if w := get(t, h, "POST", "/keeper"); w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
	// The script that the page names is one that is served, with its hash.
	m, _ := wasm.ReadManifest()
	found := false
	for name, f := range m.Hashes {
		found = found || strings.Contains(one.Body.String(), `src="/bonafides/`+name+`"`) && strings.HasPrefix(name, "keeper-") &&
			strings.Contains(strings.ReplaceAll(one.Body.String(), "&#43;", "+"), f.Integrity)
	}
	if !found {
		t.Errorf("the page names no script of this release:\n%s", one.Body)
	}
}

func TestScriptTag(t *testing.T) {
	tag, err := wasm.ScriptTag(`https://keeper.example/bonafides/`, `https://keeper.example`)
	if err != nil {
		t.Fatal(err)
	}
	name, integrity, err := wasm.Script("tokens", wasm.Classic)
	if err != nil {
		t.Fatal(err)
	}
	if want := `<script src="https://keeper.example/bonafides/` + name + `" integrity="` + integrity +
		`" crossorigin="anonymous" data-keeper="https://keeper.example"></script>`; tag != want {
		t.Errorf("tag %s\nwant %s", tag, want)
	}
	if tag, _ := wasm.ScriptTag(`"><script>`, `"`); strings.Contains(tag, `"><script>`) {
		t.Errorf("not escaped: %s", tag)
	}
	if _, _, err := wasm.Script("nosuch", wasm.ESM); err == nil {
		t.Error("a flow that does not exist was found")
	}
}

// What gen writes from abi.json, and from constants in Go, is what stands in the tree.
func TestGeneratedFilesAreOfThisTable(t *testing.T) {
	b, err := os.ReadFile("abi.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Modules []struct{ Name string }
	}
	if err := json.Unmarshal(b, &table); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	names := []string{"src/abi.gen.ts", "src/wire.gen.ts"}
	for _, m := range table.Modules {
		names = append(names, "guest/"+m.Name+"/exports_gen.go")
	}
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyFile(dir, "abi.json"); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("go", "run", "./gen", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range names {
		if err := same(name, filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}
