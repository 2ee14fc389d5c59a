package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// parts are all groups of tests, in the order in which they run: what is quick
// and what other parts stand on comes first.
var parts = []part{
	{name: "vet", sets: "check test", about: "go vet, natively and for js/wasm", run: vet},
	{name: "staticcheck", sets: "check test", about: "staticcheck", run: staticcheck},
	{name: "platforms", sets: "test", about: "staticcheck of what is built for several platforms, on all of them", run: platforms},
	{name: "govulncheck", sets: "test", about: "known vulnerabilities in what the code calls", run: govulncheck},
	{name: "generate", sets: "check test generate", about: "the generated files are those that the generators write", run: generate},
	{name: "purity", sets: "check test", about: "who may import what", run: purity},
	{name: "unit", sets: "check test", about: "go test ./..., with the vectors", timeout: 20 * time.Minute, run: unit},
	{name: "coverage", sets: "test", about: "every statement of the readers is tested", run: coverage},
	{name: "race", sets: "test", about: "the servers and stores under the race detector", timeout: 20 * time.Minute, run: race},
	{name: "wasm", sets: "test", about: "protocol/ compiled to WebAssembly, in Node", timeout: 15 * time.Minute, run: wasm},
	{name: "arch", sets: "test", about: "the curve and the tokens on 386, arm64 (emulated) and wasip1, and on nistec", timeout: 15 * time.Minute, run: arch},
	{name: "tinygo", sets: "test", about: "the curve and the tokens as TinyGo compiles them, against nistec and vectors, in Node", timeout: 10 * time.Minute, run: tinygo},
	{name: "fuzz", sets: "test", about: "every fuzz target for a few seconds", timeout: 15 * time.Minute, run: fuzzSmoke},
	{name: "modules", sets: "test", about: "the nested modules: tools, and the peers that the code is held against", timeout: 15 * time.Minute, run: modules},
	{name: "worker", sets: "test worker", about: "the Cloudflare Worker, in workerd and as a dry run of its deployment", timeout: 30 * time.Minute, run: worker},
	{name: "js", sets: "check test", about: "the browser's modules, in Node against stand-ins", run: scripts},
	{name: "memory", sets: "test", about: "10,000 exchanges with one instance of each browser module", run: memory},
	{name: "examples", sets: "test", about: "the examples, compiled and run", run: examples},
	{name: "browser", sets: "test", about: "the demo in real browsers", timeout: 40 * time.Minute, run: browser},
	{name: "long-timing", sets: "long", about: "whether the time of secret operations depends on the secret; alone, as others would disturb it", timeout: 4 * time.Hour, run: longTiming},
	{name: "long-fuzz", sets: "long", about: "every fuzz target for long", timeout: 12 * time.Hour, run: fuzzLong},
	{name: "long-tests", sets: "long", about: "the tests behind the build tag long", timeout: 12 * time.Hour, run: longTests},
	{name: "long-arch", sets: "long", about: "the long comparisons of the curve, on 386 and on arm64 (emulated)", timeout: 12 * time.Hour, run: longArch},
	{name: "long-wasm", sets: "long", about: "the long comparisons of the curve, on js/wasm and wasip1", timeout: 12 * time.Hour, run: longWasm},
	{name: "long-tinygo", sets: "long", about: "the same comparisons on TinyGo", timeout: 4 * time.Hour, run: longTinyGo},
	{name: "long-worker", sets: "long", about: "the Worker stopped hard in the middle of 10,000 redemptions, in workerd", timeout: 2 * time.Hour, run: longWorker},
	{name: "peers", sets: "bench", about: "beside what users could take instead: the tables of docs/performance.md", timeout: time.Hour, run: peers},
	{name: "bench-worker", sets: "bench", about: "the Worker in workerd beside a bare one: the tables of docs/design/0003", timeout: time.Hour, run: benchWorker},
	{name: "bench", sets: "bench", about: "the benchmarks", timeout: 2 * time.Hour, run: bench},
}

