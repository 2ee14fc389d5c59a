package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// curvePackages hold the arithmetic, whose code differs between architectures.
var curvePackages = []string{"./internal/p384/...", "./protocol/voprf/...", "./protocol/pst/..."}

// arch runs the curve and the tokens on architectures that this machine is not:
// 32 bits as a native program, arm64 emulated, WebAssembly under WASI in Node.
func arch(ctx context.Context, t *tally) {
	goTest(ctx, t, command{env: []string{"GOARCH=386", "CGO_ENABLED=0"}}, append([]string{"-count=1", "-short"}, curvePackages...)...)
	if qemu := emulator(t); qemu != "" {
		goTest(ctx, t, command{env: []string{"GOARCH=arm64", "CGO_ENABLED=0"}}, append([]string{"-count=1", "-short", "-exec=" + qemu}, curvePackages...)...)
	}
	if run := wasip1(t); run != "" {
		goTest(ctx, t, command{env: wasip1Env}, append([]string{"-count=1", "-exec=" + run}, curvePackages...)...)
	}
	t.progress("with -tags nistec:")
	goTest(ctx, t, command{}, append([]string{"-count=1", "-short", "-tags=nistec"}, curvePackages...)...)
}

// emulator finds qemu for arm64. On such a machine none is needed, and the tests
// have run natively.
func emulator(t *tally) string {
	path, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.fail("arm64", "qemu-aarch64-static is missing. Install it: apt-get install --no-install-recommends qemu-user-static")
	}
	return path
}

var wasip1Env = []string{"GOOS=wasip1", "GOARCH=wasm"}

// wasip1 gives what go test -exec needs to run a program of GOOS=wasip1.
func wasip1(t *tally) string {
	script, err := filepath.Abs("tools/testrun/wasip1.mjs")
	if err == nil {
		_, err = os.Stat(script)
	}
	if err == nil {
		_, err = exec.LookPath("node")
	}
	if err != nil {
		t.fail("wasip1", err.Error())
		return ""
	}
	return "node --no-warnings --stack-size=8000 " + script
}

// tinygo compiles test/interop/tinygo and runs it in Node. It prints a line for
// each failure, and at its end how many comparisons it made.
func tinygo(ctx context.Context, t *tally) { tinygoCheck(ctx, t, 1000) }

func longTinyGo(ctx context.Context, t *tally) { tinygoCheck(ctx, t, 100_000) }

func tinygoCheck(ctx context.Context, t *tally, n int) {
	run := wasip1(t)
	if run == "" {
		return
	}
	root, err := os.Getwd()
	if err != nil {
		t.fail("tinygo", err.Error())
		return
	}
	work, err := os.MkdirTemp("", "bonafides-tinygo-")
	if err != nil {
		t.fail("tinygo", err.Error())
		return
	}
	defer os.RemoveAll(work)
	program := filepath.Join(work, "check.wasm")
	compiler := filepath.Join(root, ".tools", "tinygo", "tinygo")
	build := command{dir: "test/interop", args: []string{compiler, "build", "-target=wasip1", "-opt=1", "-interp-timeout=4h", "-o", program, "./tinygo"}}
	if out, errs, err := build.output(ctx); err != nil {
		t.fail(build.String(), out+errs+err.Error()+"\nmake setup builds TinyGo.")
		return
	}
	// What circl says is written down by a native run: it takes TinyGo long to compile.
	tape := filepath.Join(work, "circl")
	write := command{dir: "test/interop", args: []string{"go", "run", "./tinygo", "circl", fmt.Sprint(n)}}
	answers, errs, err := write.output(ctx)
	if err == nil {
		err = os.WriteFile(tape, []byte(answers), 0o600)
	}
	if err != nil {
		t.fail(write.String(), errs+err.Error())
		return
	}
	check := command{args: append(strings.Fields(run), program, fmt.Sprint(n), root, tape)}
	out, errs, err := check.output(ctx)
	said := strings.TrimSpace(out + errs)
	last := said[strings.LastIndexByte(said, '\n')+1:]
	if err != nil || !strings.HasSuffix(last, ", 0 failed") || strings.Contains(said, "FAIL") {
		t.fail(check.String(), said+fmt.Sprint("\n", err))
		return
	}
	t.pass(1)
	t.result("%s", last)
	t.progress("%s", last)
}

// longComparisons are those of the curve with nistec and circl.
var longComparisons = append([]string{"-count=1", "-v", "-tags", "long", "-run", "^TestLong(Walks|Scalars|Hashes)$", "-timeout", "11h"}, "./internal/p384")

// longArch makes the long comparisons where the 64-bit field is compiled for
// other machines.
func longArch(ctx context.Context, t *tally) {
	goTest(ctx, t, command{env: []string{"GOARCH=386", "CGO_ENABLED=0"}}, longComparisons...)
	if qemu := emulator(t); qemu != "" {
		goTest(ctx, t, command{env: []string{"GOARCH=arm64", "CGO_ENABLED=0"}}, append([]string{"-exec=" + qemu}, longComparisons...)...)
	}
}

// longWasm makes the long comparisons on both WebAssembly targets.
func longWasm(ctx context.Context, t *tally) {
	if run := wasip1(t); run != "" {
		goTest(ctx, t, command{env: wasip1Env}, append([]string{"-exec=" + run}, longComparisons...)...)
	}
	if run := jsExec(ctx, t); run != "" {
		goTest(ctx, t, command{env: jsWasm, bare: true}, append([]string{"-exec=" + run}, longComparisons...)...)
	}
}

// peers runs test/bench, whose JavaScript peers have a lock file of their own.
func peers(ctx context.Context, t *tally) {
	const dir = "test/bench"
	if out, errs, err := (command{dir: dir, args: []string{"npm", "ci"}}).output(ctx); err != nil {
		t.fail("npm ci in "+dir, out+errs+err.Error())
		return
	}
	out, errs, err := command{dir: dir, args: []string{"go", "run", "."}}.output(ctx)
	if err != nil {
		t.fail("go run . in "+dir, out+errs+err.Error())
		return
	}
	for _, line := range strings.Split(strings.TrimRight(out, "\n"), "\n") {
		t.progress("%s", line)
		if strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "| |") && !strings.HasPrefix(line, "|--") {
			t.pass(1)
		}
	}
}
