package main

import (
	"context"
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
	{name: "unit", sets: "check test", about: "go test ./..., with the vectors", run: unit},
	{name: "coverage", sets: "test", about: "every statement of the readers is tested", run: coverage},
	{name: "race", sets: "test", about: "the servers and stores under the race detector", beside: true, run: race},
	{name: "postgres", sets: "test", about: "the stores over a PostgreSQL of their own, under the race detector", beside: true, run: postgres},
	{name: "wasm", sets: "test", about: "protocol/ compiled to WebAssembly, in Node", beside: true, run: wasm},
	{name: "arch", sets: "test", about: "the curve and the tokens on 386, arm64 (emulated) and wasip1, and on nistec", beside: true, run: arch},
	{name: "tinygo", sets: "test", about: "the curve and the tokens as TinyGo compiles them, against nistec and vectors, in Node", beside: true, run: tinygo},
	{name: "fuzz", sets: "test", about: "every fuzz target for some thousand executions", beside: true, run: fuzzSmoke},
	{name: "edge", sets: "test worker", about: "the Worker's stores, in workerd", beside: true, run: edge},
	{name: "modules", sets: "test", about: "the nested modules: tools, and the peers that the code is held against", run: modules},
	{name: "worker", sets: "test worker", about: "the Cloudflare Worker, in workerd and as a dry run of its deployment", run: worker},
	{name: "documents", sets: "test", about: "the commands and the code in the documents, as they stand there", run: documents},
	{name: "js", sets: "check test", about: "every script can be read; the browser's modules, in Node against stand-ins", run: scripts},
	{name: "dist", sets: "test", about: "what is committed of the browser's modules is what TinyGo builds", run: dist},
	{name: "bundlers", sets: "test", about: "the npm package in Vite and webpack", run: bundlers},
	{name: "memory", sets: "test", about: "10,000 exchanges with one instance of each browser module", run: memory},
	{name: "examples", sets: "test", about: "the examples, compiled and run", run: examples},
	{name: "browser", sets: "test", about: "the demo in real browsers", run: browser},
	{name: "long-timing", sets: "long", about: "whether the time of secret operations depends on the secret; alone, as others would disturb it", timeout: 4 * time.Hour, run: longTiming},
	{name: "long-fuzz", sets: "long", about: "every fuzz target for long", timeout: 12 * time.Hour, run: fuzzLong},
	{name: "long-tests", sets: "long", about: "the tests behind the build tag long", timeout: 12 * time.Hour, run: longTests},
	{name: "long-arch", sets: "long", about: "the long comparisons of the curve, on 386 and on arm64 (emulated)", timeout: 12 * time.Hour, run: longArch},
	{name: "long-wasm", sets: "long", about: "the long comparisons of the curve, on js/wasm and wasip1", timeout: 12 * time.Hour, run: longWasm},
	{name: "long-tinygo", sets: "long", about: "the same comparisons on TinyGo", timeout: 4 * time.Hour, run: longTinyGo},
	{name: "systems", sets: "long", about: "all of it compiles for Windows and macOS, and go vet finds nothing there", timeout: time.Hour, run: systems},
	{name: "long-guide", sets: "long", about: "the demo's guide, walked in Chromium with the keys and in WebKitGTK too", timeout: time.Hour, run: longGuide},
	{name: "long-worker", sets: "long", about: "the Worker stopped hard in the middle of 10,000 redemptions, in workerd", timeout: 2 * time.Hour, run: longWorker},
	{name: "long-bundlers", sets: "long", about: "the npm package in older Vites, in Next and in Jest", timeout: 4 * time.Hour, run: longBundlers},
	{name: "peers", sets: "bench", about: "beside what users could take instead: the tables of docs/performance.md", timeout: time.Hour, run: peers},
	{name: "bench-worker", sets: "bench", about: "the Worker in workerd beside a bare one: the tables of docs/design/0003", timeout: time.Hour, run: benchWorker},
	{name: "bench", sets: "bench", about: "the benchmarks", timeout: 2 * time.Hour, run: bench},
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
// pure packages have no goroutines. Our code alone is watched: SQLite's, C made Go,
// is five times slower when it is watched too, and shares no memory with ours but what
// database/sql guards.
func race(ctx context.Context, t *tally) {
	goTest(ctx, t, command{}, append([]string{"-race", "-gcflags=modernc.org/...=-race=false", "-count=1"}, packagesBut(ctx, t, "internal", "protocol", "examples", "cmd", "worker")...)...)
}

// postgres runs the tests behind the build tag postgres. They start a server, which
// make setup installs, and fail where there is none.
func postgres(ctx context.Context, t *tally) {
	goTest(ctx, t, command{}, "-race", "-gcflags=modernc.org/...=-race=false", "-count=1", "-tags=postgres", "-run=Postgres", "./store/...")
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

// fuzzSmoke gives every target a number of executions, never a time: on a busy
// machine it takes longer and finds the same.
func fuzzSmoke(ctx context.Context, t *tally) {
	targets, count := fuzzTargets(ctx, t)
	report, _ := os.ReadFile(longResults)
	earlier := earlierFuzzing(string(report))
	t.progress("%d targets", count)
	fuzzAll(ctx, t, targets, func(_, label, _ string) fuzzShare {
		return fuzzShare{execs: smokeExecutions(earlier[label])}
	})
}

// smokeExecutions is what a target's last long run made in a second and a half of
// CPU time: seeds and the corpus that was kept, and a look around; make long searches.
func smokeExecutions(last fuzzed) int {
	if last.execs == 0 || last.cpu == 0 {
		return 4_000
	}
	n := int(float64(last.execs) * float64(1500*time.Millisecond) / float64(last.cpu))
	return min(max(n, 1000), 50_000)
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
	goTest(ctx, t, command{dir: "test/interop"}, "-count=1", "-v", "-tags", "long", "-run", "^TestLong", "./...")
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
	// Without the experiment this package has no test.
	goTest(ctx, t, command{dir: "test/bench", env: []string{"GOEXPERIMENT=jsonv2"}}, "-count=1", "./jsonv2")
}