func vet(ctx context.Context, t *tally) {
	command{args: []string{"go", "vet", "./..."}}.single(ctx, t, "go vet ./...")
	command{args: []string{"go", "vet", "-tags", "long", "./..."}}.single(ctx, t, "go vet -tags long ./...")
	command{env: jsWasm, args: []string{"go", "vet", "./protocol/...", "./internal/p384/..."}}.single(ctx, t, "GOOS=js GOARCH=wasm go vet ./protocol/...")
}

// platformPackages are built for several platforms: what one does not use
// another may.
var platformPackages = []string{"wasm", "worker", "protocol", "internal/p384"}

func staticcheck(ctx context.Context, t *tally) {
	packages := packagesBut(ctx, t, platformPackages...)
	command{args: append([]string{"staticcheck"}, packages...)}.single(ctx, t, "staticcheck")
}

// platforms merges what staticcheck finds on each platform: code is unused only
// if it is unused on all.
func platforms(ctx context.Context, t *tally) {
	args := []string{"staticcheck", "-matrix"}
	for _, p := range platformPackages {
		if _, err := os.Stat(p); err == nil {
			args = append(args, "./"+p+"/...")
		}
	}
	const matrix = "native:\njs: GOOS=js GOARCH=wasm\nwasip1: GOOS=wasip1 GOARCH=wasm\n386: GOARCH=386\nnistec: -tags=nistec\n"
	command{input: matrix, args: args}.single(ctx, t, "staticcheck -matrix")
}

// govulncheck needs the vulnerability database. Where that cannot be reached,
// nothing was checked: neither a pass nor a failure.
func govulncheck(ctx context.Context, t *tally) {
	out, errs, err := command{args: []string{"govulncheck", "./..."}}.output(ctx)
	if err != nil && strings.Contains(errs, "fetching vulnerabilities") {
		t.mayBeEmpty = true
		t.note("NOT RUN, the vulnerability database cannot be reached: %s", strings.TrimSpace(errs))
		return
	}
	if err != nil {
		t.fail("govulncheck ./...", out+errs)
		return
	}
	t.pass(1)
}

// generate runs the generators and compares what they wrote with what was there.
func generate(ctx context.Context, t *tally) {
	before := generatedFiles()
	// Folder by folder: templ writes the path from where it starts into what it generates.
	templates := map[string]bool{}
	walkSources(func(path string) {
		if strings.HasSuffix(path, ".templ") {
			templates[filepath.Dir(path)] = true
		}
	})
	for dir := range templates {
		out, errs, err := command{args: []string{"templ", "generate", "-path", dir}}.output(ctx)
		if err != nil {
			t.fail("templ generate -path "+dir, out+errs+err.Error())
		}
	}
	command{args: []string{"go", "generate", "./..."}}.single(ctx, t, "go generate ./...")
	after := generatedFiles()
	for name, sum := range after {
		switch was, ok := before[name]; {
		case !ok:
			t.fail(name, "this generated file was missing; it is written now: commit it")
		case was != sum:
			t.fail(name, "this generated file was not what its generator writes; it is written anew: commit it")
		default:
			t.pass(1)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			t.fail(name, "this generated file is gone after generating")
		}
	}
}

// walkSources calls visit for every file outside folders that are installed,
// built or hidden.
func walkSources(visit func(path string)) {
	filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != "." && (name == "node_modules" || name == "dist" || strings.HasPrefix(name, ".")) {
				return filepath.SkipDir
			}
			return nil
		}
		visit(path)
		return nil
	})
}

// generatedFiles gives the hash of every Go file that says it is generated.
func generatedFiles() map[string][32]byte {
	found := map[string][32]byte{}
	walkSources(func(path string) {
		if !strings.HasSuffix(path, ".go") {
			return
		}
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text[:min(len(text), 400)]), "// Code generated ") {
			found[path] = sha256.Sum256(text)
		}
	})
	return found
}

func purity(ctx context.Context, t *tally) {
	goTest(ctx, t, command{}, "-count=1", "./internal/arch/...")
}

func unit(ctx context.Context, t *tally) {
	goTest(ctx, t, command{}, append([]string{"-count=1"}, packagesBut(ctx, t, "internal/arch", "examples", "worker")...)...)
}

