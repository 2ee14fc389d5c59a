package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

func edge(ctx context.Context, t *tally) {
	goTest(ctx, t, command{}, "-count=1", "./worker/...")
}

func worker(ctx context.Context, t *tally) {
	nodeTest(ctx, t, command{}, runtime.NumCPU(), "worker/*.test.mjs", "worker/test/*.test.mjs")
}

func documents(ctx context.Context, t *tally) {
	nodeTest(ctx, t, command{}, 1, "test/docs/*.test.mjs")
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

// scripts needs Node, which make test installs and make check may lack: then
// nothing was checked, neither a pass nor a failure.
func scripts(ctx context.Context, t *tally) {
	if _, err := exec.LookPath("node"); err != nil {
		t.mayBeEmpty = true
		t.note("NOT RUN, there is no Node: %v", err)
		return
	}
	nodeTest(ctx, t, command{}, runtime.NumCPU(), "test/*.test.mjs", "rpserver/browser/*.test.mjs", "wasm/*.test.mjs", "wasm/test/*.test.mjs")
}

// dist is no part of make check: it needs TinyGo, and so LLVM.
func dist(ctx context.Context, t *tally) {
	nodeTest(ctx, t, command{}, 1, "wasm/test/built/*.test.mjs")
}

// bundlers have lock files of their own: who uses the project needs none of them.
func bundlers(ctx context.Context, t *tally) { bundlersIn(ctx, t, "test/bundlers") }

func longBundlers(ctx context.Context, t *tally) {
	bundlersIn(ctx, t, "test/bundlers/long")
}

func bundlersIn(ctx context.Context, t *tally, dir string) {
	if out, errs, err := (command{dir: dir, args: []string{"npm", "ci"}}).output(ctx); err != nil {
		t.fail("npm ci in "+dir, out+errs+err.Error())
		return
	}
	nodeTest(ctx, t, command{}, 1, dir+"/*.test.mjs")
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

func browser(ctx context.Context, t *tally) { inBrowsers(ctx, t, nil, "test/e2e/*.test.mjs") }

func longGuide(ctx context.Context, t *tally) {
	inBrowsers(ctx, t, []string{"BONAFIDES_LONG=1"}, "test/e2e/guide.test.mjs")
}

// inBrowsers builds the demo once for all files.
func inBrowsers(ctx context.Context, t *tally, env []string, files string) {
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
	// One file more than there are processors: they wait for windows and timers, too.
	nodeTest(ctx, t, command{env: append(env, "BONAFIDES_DEMO="+demo)}, runtime.NumCPU()+1, files)
}