// readers are the packages that judge what anybody may have sent before anything
// is known of the sender. No statement of theirs may go untested.
var readers = []string{"strictjson", "jws", "oidc", "fedcm"}

func coverage(ctx context.Context, t *tally) {
	for _, name := range readers {
		c := command{args: []string{"go", "test", "-count=1", "-cover", "./protocol/" + name}}
		out, errs, err := c.output(ctx)
		if err != nil || !strings.Contains(out, "coverage: 100.0% of statements") {
			t.fail(c.String(), out+errs+"\nEvery statement of a reader has to be reached by its tests.")
			continue
		}
		t.pass(1)
	}
}

// race covers what several goroutines touch: servers, stores and the demo. The
// pure packages have no goroutines.
func race(ctx context.Context, t *tally) {
	goTest(ctx, t, command{}, append([]string{"-race", "-count=1"}, packagesBut(ctx, t, "internal", "protocol", "examples", "cmd", "worker")...)...)
}

// packagesBut lists the module's packages outside the folders named.
func packagesBut(ctx context.Context, t *tally, folders ...string) []string {
	out, errs, err := command{args: []string{"go", "list", "./..."}}.output(ctx)
	if err != nil {
		t.fail("go list ./...", errs)
		return nil
	}
	var kept []string
next:
	for _, p := range strings.Fields(out) {
		short := strings.TrimPrefix(p, "github.com/bonafides-dev/bonafides/")
		for _, f := range folders {
			if short == f || strings.HasPrefix(short, f+"/") {
				continue next
			}
		}
		kept = append(kept, p)
	}
	return kept
}

var jsWasm = []string{"GOOS=js", "GOARCH=wasm"}

// wasm runs the pure packages' tests in Node. The environment is kept small:
// Go's js/wasm start-up has little room for it.
func wasm(ctx context.Context, t *tally) {
	run := jsExec(ctx, t)
	if run == "" {
		return
	}
	goTest(ctx, t, command{env: jsWasm, bare: true}, "-count=1", "-exec="+run, "./protocol/...", "./internal/p384/...")
}

// jsExec gives what go test -exec needs to run a program of GOOS=js.
func jsExec(ctx context.Context, t *tally) string {
	root, _, err := command{args: []string{"go", "env", "GOROOT"}}.output(ctx)
	if err != nil {
		t.fail("go env GOROOT", err.Error())
		return ""
	}
	return filepath.Join(strings.TrimSpace(root), "lib", "wasm", "go_js_wasm_exec")
}

// fuzzSmoke gives every target an equal share of three minutes.
func fuzzSmoke(ctx context.Context, t *tally) {
	targets, count := fuzzTargets(ctx, t)
	slice := min(max(3*time.Minute/time.Duration(max(count, 1)), time.Second), 5*time.Second).Round(100 * time.Millisecond)
	t.progress("%d targets, %s each", count, slice)
	fuzzAll(ctx, t, targets, func(_, _, _ string) fuzzShare { return fuzzShare{slice: slice} })
}

// fuzzLong gives the readers, the packages under protocol, four hours of CPU time
// together, and every other target a minute of its own. A run that was
// interrupted goes on where it was, unless the code has changed.
func fuzzLong(ctx context.Context, t *tally) {
	targets, _ := fuzzTargets(ctx, t)
	readers := 0
	for pkg, names := range targets {
		if isReader(pkg) {
			readers += len(names)
		}
	}
	each := 4 * time.Hour / time.Duration(max(readers, 1))
	t.progress("%d readers, %s of CPU time each; others a minute", readers, each)
	report, _ := os.ReadFile(longResults)
	earlier := earlierFuzzing(string(report))
	fuzzAll(ctx, t, targets, func(pkg, label, source string) fuzzShare {
		share := fuzzShare{slice: 30 * time.Second, cpu: time.Minute}
		if isReader(pkg) {
			share.cpu, share.seeds = each, 24
		}
		if had := earlier[label]; had.source == source {
			share.had = had
		}
		return share
	})
}

// longTests runs the tests behind the build tag long but for the timing, whose
// numbers other programs would disturb. A line that such a test logs with
// "result: " before it goes into the report.
func longTests(ctx context.Context, t *tally) {
	goTest(ctx, t, command{}, "-count=1", "-v", "-tags", "long", "-run", "^TestLong", "-skip", "^TestLongTiming$", "-timeout", "11h", "./...")
}

func longTiming(ctx context.Context, t *tally) {
	goTest(ctx, t, command{}, "-count=1", "-v", "-tags", "long", "-run", "^TestLongTiming$", "-timeout", "11h", "./protocol/pst")
}

func bench(ctx context.Context, t *tally) {
	out, errs, err := command{args: []string{"go", "test", "-run", "^$", "-bench", ".", "-benchmem", "./..."}}.output(ctx)
	for _, line := range strings.Split(out, "\n") {
		if strings.HasPrefix(line, "Benchmark") || strings.HasPrefix(line, "pkg:") {
			t.progress("%s", line)
		}
		if strings.HasPrefix(line, "Benchmark") {
			t.pass(1)
		}
	}
	if err != nil {
		t.fail("go test -bench", out+errs)
	}
}

// modules vets and tests every nested module. tools/tinygo holds only a
// compiler's version, no code.
func modules(ctx context.Context, t *tally) {
	var dirs []string
	for _, pattern := range []string{"tools/go.mod", "test/*/go.mod"} {
		found, _ := filepath.Glob(pattern)
		for _, mod := range found {
			dirs = append(dirs, filepath.Dir(mod))
		}
	}
	sort.Strings(dirs)
	for _, dir := range dirs {
		command{dir: dir, args: []string{"go", "vet", "./..."}}.single(ctx, t, dir+": go vet ./...")
		goTest(ctx, t, command{dir: dir}, "-count=1", "./...")
	}
}

func worker(ctx context.Context, t *tally) {
	goTest(ctx, t, command{}, "-count=1", "./worker/...")
	nodeTest(ctx, t, command{}, 1, "worker/*.test.mjs", "worker/test/*.test.mjs")
}

func longWorker(ctx context.Context, t *tally) {
	nodeTest(ctx, t, command{env: []string{"BONAFIDES_REDEMPTIONS=10000"}}, 1, "worker/test/spent.test.mjs")
}

func benchWorker(ctx context.Context, t *tally) {
	for _, script := range []string{"worker/bench.mjs", "worker/bench/proxy.mjs"} {
		out, errs, err := command{args: []string{"node", script}}.output(ctx)
		for _, line := range strings.Split(strings.TrimRight(out, "\n"), "\n") {
			t.progress("%s", line)
			if strings.HasPrefix(line, "| ") {
				t.pass(1)
			}
		}
		if err != nil {
			t.fail("node "+script, out+errs)
		}
	}
}

func scripts(ctx context.Context, t *tally) {
	nodeTest(ctx, t, command{}, 1, "rpserver/*.test.mjs", "wasm/*.test.mjs", "wasm/test/*.test.mjs")
}

func memory(ctx context.Context, t *tally) {
	nodeTest(ctx, t, command{}, 1, "wasm/test/memory/*.test.mjs")
}

func examples(ctx context.Context, t *tally) {
	command{args: []string{"go", "build", "-o", os.DevNull, "./examples/..."}}.single(ctx, t, "go build ./examples/...")
	goTest(ctx, t, command{}, "-count=1", "./examples/...")
	if found, _ := filepath.Glob("examples/*/*.test.mjs"); len(found) > 0 {
		nodeTest(ctx, t, command{}, 1, "examples/*/*.test.mjs")
	}
}

// browser builds the demo once for all files.
func browser(ctx context.Context, t *tally) {
	work, err := os.MkdirTemp("", "bonafides-demo-")
	if err != nil {
		t.fail("browser", err.Error())
		return
	}
	defer os.RemoveAll(work)
	demo := filepath.Join(work, "demo")
	if out, errs, err := (command{args: []string{"go", "build", "-o", demo, "./demo"}}).output(ctx); err != nil {
		t.fail("go build ./demo", fmt.Sprint(out, errs, err))
		return
	}
	nodeTest(ctx, t, command{env: []string{"BONAFIDES_DEMO=" + demo}}, 1, "test/e2e/*.test.mjs")
}
